"""A TCP fault proxy, for tests and for `dalsegno faults`.

with FaultProxy("127.0.0.1:8080") as link:
    …an app connects to link.host…
    link.cut()
    link.restore()
"""

from dalsegno.testing._fault_connection import Direction, Faults
from dalsegno.testing._fault_proxy import FaultProxy

__all__ = ["Direction", "FaultProxy", "Faults"]
