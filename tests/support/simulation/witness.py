"""What must hold, checked at every step and at the end. Knows the true time, all disks and the server.

Each check names an invariant of the design (docs/architecture.md); a failure says which one broke, and how.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from dalsegno._core.clock import millis_of
from dalsegno._core.document import Document, Entry, Pending, StoredSession
from dalsegno._core.document_serializer import decode
from dalsegno._core.messages import ResourcePath, Snapshot, Write
from dalsegno._core.policies import LATEST, Schema
from dalsegno._core.ports import Batch
from dalsegno._core.replica import Replica
from dalsegno._core.types import Link, Micros, Saved, SessionId, Stamp
from dalsegno._sync.view_change import ViewChange
from dalsegno.testing._simulated_server import SimulatedServer
from tests.support.simulation.confirmed import TOLERANCE_MS, Confirmed, in_truth
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.versions import FieldPolicies

MOST_CALLS = 60
"""Calls of one device within one second: more is a spin."""


class Failure(AssertionError):
    """`kind`: lost, diverged or broken."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Witness:
    """Watches one simulation."""

    def __init__(self, server: SimulatedServer, policies: FieldPolicies, devices: int) -> None:
        self._server, self._policies, self._most = server, policies, 2 * devices + 2
        self._edits: dict[tuple[int, str, str, int], Confirmed] = {}
        self._names: dict[tuple[str, str, Stamp], object] = {}
        self._applied = Counter[tuple[str, str, Stamp]]()
        self._calls: Counter[tuple[int, int]] = Counter()
        self._lossy: set[str] = set()
        self._sign_ins_lost = False

    # --- the app ---

    def confirmed(self, device: int, it: SimulatedDevice, session: str, field: str, value: object) -> None:
        """3, durability: what `update` returned from is on disk; or changed nothing."""
        policy = it.replica(session).schema.policy(field)
        if not policy.shared:
            stored = it.store.load(SessionId(session))
            if stored is None or stored.local.get(field) != value:
                raise Failure("lost", f"{session}.{field} of this device is not on disk")
            return
        entry = it.replica(session).view[field]
        row = _row(it.store.load(SessionId(session)), field)
        if row is None or row.entry != entry or row.entry.value != value:
            if entry.value == value and policy.name == "latest":
                raise Failure("lost", f"device {device}: edit {session}.{field} = {value!r} is not on disk")
            return
        key = (device, session, field, row.seq)
        if key not in self._edits:
            self._edits[key] = Confirmed(device, session, field, row, self._server.virtual_clock.now_ms)

    def changed(self, device: int, change: ViewChange) -> None:
        """4, no going back; not for stamps that are still to be corrected.

        Nor, where the server lost what only newer apps know, on an old app: it leaves that to them.
        """
        for name in change.fields & change.after.view.keys() & change.before.view.keys():
            row = change.before.pending.get(name)
            if row is not None and not row.corrected:
                continue
            if change.session in self._lossy and name not in change.after.schema.policies:
                continue
            before, after = change.before.view[name], change.after.view[name]
            self._no_way_back(f"device {device}", change.session, name, before, after)

    def _supersedes(self, session: str, name: str, final: Entry | None, entry: Entry) -> bool:
        """Whether the edit is in `final`, or something that may stand in its place.

        That is also what another version of the app wrote after it, where the policies differ; and after a
        loss that nothing proves what looks like that.
        """
        contested, lossy = self._policies.contested(name), session in self._lossy
        if final is None:
            return contested and lossy
        if self._policies.supersede(name, final, entry):
            return True
        seen = (session, name, entry.stamp) in self._applied
        return seen and (contested or (lossy and final.stamp > entry.stamp))

    def _no_way_back(self, who: str, session: str, name: str, before: Entry, after: Entry) -> None:
        if self._policies.contested(name) or before.stamp == after.stamp:
            return
        if session in self._lossy and after.stamp > before.stamp:
            return
        if not self._policies.supersede(name, after, before):
            raise Failure("broken", f"{who} went back in {name}: {before} → {after}")

    # --- the disk ---

    def wrote(
        self, device: int, it: SimulatedDevice, batch: Batch, before: dict[SessionId, StoredSession | None]
    ) -> None:
        """2, no silent loss: an edit leaves the disk only for a newer one, or once the server has it."""
        for session, stored in before.items():
            after = it.store.load(session)
            for row in stored.pending if stored else ():
                self._row_left(device, it, session, row, _row(after, row.field), after)
        for session, document in batch.bases.items():
            if document is not None:
                self._is_true(session, document)

    def _row_left(
        self,
        device: int,
        it: SimulatedDevice,
        session: str,
        row: Pending,
        now: Pending | None,
        after: StoredSession | None,
    ) -> None:
        edit = self._edits.get((device, session, row.field, row.seq))
        policy = Schema.parse(after.schema).policy(row.field) if after else LATEST
        if now is not None and now.seq == row.seq:
            if row.corrected and now.entry.stamp != row.entry.stamp:
                raise Failure("broken", f"device {device}: a final stamp was changed: {row} → {now}")
            if edit is not None:
                edit.row = now
        elif now is not None:
            if policy.join(now.entry, row.entry) != now.entry and now.corrected and row.corrected:
                raise Failure("lost", f"device {device}: {row} was overwritten by {now}")
            if edit is not None:
                edit.settled = True
        else:
            entry = _known(after, row.field)
            contains = entry is not None and (
                entry.stamp == row.entry.stamp or policy.join(entry, row.entry) == entry
            )
            if not row.corrected and it.disk.was_full and edit is not None:
                contains = entry is not None and policy.join(entry, in_truth(edit)) == entry
            if not contains:
                raise Failure("lost", f"device {device}: {session} {row} left the disk, the base has {entry}")
            if not row.corrected and not it.disk.was_full:
                raise Failure("broken", f"device {device}: {row} was settled by a provisional stamp")
            if edit is not None and self._policies.contested(row.field):
                edit.settled = True  # by what may have been overwritten since, by another version of the app

    def _is_true(self, session: str, document: Document) -> None:
        for version in reversed(self._server.history):
            if version.path == ("sessions", session) and version.time == document.update_time:
                true = _decoded(version.fields, version.time)
                if true is not None and true.entries == document.entries and true.rev == document.rev:
                    return
                raise Failure("broken", f"a base that never was: {document}, the server had {true}")
        raise Failure("broken", f"a base that the server never had: {document}")

    # --- the server ---

    def sending(self, device: int, it: SimulatedDevice, writes: Sequence[Write]) -> None:
        """What is sent has its name on disk: after a crash it would be sent under the same."""
        for write in writes:
            if write.path[0] != "sessions" or it.disk.was_full:
                continue
            stored = it.store.load(SessionId(write.path[1]))
            for path, stamp in write.fields.items():
                if path[0] == "stamps":
                    row = _row(stored, path[1])
                    known = row.entry if row else _known(stored, path[1])
                    if known is None or known.stamp != stamp:
                        raise Failure("broken", f"device {device} sends {stamp!r}, and on disk is {known}")

    def committed(self, session: str, before: Document | None, after: Document) -> None:
        """5, exactly once; 4, the server never goes back; 7, stamps are of the true time."""
        known = before.entries if before else {}
        news = {n: e for n, e in after.entries.items() if known.get(n) != e}
        if not news:
            raise Failure("broken", f"a commit of {session} that changed nothing: {after}")
        self._has_a_cause(session, news)
        for name, entry in news.items():
            if self._names.setdefault((session, name, entry.stamp), entry.value) != entry.value:
                raise Failure("broken", f"{entry.stamp} names two values of {session}.{name}")
            if name in known:
                self._no_way_back("the server", session, name, known[name], entry)
            if millis_of(entry.stamp) > self._server.virtual_clock.now_ms + TOLERANCE_MS:
                raise Failure("broken", f"{session}.{name} is stamped in the future: {entry}")

    def _has_a_cause(self, session: str, news: Mapping[str, Entry]) -> None:
        """7: something in it was in no document before, unless the server lost it; nothing comes for ever."""
        names = {(session, name, entry.stamp) for name, entry in news.items()}
        known = all(name in self._applied for name in names)
        self._applied.update(names)
        if session in self._lossy:
            return
        if known and not any(self._policies.contested(name) for name in news):
            raise Failure("broken", f"a commit of {session} without a cause: {news}")
        if any(self._applied[name] > self._most for name in names):
            raise Failure("broken", f"a war in {session}: {news}")

    def lost(self, documents: Iterable[ResourcePath]) -> None:
        """The server loses documents, or goes back: by an administrator's hand, or by a disaster.

        What may come of it: a session may be gone from the server until somebody edits it, and each device
        shows on what it knew. What may not: an edit may not be gone from the device that made it; and if
        there is a document, everything that any device knew is in it again. A sign-in that was ended may be
        as if it were not.
        """
        for kind, name in documents:
            if kind == "sessions":
                self._lossy.add(name)
            self._sign_ins_lost |= kind == "signins"

    def called(self, device: int, it: SimulatedDevice) -> None:
        """Nothing spins; and a device that knows that it was thrown out leaves the server alone."""
        if it.engine is not None and it.engine.devices.sign_in.ended:
            raise Failure("broken", f"device {device} was signed out, and calls the server")
        second = int(self._server.virtual_clock.now_ms // 1000)
        self._calls[device, second] += 1
        if self._calls[device, second] > MOST_CALLS:
            raise Failure("broken", f"device {device} spins: {MOST_CALLS} calls within a second")

    # --- who is signed in ---

    def is_out(self, it: SimulatedDevice) -> bool:
        """Whether another device has ended the sign-in under which this one works."""
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
            for edit in self._edits.values():
                if edit.device == number and not edit.settled:
                    self._is_kept(edit, it)

    def _is_kept(self, edit: Confirmed, it: SimulatedDevice) -> None:
        stored = it.store.load(SessionId(edit.session))
        row = _row(stored, edit.field)
        # A full disk may not have taken the true stamp, which the screen goes by.
        made = in_truth(edit) if it.disk.was_full and not edit.row.corrected else edit.row.entry
        for entry in (
            it.replica(edit.session).view.get(edit.field),
            row.entry if row else _known(stored, edit.field),
        ):
            if not self._supersedes(edit.session, edit.field, entry, made):
                raise Failure("lost", f"{edit} is not in {entry}, on a device that was signed out")

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

    # --- the end ---

    def at_the_end(self, devices: Sequence[SimulatedDevice], sessions: Sequence[str]) -> None:
        """1, convergence; 2, every confirmed edit is there or superseded; 10, the status is true."""
        for number, it in enumerate(devices):
            assert it.engine is not None
            status = it.engine.status()
            if (status.link, status.saved) != (Link.LIVE, Saved.EVERYWHERE):
                raise Failure("diverged", f"device {number} says {status} long after all trouble")
        for session in sessions:
            truth = self._document(session)
            entries = truth.entries if truth else {}
            for number, it in enumerate(devices):
                if truth is not None or session not in self._lossy:
                    self._agrees(number, it.replica(session), entries)
                if _rows(it.store.load(SessionId(session))) and not it.disk.was_full:
                    raise Failure("broken", f"device {number} says saved, and its outbox is not empty")
        for edit in self._edits.values():
            self._is_there(edit, devices[edit.device])

    def _document(self, session: str) -> Document | None:
        found = self._server.get(("sessions", session))
        return _decoded(found.fields, found.time) if found else None

    def _agrees(self, number: int, replica: Replica, truth: object) -> None:
        if dict(replica.view) != truth:
            raise Failure("diverged", f"device {number} sees {dict(replica.view)}, the server has {truth}")

    def _is_there(self, edit: Confirmed, it: SimulatedDevice) -> None:
        if edit.settled or (it.disk.was_full and not edit.row.corrected):
            return
        if edit.session in self._lossy and edit.field not in it.replica(edit.session).schema.policies:
            return  # an older app was installed, and leaves what was lost of it to the newer ones
        document = self._document(edit.session)
        final = document.entries.get(edit.field) if document else None
        if document is None and edit.session in self._lossy:
            final = it.replica(edit.session).view.get(edit.field)
        if not self._supersedes(edit.session, edit.field, final, edit.row.entry):
            raise Failure("lost", f"{edit} is not in {final}")
        early_ms = edit.true_ms - millis_of(edit.row.entry.stamp)
        if early_ms > TOLERANCE_MS and not it.has_jumped:
            raise Failure("broken", f"{edit} is stamped {early_ms / 1000:.0f} s too early")


def _row(stored: StoredSession | None, field: str) -> Pending | None:
    return next((p for p in _rows(stored) if p.field == field), None)


def _known(stored: StoredSession | None, field: str) -> Entry | None:
    return stored.base.entries.get(field) if stored and stored.base else None


def _rows(stored: StoredSession | None) -> Sequence[Pending]:
    return stored.pending if stored else ()


def _decoded(fields: dict[str, object] | None, time: Micros) -> Document | None:
    if fields is None:
        return None
    found = decode(Snapshot(("sessions", ""), fields, time))  # type: ignore[arg-type]
    return found if isinstance(found, Document) else None
