"""EPUB files as careless, old and hostile programs make them: each with what a person should see of it.

`NASTY` is a table: name → (how to make it, what must be read in it). Instead of words a case may bring
`Refused`: then the file is refused, with a sentence that has these words.
"""

from __future__ import annotations

from tests.apps.reader.nasty_archives import ARCHIVES
from tests.apps.reader.nasty_chapters import CHAPTERS
from tests.apps.reader.nasty_making import Nasty
from tests.apps.reader.nasty_packages import PACKAGES

NASTY: dict[str, Nasty] = {**PACKAGES, **CHAPTERS, **ARCHIVES}
