"""What is forbidden to a device that is not registered here, or was signed out: every kind of request."""

from __future__ import annotations

from typing import Any

from tests.rules.forbidden import Forbidden, Make, becomes, sets
from tests.rules.kinds import READS, SEEDS, WRITES
from tests.rules.requests import Put, Together
from tests.rules.samples import (
    LAPTOP,
    ON_LAPTOP,
    ON_STOLEN,
    ON_UNKNOWN,
    PHONE,
    STOLEN,
    UNKNOWN,
    card_path_of,
    first,
    mark,
    next_,
    registered,
    taken,
)

WITH_DEVICE: list[tuple[str, Make, tuple[Make, ...], str, Any]] = [
    ("a first commit", first, (), LAPTOP, ON_LAPTOP),
    ("a next commit", next_, (first,), PHONE, ON_UNKNOWN),
    ("taking the lease", taken, (first,), LAPTOP, ON_LAPTOP),
    ("making a mark", mark, (first,), LAPTOP, ON_LAPTOP),
]
"""Each with another device of the user, and another sign-in."""

UNREGISTERED = [
    case
    for title, make, before, other, elsewhere in WITH_DEVICE
    for case in (
        Forbidden(f"{title} by an unknown device", make, sets(("device",), UNKNOWN), before),
        Forbidden(f"{title} by a device that is signed in elsewhere", make, sets(("device",), other), before),
        Forbidden(f"{title} by a device that was signed out", make, sets(("device",), STOLEN), before),
        Forbidden(f"{title} under the sign-in of another device", make, becomes(user=elsewhere), before),
        Forbidden(f"{title} under an unknown sign-in", make, becomes(user=ON_UNKNOWN), before),
    )
]


def on_stolen(request: Any) -> None:
    """The stolen device asks the same, as far as it can in its own name."""
    request.user = ON_STOLEN
    for put in request.writes if isinstance(request, Together) else [request]:
        if isinstance(put, Put):
            in_its_name(put)


def in_its_name(put: Put) -> None:
    collection = put.path.split("/")[2]
    if ("device",) in put.fields:
        put.fields["device",] = STOLEN
    if ("revoked", "by") in put.fields:
        put.fields["revoked", "by"] = STOLEN
    elif collection == "signins":
        put.path, put.fields = ON_STOLEN.sign_in, registered(STOLEN, ON_STOLEN).fields
    if ("until",) in put.fields:
        put.path = card_path_of(STOLEN)
    if ("sign_in",) in put.fields:
        put.fields["sign_in",] = str(ON_STOLEN.signed_in_s)


SIGNED_OUT = [
    Forbidden(f"{title} on a device that was signed out", make, on_stolen, before)
    for title, make, before in [*((title, make, SEEDS) for title, make in READS), *WRITES]
]

CUT_OFF = [*UNREGISTERED, *SIGNED_OUT]
