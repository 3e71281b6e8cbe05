"""The part of the journey about accounts and devices: who may come in, and who is thrown out."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from apps.common.driving import AppProcess, Seen
from apps.demo import signing_in as screens
from apps.demo.journey import LIVE_S, saved_everywhere
from apps.demo.reading import Reading, is_open, place, quote, same_place, shows
from apps.demo.report import Report
from apps.demo.services import Person, SignIns
from apps.demo.stage import LAPTOP, PHONE, Stage
from apps.demo.thief import GRANTED, REFUSED, Thief

NEW_PHONE = replace(PHONE, profile="new-phone")  # nobody has ever been signed in on these
NEW_LAPTOP = replace(LAPTOP, profile="new-laptop")
NEW_NAME = "Kitchen laptop"


class Trust(Reading):
    """See the module."""

    pictures = "trust"

    def __init__(self, stage: Stage, report: Report) -> None:
        super().__init__(stage, report)
        assert stage.sign_ins is not None
        self.sign_ins: SignIns = stage.sign_ins
        self.who: Person = stage.person("bob")

    def play(self) -> None:
        self.report.chapter("Trust")
        with self.open(NEW_PHONE) as phone:
            if not self._phone_alone(phone):
                return
            with self.open(NEW_LAPTOP) as laptop:
                if self._laptop_joins(phone, laptop):
                    self._each_other(phone, laptop)
                    self._thrown_out(phone, laptop)

    # -- one device

    def _phone_alone(self, phone: AppProcess) -> bool:
        """From no account to one, out and in again; whether all of it went through."""
        here = self._starts(phone)
        if here is None or not self._adds_email(phone, here) or not self._signs_out(phone):
            return False
        self._mistypes(phone)
        return self._returns(phone, here)

    def _starts(self, phone: AppProcess) -> Seen | None:
        what = "starts without an account"
        with self.step("phone", what):
            phone.wait(screens.asks_who, "the sign-in screen")
            self.still(phone, "phone-sign-in")
            at_ns = phone.click("without_account")
            seen = phone.wait(is_open, "the book", since_ns=at_ns)
            self.compare("phone", what, str(seen["who"]), seen["who"] == "anonymous", _ms(seen, at_ns))
            _, here = self.turned(phone, pages=3)
            phone.wait(saved_everywhere, "“saved everywhere”")
            return here
        return None

    def _adds_email(self, phone: AppProcess, here: Seen) -> bool:
        what = "adds an e-mail address: the page stays"
        with self.step("phone", what):
            screens.open_panel(phone)
            phone.click("add_email")
            phone.type(self.who.email, on="email")
            phone.type(self.who.password, on="password")
            self.still(phone, "phone-add-email")
            at_ns = phone.click("save_email")
            seen = phone.wait(lambda s: s["who"] == "email", what, since_ns=at_ns)
            stays = same_place(phone.observe(), here)
            self.compare("phone", what, quote(here), stays, _ms(seen, at_ns))
            return True
        return False

    def _signs_out(self, phone: AppProcess) -> bool:
        what = "signs out: nothing of the book is left"
        with self.step("phone", what):
            phone.wait(saved_everywhere, "“saved everywhere”")
            screens.open_panel(phone)
            phone.click("sign_out")
            phone.wait(lambda s: s["confirm"], "the question")
            at_ns = phone.click("confirm_yes")
            seen = phone.wait(screens.asks_who, "the sign-in screen", since_ns=at_ns)
            gone = not seen["signed_in"] and not seen["sentence"]
            self.compare("phone", what, "the sign-in screen", gone, _ms(seen, at_ns))
            return True
        return False

    def _mistypes(self, phone: AppProcess) -> None:
        what = "mistypes the password, and is told"
        with self.step("phone", what):
            screens.fill_in(phone, self.who, self.who.password.title())
            at_ns = phone.click("sign_in")
            seen = phone.wait(screens.said, what, since_ns=at_ns)
            told = "password" in screens.said(seen) and not seen["signed_in"]
            self.compare("phone", what, screens.said(seen), told, _ms(seen, at_ns))
            self.still(phone, "phone-mistyped")

    def _returns(self, phone: AppProcess, here: Seen) -> bool:
        what = "signs in again: the page is there"
        with self.step("phone", what):
            self._signs_in_again(phone, "phone", what, here)
            phone.wait(saved_everywhere, "“saved everywhere”")
            return True
        return False

    def _signs_in_again(self, app: AppProcess, name: str, what: str, place: Seen) -> int:
        """Stands where it was left; tells when the button was pressed."""
        self._in_another_second()
        at_ns, _ = screens.sign_in(app, self.who)
        self._picks_the_book(app)
        seen = app.wait(lambda s: same_place(s, place), what, since_ns=at_ns)
        self.compare(name, what, quote(seen), True, _ms(seen, at_ns))
        return at_ns

    def _in_another_second(self) -> None:
        """Sign-ins are told apart by the second in which they were made: nobody types so fast."""
        time.sleep(1.0 - time.time() % 1.0)

    def _picks_the_book(self, app: AppProcess) -> None:
        """Who comes back stands before the library."""
        app.wait(lambda s: s["books"], "the library")
        app.click("book.0")

    # -- two devices

    def _laptop_joins(self, phone: AppProcess, laptop: AppProcess) -> bool:
        what = "enters the phone's code: the same sentence"
        with self.step("laptop", what):
            here = phone.observe()
            laptop.wait(screens.asks_who, "the sign-in screen")
            screens.enter_code(laptop, screens.show_code(phone))
            self.still(phone, "phone-code")
            self.still(laptop, "laptop-code")
            self._in_another_second()
            at_ns, _ = screens.use_code(laptop)
            there = laptop.wait(lambda s: same_place(s, here), what, since_ns=at_ns)
            self.compare("laptop", what, quote(there), True, _ms(there, at_ns))
            screens.close_panel(phone)
            return True
        return False

    def _each_other(self, phone: AppProcess, laptop: AppProcess) -> None:
        for who, app, other in (("phone", phone, LAPTOP.name), ("laptop", laptop, PHONE.name)):
            with self.step(who, f"shows {other} online"):
                screens.open_panel(app)
                seen = app.wait(
                    partial(lambda other, s: screens.devices(s).get(other, {}).get("online"), other),
                    f"{other} online",
                    timeout_s=LIVE_S,
                )
                names = ", ".join(f"{row['name']}: {row['said']}" for row in seen["devices"])
                self.compare(who, f"shows {other} online", names, len(seen["devices"]) == 2)
        with self.step("phone", "renames the laptop, which sees it"):
            row = screens.row_of(phone, LAPTOP.name)
            phone.click(f"rename.{row}")
            phone.clear("new_name")
            phone.type(NEW_NAME, on="new_name")
            self.live(
                "phone",
                "renames the laptop, which sees it",
                lambda: phone.click("save_name"),
                laptop,
                lambda s: s["device_name"] == NEW_NAME,
                lambda s: str(s["device_name"]),
            )
            self.still(phone, "phone-devices")
            self.still(laptop, "laptop-devices")
            screens.close_panel(laptop)

    def _thrown_out(self, phone: AppProcess, laptop: AppProcess) -> None:
        """The laptop turns pages in a tunnel, is signed out meanwhile, and told so when it is back.

        A tunnel and no cut: the emulator keeps a listener whose connection broke, and if the rules refuse
        that one afterwards it tells nobody of the document's next change.
        """
        wire = self.stage.wire("reader", NEW_LAPTOP)
        before = place(phone.observe())
        unsent = self._reads_on_alone(phone, laptop)
        if unsent is None or not self._phone_signs_it_out(phone):
            return
        wire.restore()
        what = "is told by whom, and asked to sign in"
        with self.step("laptop", what):
            at_ns = phone.observe().at_ns
            seen = laptop.wait(lambda s: screens.asks_who(s) and screens.said(s), what, since_ns=at_ns)
            told = PHONE.name in screens.said(seen) and not seen["signed_in"]
            self.compare("laptop", what, screens.said(seen), told, _ms(seen, at_ns))
            held = place(phone.observe()) == before
            self.compare("phone", "gets nothing of it any more", quote(phone.observe()), held)
            self.still(phone, "phone")
            self.still(laptop, "laptop")
            self._comes_back(phone, laptop, unsent)

    def _reads_on_alone(self, phone: AppProcess, laptop: AppProcess) -> Seen | None:
        """In a tunnel, to a sentence that is not on the phone's page; the unsent place."""
        what = "reads on in a tunnel"
        with self.step("laptop", what):
            laptop.wait(saved_everywhere, "“saved everywhere”")
            self._thief = self._copied_token()
            self.stage.wire("reader", NEW_LAPTOP).stall()
            there, here = phone.observe(), laptop.observe()
            while shows(there, here):
                _, here = self.turned(laptop, key="right")
            laptop.wait(lambda s: not saved_everywhere(s), "“saved here”")
            self.compare("laptop", what, f"{quote(here)}, unsent", place(here) != place(there))
            return here
        return None

    def _copied_token(self) -> Thief:
        """Whoever has the laptop has its token."""
        sign_ins = self.sign_ins
        user = sign_ins.account("reader", NEW_LAPTOP.profile, self.stage.home(NEW_LAPTOP)).user
        assert user is not None
        return Thief(sign_ins.firestore, sign_ins.project, user.uid, user.id_token())

    def _phone_signs_it_out(self, phone: AppProcess) -> bool:
        what = "signs the laptop out"
        with self.step("phone", what):
            before = self._thief.reads(), self._thief.renames(PHONE.name)
            screens.open_panel(phone)
            phone.click(f"sign_out_device.{screens.row_of(phone, NEW_NAME)}")
            phone.wait(lambda s: s["confirm"], "the question")
            self.still(phone, "phone-confirm")
            at_ns = phone.click("confirm_yes")
            seen = phone.wait(
                lambda s: screens.devices(s).get(NEW_NAME, {}).get("signed_out"), what, since_ns=at_ns
            )
            row = screens.devices(seen)[NEW_NAME]
            self.compare("phone", what, f"{NEW_NAME}: {row['said']}", not row["online"], _ms(seen, at_ns))
            after = self._thief.reads(), self._thief.renames(PHONE.name)
            held = (before, after) == ((GRANTED, GRANTED), (REFUSED, REFUSED))
            compared = "HTTP {} and {} before, {} and {} now".format(*before, *after)
            self.compare("laptop", "its token neither reads nor writes now", compared, held)
            return True
        return False

    def _comes_back(self, phone: AppProcess, laptop: AppProcess, unsent: Seen) -> None:
        what = "signs in again: the unsent page is there"
        at_ns = 0
        with self.step("laptop", what):
            at_ns = self._signs_in_again(laptop, "laptop", what, unsent)
        what = "follows to it"
        with self.step("phone", what):
            there = phone.wait(lambda s: same_place(s, unsent), what, since_ns=at_ns)
            self.compare("phone", what, quote(there), True, _ms(there, at_ns))
        what = "shows it online again, as one device"
        with self.step("phone", what):
            shown = phone.wait(
                lambda s: screens.devices(s).get(NEW_NAME, {}).get("online"), what, since_ns=at_ns
            )
            names = ", ".join(f"{row['name']}: {row['said']}" for row in shown["devices"])
            self.compare("phone", what, names, len(shown["devices"]) == 2, _ms(shown, at_ns))


def _ms(seen: Seen, since_ns: int) -> float:
    return max(0.0, (seen.at_ns - since_ns) / 1e6)
