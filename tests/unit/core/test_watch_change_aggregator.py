"""The listen protocol, message by message."""

from __future__ import annotations

from dalsegno._core.messages import (
    DocumentChange,
    DocumentGone,
    ExistenceFilter,
    ResourcePath,
    RpcError,
    Snapshot,
    Target,
    TargetChange,
)
from dalsegno._core.types import Micros
from dalsegno._core.watch_change_aggregator import (
    Mismatch,
    Raised,
    Refused,
    Unconfirmed,
    WatchChangeAggregator,
)

BOOK: ResourcePath = ("sessions", "book")
SONG: ResourcePath = ("sessions", "song")
LIST = Target(9, "recent", ("sessions",), "at", 50)


def on(number: int, path: ResourcePath = BOOK, token: bytes = b"") -> Target:
    return Target(number, f"key-{number}", path, resume_token=token)


def watching(*targets: Target, known: tuple[ResourcePath, ...] = ()) -> WatchChangeAggregator:
    watch = WatchChangeAggregator()
    for target in targets:
        watch.add(target, known)
    return watch


def doc(path: ResourcePath = BOOK, time: int = 1) -> Snapshot:
    return Snapshot(path, {"rev": time}, Micros(time))


def change(snapshot: Snapshot, *targets: int, removed: tuple[int, ...] = ()) -> DocumentChange:
    return DocumentChange(1, snapshot, targets, removed)


def current(*targets: int, token: bytes = b"") -> TargetChange:
    return TargetChange(1, "CURRENT", targets, resume_token=token)


def consistent(time: int, token: bytes = b"") -> TargetChange:
    return TargetChange(1, "NO_CHANGE", (), Micros(time), token)


def test_a_document_is_held_back_until_the_server_says_that_all_is_consistent() -> None:
    """Neither the document nor CURRENT shows anything; the read time does."""
    watch = watching(on(1))
    assert [] == watch.handle(change(doc(), 1))
    assert [] == watch.handle(current(1, token=b"t"))
    assert not watch.is_live(1)
    assert [Raised(on(1), {BOOK: doc()}, Micros(5), b"t")] == watch.handle(consistent(5))
    assert watch.is_live(1)


def test_a_target_is_owed_an_answer_until_its_first_look() -> None:
    """And again after a reset; not once it is taken away, or the stream is over."""
    watch = watching(on(1), on(2, SONG))
    for message in (change(doc(), 1), current(1), consistent(5)):
        watch.handle(message)
    assert watch.unanswered
    watch.remove(2)
    assert not watch.unanswered
    watch.handle(TargetChange(1, "RESET", (1,)))
    assert watch.unanswered
    watch.clear()
    assert not watch.unanswered


def test_nothing_is_raised_before_current() -> None:
    """A read time for other targets says nothing of one that is still being filled."""
    watch = watching(on(1), on(2, SONG))
    watch.handle(change(doc(), 1))
    watch.handle(current(2))
    assert [Raised(on(2, SONG), {SONG: None}, Micros(5), b"")] == watch.handle(consistent(5))


def test_a_read_time_that_names_targets_raises_nothing() -> None:
    """Only a target change without target names is a look at everything."""
    watch = watching(on(1))
    watch.handle(current(1))
    assert [] == watch.handle(TargetChange(1, "NO_CHANGE", (1,), Micros(5), b"t"))


def test_a_document_that_never_came_is_missing() -> None:
    """CURRENT without a document: there is none."""
    watch = watching(on(1))
    watch.handle(current(1))
    assert [Raised(on(1), {BOOK: None}, Micros(5), b"")] == watch.handle(consistent(5))


def test_with_a_resume_token_silence_means_unchanged() -> None:
    """The token vouches for what we know: nothing is sent again, and nothing is missing."""
    watch = watching(on(1, token=b"t"), known=(BOOK,))
    watch.handle(current(1))
    assert [Raised(on(1, token=b"t"), {}, Micros(5), b"u")] == watch.handle(consistent(5, b"u"))
    assert watch.is_live(1)


def test_without_a_token_nothing_is_taken_as_known() -> None:
    """What we think we know counts for nothing when no token vouches for it."""
    watch = watching(on(1), known=(BOOK,))
    watch.handle(current(1))
    assert {BOOK: None} == watch.handle(consistent(5))[0].changed  # type: ignore[union-attr]


def test_a_quiet_heartbeat_raises_nothing() -> None:
    """Once raised, only news is raised."""
    watch = watching(on(1))
    watch.handle(change(doc(), 1))
    watch.handle(current(1))
    watch.handle(consistent(5))
    assert [] == watch.handle(consistent(6))


