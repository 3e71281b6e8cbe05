"""The security rules as far as the engine meets them; the contract suite holds them to firestore.rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dalsegno._core.clock import MAX_AHEAD_MS, is_stamp
from dalsegno._core.document import SCHEMA
from dalsegno._core.messages import ResourcePath
from dalsegno._core.types import Micros

Fields = dict[str, Any]
_REASON = re.compile("[a-z_]{1,32}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MARK = {"kind", "state", "stamp", "device", "at"}
NEEDED = {"schema", "state", "stamps", "basis", "holder", "rev", "hlc", "device", "at"}


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose token it is: `sign_in` names it. `before`, `after`: documents without and with this commit."""

    sign_in: str
    before: Callable[[ResourcePath], Fields | None]
    after: Callable[[ResourcePath], Fields | None]

    @property
    def ended(self) -> bool:
        """Another device has thrown this one out."""
        own = self.before(("signins", self.sign_in)) or {}
        return own.get("revoked") is not None

    def works_for(self, device: Any) -> bool:
        """Whether this device is registered under the sign-in, perhaps by this very commit."""
        own = self.after(("signins", self.sign_in)) or {}
        return own.get("devices", {}).get(device) is True and own.get("revoked") is None

    def may_read(self, path: ResourcePath) -> bool:
        """A device that was thrown out may read why, and nothing else."""
        return not self.ended or path == ("signins", self.sign_in)

    def refusal(self, path: ResourcePath, before: Fields | None, after: Fields, now: Micros) -> str:
        """Why the rules of devices and sign-ins would refuse this write, or ''."""
        match path[0]:
            case "sessions" if before is not None and len(path) == 4:
                same = all(before[name] == after[name] for name in ("state", "stamp"))
                return "" if same and self.works_for(after.get("device")) else "a mark does not change"
            case "sessions":
                return "" if self.works_for(after.get("device")) else "the device is not registered"
            case "signins":
                return "" if self._is_sign_in(path[1], before, after, now) else "no sign-in"
            case "devices":
                return "" if self._is_card(path[1], before, after, now) else "no card"
        return "no such document"

    def why_not_delete(self, path: ResourcePath, asks: bool) -> str:
        """Marks may be deleted by whoever is in; nothing else."""
        if len(path) != 4 or path[2] != "marks":
            return "this is not deleted"
        return "the sign-in was ended" if asks and self.ended else ""

    def _is_sign_in(self, sign_in: str, before: Fields | None, after: Fields, now: Micros) -> bool:
        if before is not None and "revoked" in after and "revoked" not in before:
            kept = {name: value for name, value in after.items() if name != "revoked"}
            return kept == before and self._is_revocation(after["revoked"], now)
        old: Fields = before or {"devices": {}}
        return (
            sign_in == self.sign_in
            and after.keys() == {"devices", "at"}
            and "revoked" not in old
            and after["devices"].keys() >= old["devices"].keys()
            and 1 <= len(after["devices"]) <= 8
            and all(value is True for value in after["devices"].values())
            and after["at"] == _moment(now)
        )

    def _is_revocation(self, revoked: Any, now: Micros) -> bool:
        whole = isinstance(revoked, dict) and revoked.keys() == {"by", "at"}
        return whole and self.works_for(revoked["by"]) and revoked["at"] == _moment(now)

    def _is_card(self, device: str, before: Fields | None, after: Fields, now: Micros) -> bool:
        old: Fields = before or {}
        changed = {name for name in {*old, *after} if old.get(name, _NONE) != after.get(name, _NONE)}
        if before is not None and changed <= {"name"}:
            return not self.ended and _is_text(after["name"], 1, 100)
        if before is not None and changed == {"revoked"} and old.get("revoked") is None:
            return self._is_revocation(after["revoked"], now)
        soonest, latest = 0, now // 1000 + 10 * 60_000
        return (
            self.works_for(device)
            and after.keys() == CARD
            and all(_is_text(after[n], 0, 100) for n in ("name", "kind", "platform", "app"))
            and after["sign_in"] == self.sign_in
            and after["revoked"] is None
            and after["seen"] == _moment(now)
            and isinstance(after["until"], int)
            and soonest <= after["until"] <= latest
            and after["expire_at"] <= _moment(now) + timedelta(days=400)
        )


CARD = {"name", "kind", "platform", "app", "sign_in", "seen", "until", "revoked", "expire_at"}
_NONE = object()


def _moment(now: Micros) -> datetime:
    return _EPOCH + timedelta(microseconds=now)


