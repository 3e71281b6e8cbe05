"""Every kind of request that the SDK makes, by name: what is allowed to its user, and to nobody else."""

from __future__ import annotations

from tests.rules import samples
from tests.rules.forbidden import Make
from tests.rules.requests import BatchGet, Get, Listen, Query

SEEDS = (samples.first, samples.mark, samples.registration, samples.card)
"""What must be there to be read."""


def session_(name: str) -> Get:
    return Get(samples.session_path(name))


def sessions(_: str) -> Query:
    return Query("users/alice", "sessions", "at")


def mark_(name: str) -> Get:
    return Get(f"{samples.session_path(name)}/marks/m1")


def card_(name: str) -> Get:
    return Get(samples.card_path(name))


def cards(_: str) -> Query:
    return Query("users/alice", "devices", "seen")


def sign_in(name: str) -> Get:
    return Get(samples.user_of(name).sign_in)


def own_sign_in(name: str) -> Get:
    return Get(samples.user_of(name).sign_in, samples.user_of(name))


def sign_ins(_: str) -> Query:
    return Query("users/alice", "signins", "at")


READS: list[tuple[str, Make]] = [
    ("reading a session", session_),
    ("reading a session in a batch", lambda name: BatchGet(samples.session_path(name))),
    ("the newest sessions", sessions),
    ("listening to a session", lambda name: Listen(session_(name))),
    ("listening to the newest sessions", lambda name: Listen(sessions(name))),
    ("reading a mark", mark_),
    ("the marks of a session", lambda name: Query(samples.session_path(name), "marks", "at")),
    ("reading a card", card_),
    ("the cards", cards),
    ("listening to the cards", lambda name: Listen(cards(name))),
    ("reading a sign-in", sign_in),
    ("listening to a sign-in", lambda name: Listen(sign_in(name))),
    ("reading one's own sign-in", own_sign_in),
    ("listening to one's own sign-in", lambda name: Listen(own_sign_in(name), samples.user_of(name))),
    ("the sign-ins", sign_ins),
]

WRITES: list[tuple[str, Make, tuple[Make, ...]]] = [
    ("a first commit", samples.first, ()),
    ("a next commit", samples.next_, (samples.first,)),
    ("taking the lease", samples.taken, (samples.first,)),
    ("making a mark", samples.mark, (samples.first,)),
    ("removing a mark", samples.unmark, (samples.first, samples.mark)),
    ("registering", samples.registration, ()),
    ("registering again", samples.registration, (samples.registration,)),
    ("registering with a card", samples.registration_with_card, ()),
    ("a card", samples.card, (samples.registration,)),
    ("a card again", samples.card, (samples.registration_with_card,)),
    ("a card but its name", samples.card_but_name, (samples.registration_with_card,)),
    ("a beat", samples.beat, (samples.registration_with_card,)),
    ("a new name", samples.rename, (samples.registration_with_card,)),
    ("a revocation", samples.revocation, (samples.registration,)),
    ("a revocation on the card", samples.card_revocation, (samples.registration_with_card,)),
    ("deleting a session with the account", samples.end_of_session, (samples.first,)),
    ("deleting a card with the account", samples.end_of_card, (samples.registration_with_card,)),
    ("signing a device out", samples.sign_out, (samples.registration_with_card,)),
]
