"""What the server was given and has lost, and what may therefore follow what. For the witness.

The price of ADR 18 stands here: where versions of the app give a field different policies, or where the
server lost something, less can be asked. Everywhere else all can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from dalsegno._core.document import Entry
from dalsegno._core.types import Stamp
from tests.support.simulation.failure import Failure
from tests.support.simulation.versions import FieldPolicies

Name: TypeAlias = tuple[str, str, Stamp]
"""An edit by its session, field and stamp."""


class Progress:
    """Of one simulation with so many devices."""

    def __init__(self, policies: FieldPolicies, devices: int) -> None:
        self._policies, self._devices = policies, devices
        self._values: dict[Name, object] = {}
        self._applied = Counter[Name]()
        self._losses = Counter[str]()
        self._next: dict[Name, list[Entry]] = {}

    def lost(self, session: str) -> None:
        """The server has lost this document, or it is as it was at some time before."""
        self._losses[session] += 1

    def is_lossy(self, session: str) -> bool:
        return session in self._losses

    def contested(self, field: str) -> bool:
        return self._policies.contested(field)

    def is_held(self, field: str) -> bool:
        """Whether it belongs to the line of what is played."""
        return self._policies.is_held(field)

    def is_plain(self, field: str) -> bool:
        """Whether it is a matter of who was last, to all versions alike."""
        return self._policies.known_to_all(field) and self._policies.is_latest(field)

    def reached(self, session: str, field: str, entry: Entry) -> bool:
        """Whether the server had it at some time."""
        return (session, field, entry.stamp) in self._applied

    def supersedes(self, session: str, field: str, final: Entry | None, entry: Entry) -> bool:
        """Whether the edit is in `final`, or something that may stand in its place.

        That is also, after a loss that nothing proves, what others wrote after it; and where the policies
        differ, or a version does not know the field, too, nothing at all. In both cases it may also be what
        stands in the place of what took its place: paper wraps the stone that broke the scissors.
        """
        reached = self.reached(session, field, entry)
        if final is None:
            at_issue = self.contested(field) or not self._policies.known_to_all(field)
            return reached and self.is_lossy(session) and at_issue
        in_turn = self.contested(field) or self.is_lossy(session)
        heirs = self._heirs(session, field, entry) if in_turn else [entry]
        if any(self._policies.supersede(field, final, heir) for heir in heirs):
            return True
        return reached and self.is_lossy(session) and final.stamp > entry.stamp

    def steps(self, who: str, session: str, field: str, before: Entry, after: Entry) -> None:
        """Nobody goes back; where the policies differ, `after` is a step forward for one of them.

        What nothing proves to be a loss is given back once: at the second time the server's word stands.
        What is newer than what was lost takes its place. Each step is remembered: what took a place may have
        to give way in turn.
        """
        again = self._losses[session] > 1 and self._applied[session, field, before.stamp] > 1
        newer = self.is_lossy(session) and after.stamp > before.stamp
        if not (again or newer or self._policies.supersede(field, after, before)):
            raise Failure("broken", f"{who} went back in {field}: {before} → {after}")
        self.follows(session, field, before, after)

    def overwrites(self, session: str, field: str, before: Entry, after: Entry) -> None:
        """A commit does: the server does not go back either."""
        self.steps("the server", session, field, before, after)

    def follows(self, session: str, field: str, before: Entry, after: Entry) -> None:
        """What took its place, on the server or on the device of whoever edited it."""
        self._next.setdefault((session, field, before.stamp), []).append(after)

    def _heirs(self, session: str, field: str, entry: Entry) -> list[Entry]:
        """The entry, what was put in its place, what was put in the place of that, and so on."""
        found = {entry.stamp: entry}
        todo = [entry]
        while todo:
            for heir in self._next.get((session, field, todo.pop().stamp), ()):
                if heir.stamp not in found:
                    found[heir.stamp] = heir
                    todo.append(heir)
        return list(found.values())

    def commits(self, session: str, news: Mapping[str, Entry]) -> None:
        """7: something in it was in no document before, unless the server lost it; nothing comes for ever."""
        names = {(session, field, entry.stamp) for field, entry in news.items()}
        plain = {name for name in names if not self.contested(name[1])}
        known = {name for name in plain if name in self._applied}
        self._applied.update(names)
        if known == plain != set() and not self.is_lossy(session):
            raise Failure("broken", f"a commit of {session} without a cause: {news}")
        for name in names:
            if self._applied[name] > self._most(session):
                raise Failure("broken", f"a war in {session}: {news}")
        for field, entry in news.items():
            if self._values.setdefault((session, field, entry.stamp), entry.value) != entry.value:
                raise Failure("broken", f"{entry.stamp} names two values of {session}.{field}")

    def _most(self, session: str) -> int:
        """How often one edit may be applied: once; once more by each device to which another version's
        answer looks like a loss; and after each loss by whoever has it."""
        return 1 + self._devices + self._losses[session]
