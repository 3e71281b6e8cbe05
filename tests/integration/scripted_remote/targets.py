"""What the remote adapter is asked to listen to here."""

from __future__ import annotations

from dalsegno._core.messages import Target

MOBY = ("sessions", "moby")


RECENT = Target(2, "recent", ("sessions",), order_by="at", newest=20)


def moby(token: bytes = b"") -> Target:
    return Target(1, "moby", MOBY, resume_token=token)
