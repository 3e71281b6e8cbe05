"""What must hold of calls and sign-ins: nothing spins, and who was thrown out knows it and loses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dalsegno._core.clock import device_of
from dalsegno._core.document import Entry
from dalsegno._core.types import Link, SessionId
from dalsegno.testing._simulated_server import SimulatedServer
from tests.support.simulation.confirmed import Confirmed, in_truth
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.failure import Failure
from tests.support.simulation.on_disk import known_of, row_of
from tests.support.simulation.progress import Progress

MOST_CALLS = 60
"""Calls of one device within one second: more is a spin."""


class SignInWitness:
    """The part of the `Witness` that is about who may call the server."""

    def __init__(self, server: SimulatedServer, progress: Progress) -> None:
        self._server, self._progress = server, progress
        self._edits: dict[tuple[int, str, str, int], Confirmed] = {}
        self._past: list[Confirmed] = []  # of numbers that are given again after a start
        self._calls: Counter[tuple[int, int]] = Counter()
        self._sign_ins_lost = False

    def called(self, device: int, it: SimulatedDevice) -> None:
        """Nothing spins; and a device that knows that it was thrown out leaves the server alone."""
        if it.engine is not None and it.engine.devices.sign_in.ended:
            raise Failure("broken", f"device {device} was signed out, and calls the server")
        second = int(self._server.virtual_clock.now_ms // 1000)
        self._calls[device, second] += 1
        if self._calls[device, second] > MOST_CALLS:
            raise Failure("broken", f"device {device} spins: {MOST_CALLS} calls within a second")

    def is_out(self, it: SimulatedDevice) -> bool:
        """Whether another device has ended its sign-in."""
        found = self._server.get(("signins", it.line.sign_in))
        return found is not None and found.fields is not None and "revoked" in found.fields

    def knows_who_is_out(self, devices: Sequence[SimulatedDevice]) -> None:
        """10: who was thrown out says so, and nobody else; 2 and 3: its edits are on its screen and disk."""
        for number, it in enumerate(devices):
            assert it.engine is not None
            status, out = it.engine.status(), self.is_out(it)
            if (out or not self._sign_ins_lost) and out != status.signed_out:
                raise Failure("broken", f"device {number} says {status}, and its sign-in was ended: {out}")
            if not status.signed_out:
                continue
            if status.link is not Link.DENIED:
                raise Failure("broken", f"device {number} was signed out, and says {status}")
            for edit in (*self._past, *self._edits.values()):
                if edit.device == number and not edit.settled:
                    self._is_kept(edit, it)

    def _is_kept(self, edit: Confirmed, it: SimulatedDevice) -> None:
        stored, replica = it.store.load(SessionId(edit.session)), it.replica(edit.session)
        row, pending = row_of(stored, edit.field), replica.pending.get(edit.field)
        for entry, own in (
            (replica.view.get(edit.field), pending),
            (row.entry if row else known_of(stored, edit.field), row),
        ):
            is_the_row = own is not None and own.seq == edit.row.seq and own.entry == entry
            if not is_the_row and not self._replaces(edit, it, entry):
                raise Failure("lost", f"{edit} is not in {entry}, on a device that was signed out")

    def _replaces(self, edit: Confirmed, it: SimulatedDevice, entry: Entry | None) -> bool:
        if edit.row.corrected or edit.instead or not it.disk.was_full:
            return self._progress.supersedes(edit.session, edit.field, entry, edit.claim)
        # The full disk may not have taken the true stamp, which is near `in_truth`. And of this device's own
        # edits it is the newest.
        if entry is None or (device_of(entry.stamp) == it.id and entry.value != edit.row.entry.value):
            return False
        return self._progress.supersedes(edit.session, edit.field, entry, in_truth(edit))

    def sees_all_devices(self, devices: Sequence[SimulatedDevice]) -> None:
        """10: all are there and online, under the names that they have at the server."""
        names = {}
        for number, it in enumerate(devices):
            found = self._server.get(("devices", it.id))
            if found is None or found.fields is None or found.fields["sign_in"] != it.line.sign_in:
                raise Failure("diverged", f"the card of device {number} is {found}")
            names[it.id] = found.fields["name"]
        for number, it in enumerate(devices):
            assert it.engine is not None
            infos = it.engine.devices.list_all()
            if not all(i.online and not i.signed_out for i in infos) or names != {
                i.id: i.name for i in infos
            }:
                raise Failure("diverged", f"device {number} sees {infos}, the names are {names}")
