"""What must hold, checked at every step and at the end. Knows the true time, all disks and the server.

Each check names an invariant of the design (docs/architecture.md); a failure says which one broke, and how.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dalsegno._core.clock import device_of, millis_of
from dalsegno._core.document import Document, Entry, Pending, StoredSession
from dalsegno._core.messages import ResourcePath, Write
from dalsegno._core.ports import Batch
from dalsegno._core.replica import Replica
from dalsegno._core.sameness import same_value
from dalsegno._core.types import Link, Saved, SessionId
from dalsegno._sync.view_change import ViewChange
from dalsegno.testing._simulated_server import SimulatedServer
from tests.support.simulation.confirmed import TOLERANCE_MS, Confirmed, in_truth
from tests.support.simulation.device import SimulatedDevice
from tests.support.simulation.failure import Failure
from tests.support.simulation.kept import Kept
from tests.support.simulation.on_disk import (
    decoded,
    has_fallen,
    is_left_to_others,
    known_of,
    row_of,
    rows_of,
    schema_of,
)
from tests.support.simulation.progress import Progress
from tests.support.simulation.sign_in_witness import SignInWitness
from tests.support.simulation.versions import FieldPolicies


class Witness(SignInWitness):
    """Watches one simulation."""

    def __init__(self, server: SimulatedServer, policies: FieldPolicies, devices: int) -> None:
        super().__init__(server, Progress(policies, devices))
        self._made_ms: dict[tuple[int, str, str, int], float] = {}  # when a row came to be on disk
        self._blind: set[tuple[str, str, str]] = set()  # edits made before anything was known

    def confirmed(self, device: int, it: SimulatedDevice, session: str, field: str, value: object) -> None:
        """3, durability: what `update` returned from is on disk; or changed nothing."""
        policy = it.replica(session).schema.policy(field)
        if not policy.shared:
            stored = it.store.load(SessionId(session))
            if stored is None or stored.local.get(field) != value:
                raise Failure("lost", f"{session}.{field} of this device is not on disk")
            return
        entry = it.replica(session).view[field]
        row = row_of(it.store.load(SessionId(session)), field)
        if row is None or row.entry != entry or row.entry.value != value:
            if entry.value == value and policy.name == "latest":
                raise Failure("lost", f"device {device}: edit {session}.{field} = {value!r} is not on disk")
            return
        key = (device, session, field, row.seq)
        if key not in self._edits:
            self._edits[key] = Confirmed(device, session, field, row, self._made_ms[key])

    def changed(self, device: int, change: ViewChange) -> None:
        """4, no going back; not for stamps that are still to be corrected.

        Nor, where the server lost something, for what this app leaves to others.
        """
        for name in change.fields & change.after.view.keys() & change.before.view.keys():
            row = change.before.pending.get(name)
            if row is not None and (not row.corrected or self._progress.is_held(name)):
                continue  # of the line, what is not sent may be taken back: `LineWitness`
            if self._progress.is_lossy(change.session) and is_left_to_others(change.after, name):
                continue
            before, after = change.before.view[name], change.after.view[name]
            if row is not None and row.blind and name not in change.after.pending:
                continue  # it fell: what the document had already stands
            self._progress.steps(f"device {device}", change.session, name, before, after)

    # --- the disk ---

    def wrote(
        self, device: int, it: SimulatedDevice, batch: Batch, before: dict[SessionId, StoredSession | None]
    ) -> None:
        """2, no silent loss: an edit leaves the disk only for a newer one, or once the server has it."""
        for session, stored in before.items():
            after = it.store.load(session)
            for row in batch.pending.get(session, ()):
                self._row_came(device, session, row, stored)
            for row in stored.pending if stored else ():
                self._row_left(device, it, session, row, row_of(after, row.field), after)
        for session, document in batch.bases.items():
            if document is not None:
                self._is_true(session, document)

    def _row_came(self, device: int, session: str, row: Pending, stored: StoredSession | None) -> None:
        before, key = row_of(stored, row.field), (device, session, row.field, row.seq)
        if before is not None and before.seq == row.seq:
            return  # it was only corrected
        self._made_ms[key] = self._server.virtual_clock.now_ms
        if key in self._edits:
            self._past.append(self._edits.pop(key))
        known = before.entry if before else known_of(stored, row.field)
        if known is not None:
            self._progress.follows(session, row.field, known, row.entry)
        for edit in (*self._past, *self._edits.values()):
            same = (edit.device, edit.session, edit.field) == (device, session, row.field)
            if same and not edit.settled and same_value(edit.row.entry, row.entry):
                self._is_followed(edit, row)  # its user went back there, perhaps before a mark was sent
                break

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
        policy = schema_of(it, session, after).policy(row.field)
        if now is not None and now.seq == row.seq:
            if row.corrected and now.entry.stamp != row.entry.stamp:
                raise Failure("broken", f"device {device}: a final stamp was changed: {row} → {now}")
            if edit is not None:
                edit.row = now
        elif self._progress.is_held(row.field):
            return
        elif now is not None:
            lower = policy.join(now.entry, row.entry) != now.entry and now.corrected and row.corrected
            # A full disk may not have been told that the server had it, where another policy has lowered it.
            confirmed = it.disk.was_full and self._progress.reached(session, row.field, row.entry)
            fell = row.blind and it.disk.was_full and Kept(self._server).has(session, row)
            if lower and not (confirmed or fell):
                raise Failure("lost", f"device {device}: {row} was overwritten by {now}")
            if edit is not None:
                self._is_followed(edit, now)
        else:
            entry = known_of(after, row.field)
            contains = entry is not None and (
                entry.stamp == row.entry.stamp or policy.join(entry, row.entry) == entry
            )
            if not row.corrected and it.disk.was_full and edit is not None:
                contains = entry is not None and policy.join(entry, in_truth(edit)) == entry
            if entry is not None and entry.stamp != row.entry.stamp and has_fallen(row, entry, after):
                if edit is not None:
                    edit.settled, edit.fell = True, True
                return
            if not contains:
                raise Failure("lost", f"device {device}: {session} {row} left the disk, the base has {entry}")
            if not row.corrected and not it.disk.was_full:
                raise Failure("broken", f"device {device}: {row} was settled by a provisional stamp")
            if edit is not None and self._progress.contested(row.field):
                edit.instead = entry

    def _is_followed(self, edit: Confirmed, row: Pending) -> None:
        """The row answers for the edit from now on, also if the app dies before its call returns."""
        edit.settled = True
        made_ms = self._server.virtual_clock.now_ms
        if self._progress.reached(edit.session, edit.field, row.entry):
            made_ms = millis_of(row.entry.stamp)  # it is no new edit: the server gets back what it had
        key = (edit.device, edit.session, edit.field, row.seq)
        self._edits.setdefault(key, replace(edit, row=row, true_ms=made_ms, settled=False))

    def _is_true(self, session: str, document: Document) -> None:
        for version in reversed(self._server.history):
            if version.path == ("sessions", session) and version.time == document.update_time:
                true = decoded(version.fields, version.time)
                if true is not None and true.entries == document.entries and true.rev == document.rev:
                    return
                raise Failure("broken", f"a base that never was: {document}, the server had {true}")
        raise Failure("broken", f"a base that the server never had: {document}")

    # --- the server ---

    def sending(self, device: int, it: SimulatedDevice, writes: Sequence[Write]) -> None:
        """What is sent has its name on disk: after a crash it would be sent under the same."""
        for write in writes:
            if write.path[0] != "sessions" or len(write.path) != 2 or it.disk.was_full:
                continue
            stored = it.store.load(SessionId(write.path[1]))
            for path, stamp in write.fields.items():
                if path[0] == "stamps":
                    row = row_of(stored, path[1])
                    known = row.entry if row else known_of(stored, path[1])
                    if row is not None and row.blind:
                        self._blind.add((write.path[1], path[1], str(stamp)))
                    if known is None or known.stamp != stamp:
                        raise Failure("broken", f"device {device} sends {stamp!r}, and on disk is {known}")

    def committed(self, session: str, before: Document | None, after: Document) -> None:
        """5, exactly once; 4, the server never goes back; 7, stamps are of the true time."""
        known = before.entries if before else {}
        news = {n: e for n, e in after.entries.items() if known.get(n) != e}
        if not news:
            raise Failure("broken", f"a commit of {session} that changed nothing: {after}")
        self._progress.commits(session, news)
        for name, entry in news.items():
            if name in known and self._goes_over_blindly(session, name, known[name], entry):
                raise Failure("broken", f"a blind edit of {session}.{name} went over {known[name]}")
            if name in known:
                self._progress.overwrites(session, name, known[name], entry)
            if millis_of(entry.stamp) > self._server.virtual_clock.now_ms + TOLERANCE_MS:
                raise Failure("broken", f"{session}.{name} is stamped in the future: {entry}")

    def _goes_over_blindly(self, session: str, name: str, known: Entry, entry: Entry) -> bool:
        if self._progress.is_lossy(session) or not self._progress.is_plain(name):
            return False  # what was lost may be given back
        others = device_of(known.stamp) != device_of(entry.stamp)
        return others and (session, name, entry.stamp) in self._blind

    def lost(self, documents: Iterable[ResourcePath]) -> None:
        """The server loses documents, or goes back: by an administrator's hand, or by a disaster.

        A session may be gone until somebody edits it, and each device shows on what it knew. No edit may be
        gone from the device that made it; and if there is a document, all that any device knew is in it.
        """
        for kind, name, *_ in documents:
            if kind == "sessions":
                self._progress.lost(name)
            self._sign_ins_lost |= kind == "signins"

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
                is_open = session in it.engine.local_store.open_sessions if it.engine else False
                if is_open and (truth is not None or not self._progress.is_lossy(session)):
                    self._agrees(number, it.replica(session), entries)
                if rows_of(it.store.load(SessionId(session))) and not it.disk.was_full:
                    raise Failure("broken", f"device {number} says saved, and its outbox is not empty")
        kept = Kept(self._server)
        for edit in (*self._past, *self._edits.values()):
            if not (edit.row.blind and kept.is_marked(edit)):
                self._is_there(edit, devices[edit.device])
        self._all_kept(kept, devices, sessions)

    def _all_kept(self, kept: Kept, devices: Sequence[SimulatedDevice], sessions: Sequence[str]) -> None:
        """2, no place is lost: see `Kept`. Where all versions agree, and the server lost nothing."""
        found = {name: self._document(name) for name in sessions if not self._progress.is_lossy(name)}
        finals = {name: document.entries for name, document in found.items() if document is not None}
        whole = {number for number, it in enumerate(devices) if not it.disk.was_full}
        edits = [
            edit
            for edit in (*self._past, *self._edits.values())
            if edit.device in whole
            and (edit.fell or not edit.settled)
            and self._progress.is_plain(edit.field)
            and edit.session in finals
        ]
        kept.check(edits, finals)

    def _document(self, session: str) -> Document | None:
        found = self._server.get(("sessions", session))
        return decoded(found.fields, found.time) if found else None

    def _agrees(self, number: int, replica: Replica, truth: object) -> None:
        if dict(replica.view) != truth:
            raise Failure("diverged", f"device {number} sees {dict(replica.view)}, the server has {truth}")

    def _is_there(self, edit: Confirmed, it: SimulatedDevice) -> None:
        if edit.settled or (it.disk.was_full and not edit.row.corrected):
            return
        lossy = self._progress.is_lossy(edit.session)
        if lossy and is_left_to_others(it.replica(edit.session), edit.field):
            return  # another version of the app was installed since
        document = self._document(edit.session)
        final = document.entries.get(edit.field) if document else None
        if document is None and lossy:
            final = it.replica(edit.session).view.get(edit.field)
        if not self._progress.supersedes(edit.session, edit.field, final, edit.claim):
            raise Failure("lost", f"{edit} is not in {final}")
        early_ms = edit.true_ms - millis_of(edit.row.entry.stamp)
        if early_ms > TOLERANCE_MS and not it.has_jumped:
            raise Failure("broken", f"{edit} is stamped {early_ms / 1000:.0f} s too early")
