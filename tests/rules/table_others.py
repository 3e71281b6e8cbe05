"""Forbidden requests on marks and device cards, by other people, and on other paths."""

from __future__ import annotations

from tests.rules import samples
from tests.rules.forbidden import Change, Forbidden, Make, becomes, below, dated, lacks, sets
from tests.rules.requests import BatchGet, Get, Listen, Query

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

CARDS = [
    *(
        Forbidden(f"a card without {name}", samples.card, lacks((name,)))
        for name in ("name", "kind", "platform", "app", "seen", "expire_at")
    ),
    *(
        Forbidden(f"a card with too long a {name}", samples.card, sets((name,), "x" * (most + 1)))
        for name, most in (("name", 100), ("kind", 32), ("platform", 100), ("app", 100))
    ),
    *(
        Forbidden(f"a card with a number for a {name}", samples.card, sets((name,), 1))
        for name in ("name", "kind", "platform", "app")
    ),
    *(
        Forbidden(f"a card with a list for a {name}", samples.card, sets((name,), ["x"]))
        for name in ("name", "kind", "platform", "app")
    ),
    Forbidden("a card with a key that nobody knows", samples.card, sets(("note",), 1)),
    Forbidden("a card of a device with a name", samples.card, below(lambda _: "users/alice/devices/phone")),
    Forbidden("a card seen at the client's time", samples.card, dated("seen", lambda: samples.later(0))),
    Forbidden("a card for ever", samples.card, sets(("expire_at",), lambda: samples.later(401))),
    Forbidden("a card that expires at a number", samples.card, sets(("expire_at",), samples.now_ms)),
]


def session_(name: str) -> Get:
    return Get(samples.session_path(name))


def sessions(_: str) -> Query:
    return Query("users/alice", "sessions", "at")


def mark_(name: str) -> Get:
    return Get(f"{samples.session_path(name)}/marks/m1")


def cards(_: str) -> Query:
    return Query("users/alice", "devices", "seen")


READS: list[tuple[str, Make]] = [
    ("reading a session", session_),
    ("reading a session in a batch", lambda name: BatchGet(samples.session_path(name))),
    ("the newest sessions", sessions),
    ("listening to a session", lambda name: Listen(session_(name))),
    ("listening to the newest sessions", lambda name: Listen(sessions(name))),
    ("reading a mark", mark_),
    ("the marks of a session", lambda name: Query(samples.session_path(name), "marks", "at")),
    ("reading a card", lambda name: Get(f"users/alice/devices/{samples.device_of(name)}")),
    ("the cards", cards),
    ("listening to the cards", lambda name: Listen(cards(name))),
]

WRITES: list[tuple[str, Make, tuple[Make, ...]]] = [
    ("a first commit", samples.first, ()),
    ("a next commit", samples.next_, (samples.first,)),
    ("taking the lease", samples.taken, (samples.first,)),
    ("making a mark", samples.mark, (samples.first,)),
    ("removing a mark", samples.unmark, (samples.first, samples.mark)),
    ("a card", samples.card, ()),
    ("a card again", samples.card, (samples.card,)),
]

SEEDS = (samples.first, samples.mark, samples.card)

PEOPLE = [
    Forbidden(f"{title} by {who}", make, becomes(user=user), before)
    for who, user in (("another user", "bob"), ("a stranger", None))
    for title, make, before in [*((title, make, SEEDS) for title, make in READS), *WRITES]
]


def at(path: str) -> Change:
    """The same request, on this document."""
    return below(lambda _: path)


def under_bob(path: str) -> str:
    return path.replace("alice", "bob")


PATHS = [
    Forbidden("reading the user's own document", session_, at("users/alice"), SEEDS),
    Forbidden("reading a document that is none of ours", session_, at("books/x"), SEEDS),
    Forbidden("reading below a mark", mark_, below(lambda path: f"{path}/more/x"), SEEDS),
    Forbidden("a collection that nobody knows", sessions, becomes(collection="notes")),
    Forbidden("another user's sessions", sessions, becomes(parent="users/bob")),
    Forbidden("everybody's sessions", sessions, becomes(parent="", group=True)),
    Forbidden("another user's cards", cards, becomes(parent="users/bob")),
    Forbidden("everybody's cards", cards, becomes(parent="", group=True)),
    Forbidden("a session under another user", samples.first, below(under_bob)),
    Forbidden("a session at the top", samples.first, below(lambda path: path.removeprefix("users/alice/"))),
    Forbidden("a session among notes", samples.first, below(lambda path: path.replace("sessions", "notes"))),
    Forbidden("a session below a session", samples.first, below(lambda path: f"{path}/sessions/x")),
    Forbidden("a session as a mark", samples.first, below(lambda path: f"{path}/marks/x")),
    Forbidden("a session as the user's own document", samples.first, at("users/alice")),
    Forbidden("a mark under another user", samples.mark, below(under_bob)),
    Forbidden("a mark at the user", samples.mark, at("users/alice/marks/m1")),
    Forbidden("a card under another user", samples.card, below(under_bob)),
    Forbidden("a card below a card", samples.card, below(lambda path: f"{path}/devices/{samples.PHONE}")),
    Forbidden("deleting a session", samples.unmark, below(lambda path: path.partition("/marks")[0]), SEEDS),
    Forbidden("deleting a card", samples.unmark, at(f"users/alice/devices/{samples.PHONE}"), SEEDS),
    Forbidden("changing a mark", samples.other_mark, below(lambda path: path.replace("m2", "m1")), SEEDS),
]

OTHERS = [*MARKS, *CARDS, *PEOPLE, *PATHS]
