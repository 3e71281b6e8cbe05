"""The reading half of the journey."""

from __future__ import annotations

import time
from functools import partial

from apps.common.driving import AppProcess, Seen
from apps.demo.journey import Journey, saved_everywhere
from apps.demo.signing_in import close_panel, enter_code, show_code, use_code
from apps.demo.stage import LAPTOP, PHONE, TABLET

SLOW_MS = 4_000.0  # each way: until then nobody waits for the place
RING_S = 0.5  # the ring comes only when looking takes a moment
Place = tuple[str, int]


def place(seen: Seen) -> Place:
    """Chapter file and character: the place itself, whatever page it is on."""
    return seen["href"], seen["offset"]


def quote(seen: Seen) -> str:
    """The sentence at the place, for the eye."""
    words = str(seen["sentence"]).strip("“”")
    return f"“{words[:44].rstrip()}…”" if len(words) > 45 else f"“{words}”"


def is_open(seen: Seen) -> bool:
    return seen["offset"] is not None


def shows(screen: Seen, wanted: Seen) -> bool:
    """The sentence at the place of ``wanted`` is on the page of ``screen``."""
    return bool(
        screen["href"] == wanted["href"] and screen["page_start"] <= wanted["offset"] < screen["page_end"]
    )


def same_place(there: Seen, here: Seen) -> bool:
    """To the character, with the same words, on the page that is shown."""
    return place(there) == place(here) and there["sentence"] == here["sentence"] and shows(there, here)


