"""Places in publications: how an app makes a `Locator`, and finds the place again in its own copy.

    place = Locator(href, type=XHTML, locations=Locations(…), text=Text(highlight="Call me Ishmael."))
    found = locate(place, chapters)          # exact, by quote, by context or by progression; it says which

The public face of `_core/locator.py` and `_core/locate.py`. Pure; any thread.
"""

from dalsegno._core.locate import Confidence, Found, locate
from dalsegno._core.locator import XHTML, Locations, Locator, Text, offset_at, progression_at
from dalsegno._public import name_publicly

__all__ = [
    "XHTML",
    "Confidence",
    "Found",
    "Locations",
    "Locator",
    "Text",
    "locate",
    "offset_at",
    "progression_at",
]

name_publicly(__name__, set(__all__) - {"Locator"}, globals())


def __dir__() -> list[str]:
    return sorted(__all__)