def _is_text(value: Any, least: int, most: int) -> bool:
    return isinstance(value, str) and least <= len(value) <= most


def refusal(path: ResourcePath, before: Fields | None, after: Fields, now: Micros) -> str:
    """Why firestore.rules would refuse the shape of this write, or ''; cards and sign-ins: see `Asker`."""
    if path[0] != "sessions":
        return ""
    if len(path) == 4:
        return _mark_refusal(path[-1], after)
    state, stamps = after.get("state"), after.get("stamps") or {}
    if not NEEDED <= after.keys() <= NEEDED | {"merge", "landed"}:
        return "not the keys of a session"
    if not (isinstance(state, dict) and stamps.keys() == state.keys() == after["basis"].keys()):
        return "a field without stamp or basis"
    if not all(is_stamp(s) for s in stamps.values()):
        return "no stamp"
    if not after.get("merge", {}).keys() <= state.keys():
        return "bookkeeping of no field"
    landed = after.get("landed", {})
    if not (isinstance(landed, dict) and len(landed) <= 32 and all(is_stamp(s) for s in landed.values())):
        return "no stamps of devices"
    if not 0 <= after["hlc"] <= now // 1000 + MAX_AHEAD_MS:
        return "hlc is ahead of the server"
    if not _may_hold(before.get("holder") if before else None, after["holder"], after["device"], now):
        return "no holder"
    if before is None:
        return "" if after["rev"] == 1 and SCHEMA.fullmatch(after["schema"]) else "no first version"
    if not (NEEDED <= before.keys() and type(before["rev"]) is type(before["hlc"]) is int):
        return "what it follows makes no sense"
    follows = after["rev"] == before["rev"] + 1 and after["hlc"] >= before["hlc"]
    kept = after["schema"] == before["schema"] and state.keys() >= before["state"].keys()
    return "" if follows and kept else "it does not follow"


def _may_hold(old: Any, new: Any, writer: Any, now: Micros) -> bool:
    """A later lease counts one more; of the same one only the holder says until when it lasts."""
    if old == new:
        return True
    if not _is_holder(new, now):
        return False
    before: Fields = old if isinstance(old, dict) else {}
    epoch, lease = before.get("epoch"), before.get("lease")
    if type(epoch) is not int or epoch >= _MOST_EPOCHS or not _is_recent(lease, now):
        return bool(new["epoch"] == 1 and new["device"] == writer)
    if new["epoch"] == epoch + 1 and new["lease"] > lease:
        return bool(new["device"] == writer)
    same = (new["epoch"], new["lease"], new["device"]) == (epoch, lease, before.get("device"))
    return same and (new["until"] == before.get("until") or new["device"] == writer)


_MOST_EPOCHS = 2**53
_DEVICE = re.compile("[0-9a-f]{16}")


def _is_recent(stamp: Any, now: Micros) -> bool:
    return is_stamp(stamp) and int(stamp[:15]) <= now // 1000 + MAX_AHEAD_MS


def _is_soon(millis: Any, now: Micros, ahead_ms: int) -> bool:
    return type(millis) is int and 0 <= millis <= now // 1000 + ahead_ms


def _is_device(value: Any) -> bool:
    return isinstance(value, str) and _DEVICE.fullmatch(value) is not None


def _is_holder(holder: Any, now: Micros) -> bool:
    keys = {"device", "epoch", "until", "lease"}
    if not isinstance(holder, dict) or not keys <= holder.keys() <= {*keys, "ask"}:
        return False
    ask = holder.get("ask")
    return (
        type(holder["epoch"]) is int
        and holder["epoch"] < _MOST_EPOCHS
        and _is_soon(holder["until"], now, 10 * 60_000)
        and _is_recent(holder["lease"], now)
        and ("ask" not in holder or _is_ask(ask, holder["lease"], now))
    )


def _is_ask(ask: Any, lease: Any, now: Micros) -> bool:
    return (
        isinstance(ask, dict)
        and ask.keys() == {"to", "stamp", "lease", "until"}
        and _is_device(ask["to"])
        and _is_recent(ask["stamp"], now)
        and ask["lease"] == lease
        and _is_soon(ask["until"], now, 60_000)
    )


def _mark_refusal(id: str, after: Fields) -> str:
    reason, state = after.get("kind"), after.get("state")
    whole = after.keys() == MARK and len(id) <= 64
    if (
        not whole
        or not isinstance(reason, str)
        or not _REASON.fullmatch(reason)
        or not is_stamp(after["stamp"])
    ):
        return "no mark"
    return "" if isinstance(state, dict) and len(state) <= 64 else "no state of a mark"
