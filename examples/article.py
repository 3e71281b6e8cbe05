"""An article that opens where another screen left it: at the sentence, at any width, in any edition.

    dalsegno emulator --port 8080 --rules firestore.rules                        # in one terminal
    export FIRESTORE_EMULATOR_HOST=127.0.0.1:8080                                # in two others
    python examples/article.py examples/editions/first.html --device laptop
    python examples/article.py examples/editions/second.html --device phone --columns 34

A place is no page number: it is the words that stand there, and some around them. All editions have these.
"""

import argparse
import hashlib
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from threading import Lock

import dalsegno as ds
from dalsegno.locators import Locations, Text, locate

HREF = "keeping-ones-place"  # the article, whatever the edition: what its places point into


class Reading(ds.State, schema="article/1"):
    place: ds.Locator = ds.latest(ds.Locator(HREF))  # at first its beginning


class Edition(HTMLParser):
    """Fed with one edition, it has its plain words; `locate` looks for places in them."""

    hrefs = (HREF,)
    words = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.words += "\n" if self.words and tag in ("h1", "h2", "p") else ""

    def handle_data(self, data: str) -> None:
        self.words += re.sub(r"\s+", " ", data)

    def text(self, href: str) -> str:
        return self.words

    def content_hash(self, href: str) -> str:
        return hashlib.sha256(self.words.encode()).hexdigest()

    def place(self, start: int) -> ds.Locator:
        """The words from `start` to the end of their sentence, and in the same edition the very letter."""
        end = start + 1 + len(re.split(r"(?<=[.!?”]) |\n", self.words[start + 1 :], maxsplit=1)[0])
        where = Locations(start / len(self.words), char_offset=start, content_hash=self.content_hash(HREF))
        return ds.Locator(HREF, locations=where, text=Text.quote(self.words, start, end))


class Screen:
    """A page of an edition: so many rows, from the line with the session's place on."""

    def __init__(self, edition: Edition, columns: int, rows: int, book: ds.Session[Reading]) -> None:
        self.edition, self.rows, self.book, self.lock = edition, rows, book, Lock()
        # A line that fits and ends with a word; a word that does not fit; between paragraphs, a blank line.
        lines = re.finditer(rf"\S.{{0,{columns - 1}}}(?!\S)|\S{{{columns}}}|\n", edition.words)
        self.lines = [(line.start(), line[0].strip()) for line in lines]

    def top(self) -> int:
        found = locate(self.book.state.place, self.edition)
        return sum(start <= (found.offset if found else 0) for start, _ in self.lines) - 1

    def turn(self, pages: int) -> None:
        top = max(0, self.top() + pages * self.rows)
        if top < len(self.lines):
            self.book.update(place=self.edition.place(self.lines[top][0]))

    def show(self, _: object = None) -> None:
        with self.lock:  # callbacks come on a thread of the SDK's
            lines = self.lines[(top := self.top()) : top + self.rows]
            print("\x1b[2J\x1b[H" * sys.stdout.isatty() + "\n".join(line for _, line in lines).strip("\n"))
            print(f"— {top / len(self.lines):.0%} · Enter: on, p: back, q: quit —", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="An article that opens where another screen left it.")
    parser.add_argument("edition", type=Path)
    parser.add_argument("--device", default="laptop", help="its name, and that of its local data")
    parser.add_argument("--user", default="alice", help="whose devices these are")
    parser.add_argument("--columns", type=int, default=shutil.get_terminal_size().columns)
    options = parser.parse_args()
    edition, rows = Edition(), shutil.get_terminal_size().lines - 2
    edition.feed(options.edition.read_text("utf-8").partition("<body>")[2].strip())
    user, device = ds.Unsigned(options.user), options.device  # on a project of yours: ds.EmailPassword(…)
    with ds.connect("demo-dalsegno", user=user, device=device, profile=device, app="article") as client:
        screen = Screen(edition, options.columns, rows, client.open(HREF, Reading))
        screen.book.on_change(screen.show)  # whenever a page is turned, here or elsewhere
        screen.show()  # and now, from this device's disk: the network follows
        while (key := sys.stdin.readline()) not in ("q\n", ""):
            screen.turn(-1 if key == "p\n" else 1)


if __name__ == "__main__":
    main()