def test_a_live_document_is_told_at_once_and_its_token_follows() -> None:
    """One document is consistent with itself: nobody else is waited for; the token comes later."""
    watch = watching(on(1))
    watch.handle(current(1))
    watch.handle(consistent(5))
    assert [Raised(on(1), {BOOK: doc(time=7)}, Micros(7), b"")] == watch.handle(change(doc(time=7), 1))
    assert [Raised(on(1), {}, Micros(8), b"u")] == watch.handle(consistent(8, b"u"))
    assert [] == watch.handle(consistent(9, b"v"))


def test_a_live_list_waits_for_the_look_at_all_of_it() -> None:
    """Two documents of one list may belong together."""
    watch = watching(LIST)
    watch.handle(current(9))
    watch.handle(consistent(5))
    assert [] == watch.handle(change(doc(time=7), 9))
    assert {BOOK: doc(time=7)} == watch.handle(consistent(8))[0].changed  # type: ignore[union-attr]


def test_after_a_reset_a_document_waits_for_current_again() -> None:
    """What is sent after RESET may be older than what was shown: it is told with the next whole look."""
    watch = watching(on(1))
    watch.handle(current(1))
    watch.handle(consistent(5))
    watch.handle(TargetChange(1, "RESET", (1,)))
    assert [] == watch.handle(change(doc(time=3), 1))
    watch.handle(current(1))
    assert {BOOK: doc(time=3)} == watch.handle(consistent(8))[0].changed  # type: ignore[union-attr]


def test_of_two_changes_before_a_look_the_last_is_shown() -> None:
    """Versions in between are never seen."""
    watch = watching(on(1))
    watch.handle(change(doc(time=1), 1))
    watch.handle(change(doc(time=2), 1))
    watch.handle(current(1))
    assert {BOOK: doc(time=2)} == watch.handle(consistent(5))[0].changed  # type: ignore[union-attr]


def test_the_read_time_never_goes_back() -> None:
    """An older look is not shown after a newer one; its news come with the next."""
    watch = watching(LIST)
    watch.handle(current(9))
    watch.handle(consistent(9))
    watch.handle(change(doc(), 9))
    assert [] == watch.handle(consistent(8))
    assert {BOOK: doc()} == watch.handle(consistent(9))[0].changed  # type: ignore[union-attr]


def test_a_deleted_document_is_told_as_gone() -> None:
    """Firestore's delete and remove both mean: not here any more."""
    watch = watching(on(1))
    watch.handle(change(doc(), 1))
    watch.handle(current(1))
    watch.handle(consistent(5))
    watch.handle(DocumentGone(1, BOOK, (1,)))
    assert {BOOK: None} == watch.handle(consistent(6))[0].changed  # type: ignore[union-attr]


def test_a_document_that_left_a_list_is_gone_from_it_only() -> None:
    """`removed` names the target that it left; another keeps it."""
    watch = watching(on(1), LIST)
    watch.handle(change(doc(), 1, 9))
    watch.handle(current(1, 9))
    watch.handle(consistent(5))
    told = [*watch.handle(change(doc(time=2), 1, removed=(9,))), *watch.handle(consistent(6))]
    raised = [(r.target.id, r.changed) for r in told]  # type: ignore[union-attr]
    assert [(1, {BOOK: doc(time=2)}), (1, {}), (9, {BOOK: None})] == raised


def test_reset_takes_back_what_was_sent() -> None:
    """After RESET whatever is not sent again is gone, the target is not live, and its token is void."""
    watch = watching(LIST)
    watch.handle(change(doc(), 9))
    watch.handle(change(doc(SONG), 9))
    watch.handle(current(9, token=b"old"))
    watch.handle(consistent(5))
    watch.handle(TargetChange(1, "RESET", (9,)))
    assert not watch.is_live(9)
    assert [] == watch.handle(consistent(6))
    watch.handle(change(doc(SONG), 9))
    watch.handle(current(9))
    assert [Raised(LIST, {BOOK: None, SONG: doc(SONG)}, Micros(7), b"")] == watch.handle(consistent(7))
    assert [] == watch.handle(ExistenceFilter(1, 9, 1))


def test_reset_of_a_resumed_target_does_not_trust_the_token() -> None:
    """A refused token: the document that is not sent again is gone."""
    watch = watching(on(1, token=b"t"), known=(BOOK,))
    watch.handle(TargetChange(1, "RESET", (1,)))
    watch.handle(current(1))
    assert {BOOK: None} == watch.handle(consistent(5))[0].changed  # type: ignore[union-attr]


