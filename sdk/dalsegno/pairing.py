"""A second device without a password, for apps: one device shows a code, the other one enters it.

    code = request_code("https://pair.example.com", user)       # show code.text, and code.qr() as a picture
    user = redeem("https://pair.example.com", typed, api_key=…)  # for `connect(…, user=user)`

The public face of `_auth/pairing.py`. Any thread but the app's own: every call waits for the network.
"""

from dalsegno._auth.pairing import PairingCode, redeem, request_code
from dalsegno._public import name_publicly

__all__ = ["PairingCode", "redeem", "request_code"]

name_publicly(__name__, __all__, globals())


def __dir__() -> list[str]:
    return sorted(__all__)