class Reading(Journey):
    """See the module."""

    app = pictures = "reader"

    def play(self) -> None:
        self.report.chapter("Reading")
        with self.open(PHONE) as phone:
            if not self.signs_in("phone", phone, create=True):
                return
            self._begin(phone)
            with self.open(LAPTOP) as laptop:
                if not self._laptop_joins(phone, laptop):
                    return
                self._laptop_opens(phone, laptop)
                self._pages_turn(phone, laptop)
                self._text_grows(phone, laptop)
                self.picture(phone, "phone")
                self.picture(laptop, "laptop")
                self._tunnel(phone, laptop)
                self._new_device(phone)
            self._laptop_comes_back(phone)

    # -- helpers

    def turned(self, app: AppProcess, key: str = "", pages: int = 1) -> tuple[int, Seen]:
        """Turn pages, by swiping on a phone and by key on a laptop; the last touch, and where that led."""
        at_ns, seen = 0, app.observe()
        for _ in range(pages):
            before = place(seen)
            at_ns = app.key(key) if key else app.swipe(-0.6)
            seen = app.wait(
                partial(lambda before, s: place(s) != before, before), "another page", since_ns=at_ns
            )
        return at_ns, seen

    def follows(self, who: str, what: str, app: AppProcess, other: AppProcess, key: str = "") -> None:
        """Turn pages on ``app`` until its sentence is on none of ``other``'s: which must turn to it then.

        A laptop's page holds several of a phone's; while it shows the sentence already it rightly stays.
        """
        with self.step(who, what):
            there, here = other.observe(), other.observe()
            while shows(there, here):
                self.breathe(app)
                at_ns, here = self.turned(app, key)
            there = other.wait(lambda s: same_place(s, here), what, since_ns=at_ns)
            self.report.add(who, what, quote(there), True, max(0.0, (there.at_ns - at_ns) / 1e6), live=True)

    # -- steps

    def _begin(self, phone: AppProcess) -> None:
        with self.step("phone", "opens the book"):
            seen = phone.wait(is_open, "the book")
            self.compare(
                "phone", "opens the book", str(seen["title"]), is_open(seen), self.age_ms(phone, seen)
            )
        with self.step("phone", "turns four pages"):
            start = place(phone.observe())
            _, seen = self.turned(phone, pages=4)
            self.compare("phone", "turns four pages", quote(seen), place(seen) != start)
            self.picture(phone, "phone-before")
            phone.wait(saved_everywhere, "“saved everywhere”")

    def _laptop_joins(self, phone: AppProcess, laptop: AppProcess) -> bool:
        """By a code that the phone shows: no password is typed."""
        if self.stage.sign_ins is None:
            return True
        with self.step("laptop", "signs in with the phone's code"):
            code = show_code(phone)
            enter_code(laptop, code)
            at_ns, seen = use_code(laptop)
            self._signed_in_ns[laptop] = at_ns
            ms = (seen.at_ns - at_ns) / 1e6
            who = f"{code[:2]}…: {seen['who']}"
            self.compare("laptop", "signs in with the phone's code", who, seen["who"] == "email", ms)
            close_panel(phone)
            return True
        return False

    def _laptop_opens(self, phone: AppProcess, laptop: AppProcess) -> None:
        what = "opens the book: the same sentence"
        with self.step("laptop", what):
            here = phone.observe()
            there = laptop.wait(lambda s: same_place(s, here), what)
            self.compare("laptop", what, quote(there), True, self.age_ms(laptop, there))
            self.picture(laptop, "laptop-before")
            laptop.wait(saved_everywhere, "“saved everywhere”")

    def _pages_turn(self, phone: AppProcess, laptop: AppProcess) -> None:
        self.follows("phone", "turns a page, the laptop follows", phone, laptop)
        self.follows("laptop", "turns a page, the phone follows", laptop, phone, key="right")
        self.follows("laptop", "turns back, the phone follows", laptop, phone, key="left")
        self.follows("phone", "turns a page, the laptop follows", phone, laptop)

    def _text_grows(self, phone: AppProcess, laptop: AppProcess) -> None:
        what = "larger text: the place holds"
        with self.step("phone", what):
            before, there = phone.observe(), laptop.observe()
            for step in range(2):
                at_ns = phone.key("+")
                size = before["text_size"]
                phone.wait(
                    partial(lambda least, s: s["text_size"] > least, size + step),
                    "larger text",
                    since_ns=at_ns,
                )
            after = phone.wait(lambda s: same_place(s, before), what)
            held = after["pages"] >= before["pages"]
            pages = (
                f"page {before['page']}/{before['pages']} → {after['page']}/{after['pages']}, same sentence"
            )
            self.compare("phone", what, pages, held)
            stays = (place(laptop.observe()), laptop.observe()["text_size"]) == (
                place(there),
                there["text_size"],
            )
            self.compare("laptop", "keeps its own text size and place", f"{there['text_size']:g}", stays)

    def _tunnel(self, phone: AppProcess, laptop: AppProcess) -> None:
        """The phone goes off the network, is read on, and comes back."""
        wire = self.stage.wire("reader", PHONE)
        with self.step("phone", "off the network: pages turn all the same"):
            before = place(laptop.observe())
            wire.cut()
            phone.wait(lambda s: str(s["link"]).lower() != "live", "that it is offline")
            _, here = self.turned(phone, pages=6)
            untouched = place(laptop.observe()) == before
            self.compare("phone", "off the network: pages turn all the same", quote(here), untouched)
            self.picture(phone, "phone-offline")
            wire.restore()
            at_ns = laptop.observe().at_ns
            what = "phone is back, it follows by itself"
            there = laptop.wait(lambda s: same_place(s, here), what, since_ns=at_ns)
            self.compare("laptop", what, quote(there), True, (there.at_ns - at_ns) / 1e6)

    def _new_device(self, phone: AppProcess) -> None:
        """A third device, on a slow line: it has never heard of the book, and is read on all the same."""
        wire = self.stage.wire("reader", TABLET)
        self.stage.sign_in_before("reader", TABLET)
        wire.delay(SLOW_MS)
        with self.step("tablet", "new: finds the place"), self.open(TABLET) as tablet:
            tablet.wait(lambda s: s["searching"], "that it looks for the place")
            time.sleep(RING_S)
            self.picture(tablet, "tablet-looking")
            tablet.wait(lambda s: s["unknown"] and is_open(s), "the first page, and a word about it")
            _, blind = self.turned(tablet, "right", pages=2)
            self.still(tablet, "tablet-unknown")
            wire.delay(0)
            self._place_is_offered(phone, tablet, blind)

    def _place_is_offered(self, phone: AppProcess, tablet: AppProcess, blind: Seen) -> None:
        what = "new, read blindly: the place is offered"
        offered = tablet.wait(lambda s: s["offer"], what)
        self.compare("tablet", what, str(offered["offer"]), place(offered) == place(blind))
        self.still(tablet, "tablet-offer")
        tablet.click("banner_action")
        here, what = phone.observe(), "takes it: the phone's sentence"
        there = tablet.wait(lambda s: same_place(s, here) and s["back"], what)
        self.compare("tablet", what, quote(there), True)
        self.still(tablet, "tablet-back")
        what = f"{there['back']}: {there['why_back']}"
        tablet.click("go_back")
        back = tablet.wait(lambda s: place(s) == place(blind), "the way back")
        self.compare("tablet", "goes back to what was read blindly", what, shows(back, blind))
        tablet.click("go_back")
        tablet.wait(lambda s: same_place(s, here) and saved_everywhere(s), "the place again")
        phone.wait(lambda s: same_place(s, here), "that the phone is there, too")

    def _laptop_comes_back(self, phone: AppProcess) -> None:
        what = "closed, phone reads on, opened again"
        with self.step("laptop", what):
            _, here = self.turned(phone, pages=2)
            phone.wait(saved_everywhere, "“saved everywhere”")
            phone.close()
            with self.open(LAPTOP) as laptop:
                there = laptop.wait(lambda s: same_place(s, here), what)
                self.compare("laptop", what, quote(there), True, self.age_ms(laptop, there))