def test_a_refused_target_leaves_the_others() -> None:
    """REMOVE with its cause; what comes for it later is stale; the rest goes on."""
    watch = watching(on(1), on(2, SONG))
    cause = RpcError("PERMISSION_DENIED")
    assert [Refused(on(1), cause)] == watch.handle(TargetChange(1, "REMOVE", (1,), cause=cause))
    assert 1 not in watch
    watch.handle(change(doc(), 1))
    watch.handle(current(1, 2))
    assert [2] == [r.target.id for r in watch.handle(consistent(5)) if isinstance(r, Raised)]


def test_a_remove_without_a_cause_is_a_refusal_all_the_same() -> None:
    """Nobody asked for it, so it is told."""
    assert [Refused(on(1), RpcError("CANCELLED"))] == watching(on(1)).handle(TargetChange(1, "REMOVE", (1,)))


def test_messages_of_targets_that_are_not_ours_are_stale() -> None:
    """A target that we removed may still be on the wire."""
    watch = watching(on(1))
    watch.remove(1)
    for message in (change(doc(), 1), current(1), ExistenceFilter(1, 1, 3), TargetChange(1, "REMOVE", (1,))):
        assert [] == watch.handle(message)
    assert [] == watch.handle(consistent(5))


def test_a_count_that_agrees_changes_nothing() -> None:
    """An existence filter is a check, not news."""
    watch = watching(on(1))
    watch.handle(change(doc(), 1))
    assert [] == watch.handle(ExistenceFilter(1, 1, 1))


def test_a_count_that_differs_is_a_mismatch() -> None:
    """Something was missed: listen anew."""
    watch = watching(LIST, on(1))
    watch.handle(change(doc(), 9))
    assert [Mismatch(LIST)] == watch.handle(ExistenceFilter(1, 9, 2))
    assert [Mismatch(LIST)] == watch.handle(ExistenceFilter(1, 9, 0))
    assert [Mismatch(on(1))] == watch.handle(ExistenceFilter(1, 1, 1))


def test_a_count_of_none_for_one_document_says_that_it_was_deleted() -> None:
    """Firestore does not always send the deletion of a document that was listened to by its name."""
    watch = watching(on(1, token=b"t"), known=(BOOK,))
    assert [] == watch.handle(ExistenceFilter(1, 1, 0))
    watch.handle(current(1))
    assert {BOOK: None} == watch.handle(consistent(5))[0].changed  # type: ignore[union-attr]


def test_a_change_without_names_is_for_all_targets() -> None:
    """No target names = every target of the stream."""
    watch = watching(on(1), on(2, SONG))
    watch.handle(TargetChange(1, "CURRENT"))
    assert [1, 2] == [r.target.id for r in watch.handle(consistent(5)) if isinstance(r, Raised)]


def test_clear_forgets_everything() -> None:
    """After the end of a stream nothing is live."""
    watch = watching(on(1))
    watch.handle(current(1))
    watch.handle(consistent(5))
    watch.clear()
    assert not watch.is_live(1)
    assert [] == watch.handle(consistent(6))


def gone(time: int | None = None) -> DocumentGone:
    return DocumentGone(1, BOOK, (1,), None if time is None else Micros(time))


def current_at(time: int) -> TargetChange:
    return TargetChange(1, "CURRENT", (1,), Micros(time))


def test_gone_before_the_moment_that_is_vouched_for_is_unconfirmed_once() -> None:
    """Between the two moments the document may have been created; after a reset it is not doubted again."""
    watch = watching(on(1))
    watch.handle(gone(4))
    watch.handle(current_at(5))
    told = Raised(on(1), {BOOK: None}, Micros(5), b"")
    assert [Unconfirmed(told)] == watch.handle(consistent(5))
    watch.handle(TargetChange(1, "RESET", (1,)))
    watch.handle(gone(6))
    watch.handle(current_at(7))
    assert [Raised(on(1), {BOOK: None}, Micros(7), b"")] == watch.handle(consistent(7))


def test_gone_at_the_moment_that_is_vouched_for_is_believed() -> None:
    """Also where the server names no moment, and for what was deleted before our eyes."""
    for time in (5, None):
        watch = watching(on(1))
        watch.handle(gone(time))
        watch.handle(current_at(5))
        assert [Raised(on(1), {BOOK: None}, Micros(5), b"")] == watch.handle(consistent(5))
    watch.handle(change(doc(time=6), 1))
    watch.handle(gone(7))
    assert [Raised(on(1), {BOOK: None}, Micros(8), b"")] == watch.handle(consistent(8))
