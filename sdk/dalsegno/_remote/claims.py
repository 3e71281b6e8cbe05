"""What a token says of the sign-in that it follows from. Pure; any thread."""

from __future__ import annotations

import base64
import json


def sign_in_of(token: str) -> str:
    """The moment of the sign-in (`auth_time`, seconds of the Unix epoch) as text; '' if it does not say.

    The signature is not looked at: what is read here only names a document, and the server's rules compare
    that name with the token that they have verified.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        moment = claims["auth_time"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return ""
    return str(moment) if isinstance(moment, int) and not isinstance(moment, bool) and moment >= 0 else ""
