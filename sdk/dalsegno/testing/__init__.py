"""For tests of apps: both official emulators, a Firestore in memory, and a network that fails on command.

clock = VirtualClock()
cloud = SimulatedFirestore(clock)                 # no Java, no network, no threads; without a clock: threads
phone, laptop = cloud.client(tmp_path, "phone"), cloud.client(tmp_path, "laptop")
clock.run(3_600_000)                              # an hour, at once

with FaultProxy("127.0.0.1:8080") as link:        # in front of an emulator: a tunnel
    …an app connects to link.host…
    link.cut()
    link.restore()
"""

from dalsegno._public import name_publicly
from dalsegno.testing._auth_emulator import AuthEmulator
from dalsegno.testing._fault_connection import Direction, Faults
from dalsegno.testing._fault_proxy import FaultProxy
from dalsegno.testing._firestore_emulator import FirestoreEmulator
from dalsegno.testing._launcher import HOST_VARIABLE, LOOPBACK, Launcher, Process
from dalsegno.testing._simulated_firestore import SimulatedFirestore
from dalsegno.testing._virtual_clock import VirtualClock

__all__ = [
    "HOST_VARIABLE",
    "LOOPBACK",
    "AuthEmulator",
    "Direction",
    "FaultProxy",
    "Faults",
    "FirestoreEmulator",
    "Launcher",
    "Process",
    "SimulatedFirestore",
    "VirtualClock",
]

name_publicly(__name__, __all__, globals())


def __dir__() -> list[str]:
    return sorted(__all__)
