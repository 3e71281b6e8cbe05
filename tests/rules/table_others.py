"""Forbidden requests on marks, by other people, and on other paths."""

from __future__ import annotations

from dataclasses import replace

from tests.rules import samples
from tests.rules.forbidden import Change, Forbidden, becomes, below, by, dated, lacks, sets, since
from tests.rules.kinds import READS, SEEDS, WRITES, cards, mark_, session_, sessions, sign_ins
from tests.rules.samples import ON_PHONE, ON_STOLEN

MARKS = [
    *(
        Forbidden(f"a mark without {name}", samples.mark, lacks((name,)))
        for name in ("kind", "stamp", "device", "at")
    ),
    Forbidden("a mark without state", samples.mark, lacks(("state",))),
    Forbidden("a mark with a key that nobody knows", samples.mark, sets(("note",), 1)),
    Forbidden("a mark with a long id", samples.mark, below(lambda path: path + "x" * 64)),
    Forbidden("a mark of a kind with blanks", samples.mark, sets(("kind",), "a jump")),
    Forbidden("a mark of a long kind", samples.mark, sets(("kind",), "j" * 33)),
    Forbidden("a mark of a kind that is a number", samples.mark, sets(("kind",), 1)),
    Forbidden("a mark with a list as state", samples.mark, sets(("state",), [1])),
    Forbidden("a mark of 65 fields", samples.mark, sets(("state",), {f"f{n}": n for n in range(65)})),
    Forbidden("a mark with a short stamp", samples.mark, sets(("stamp",), "1-2-3")),
    Forbidden("a mark of a device with a name", samples.mark, sets(("device",), "phone")),
    Forbidden("a mark with the client's own time", samples.mark, dated("at", lambda: samples.later(0))),
]

PEOPLE = [
    Forbidden(f"{title} by {who}", make, by(user), before)
    for who, user in (("another user", "bob"), ("a stranger", None))
    for title, make, before in [*((title, make, SEEDS) for title, make in READS), *WRITES]
]


def at(path: str) -> Change:
    """The same request, on this document."""
    return below(lambda _: path)


def under_bob(path: str) -> str:
    return path.replace("alice", "bob")


REGISTERED = (samples.registration,)

PATHS = [
    Forbidden("reading the user's own document", session_, at("users/alice"), SEEDS),
    Forbidden("reading a document that is none of ours", session_, at("books/x"), SEEDS),
    Forbidden("reading below a mark", mark_, below(lambda path: f"{path}/more/x"), SEEDS),
    Forbidden("a collection that nobody knows", sessions, becomes(collection="notes")),
    Forbidden("another user's sessions", sessions, becomes(parent="users/bob")),
    Forbidden("everybody's sessions", sessions, becomes(parent="", group=True)),
    Forbidden("another user's cards", cards, becomes(parent="users/bob")),
    Forbidden("everybody's cards", cards, becomes(parent="", group=True)),
    Forbidden("another user's sign-ins", sign_ins, becomes(parent="users/bob")),
    Forbidden("everybody's sign-ins", sign_ins, becomes(parent="", group=True)),
    Forbidden("a session under another user", samples.first, below(under_bob)),
    Forbidden("a session at the top", samples.first, below(lambda path: path.removeprefix("users/alice/"))),
    Forbidden("a session among notes", samples.first, below(lambda path: path.replace("sessions", "notes"))),
    Forbidden("a session below a session", samples.first, below(lambda path: f"{path}/sessions/x")),
    Forbidden("a session as a mark", samples.first, below(lambda path: f"{path}/marks/x")),
    Forbidden("a session as the user's own document", samples.first, at("users/alice")),
    Forbidden("a mark under another user", samples.mark, below(under_bob)),
    Forbidden("a mark at the user", samples.mark, at("users/alice/marks/m1")),
    Forbidden("a card under another user", samples.card, below(under_bob), REGISTERED),
    Forbidden("a card below a card", samples.card, below(lambda path: f"{path}/devices/x"), REGISTERED),
    Forbidden("a sign-in under another user", samples.registration, below(under_bob)),
    Forbidden("a sign-in below a sign-in", samples.registration, below(lambda path: f"{path}/signins/1")),
    Forbidden("deleting a session", samples.unmark, below(lambda path: path.partition("/marks")[0]), SEEDS),
    Forbidden("deleting a card", samples.unmark, at(f"users/alice/devices/{samples.PHONE}"), SEEDS),
    *(
        Forbidden(f"deleting {what} {title}", make, change, before)
        for what, make, before in (
            ("a session", samples.end_of_session, (samples.first,)),
            ("a card", samples.end_of_card, (samples.registration_with_card,)),
        )
        for title, change in (
            ("long after signing in", becomes(user=ON_PHONE)),
            ("eleven minutes after signing in", since(660)),
            ("without an address, signed out", becomes(user=replace(ON_STOLEN, email=""))),
        )
    ),
    Forbidden("deleting a sign-in with the account", samples.end_of_session, at(ON_STOLEN.sign_in)),
    Forbidden("deleting one's own sign-in", samples.unmark, at(ON_PHONE.sign_in), SEEDS),
    Forbidden("deleting a sign-in that was revoked", samples.unmark, at(ON_STOLEN.sign_in), SEEDS),
    Forbidden("changing what a mark keeps", samples.same_mark, sets(("state",), {"place": 2}), SEEDS),
    Forbidden("a mark that keeps more", samples.same_mark, sets(("state", "note"), 2), SEEDS),
    Forbidden("a mark of another edit", samples.same_mark, sets(("stamp",), samples.stamp), SEEDS),
    Forbidden("a kept mark with a key that nobody knows", samples.same_mark, sets(("note",), 1), SEEDS),
    Forbidden("a kept mark of a kind with blanks", samples.same_mark, sets(("kind",), "a jump"), SEEDS),
    Forbidden("a kept mark with the old time", samples.same_mark, lacks(("at",)), SEEDS),
    Forbidden("a mark kept by nobody's device", samples.same_mark, sets(("device",), samples.UNKNOWN), SEEDS),
]

OTHERS = [*MARKS, *PEOPLE, *PATHS]
