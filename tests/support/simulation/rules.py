"""The security rules as far as the engine meets them; the contract suite holds them to firestore.rules."""

from __future__ import annotations

from typing import Any

from dalsegno.core.clock import MAX_AHEAD_MS, is_stamp
from dalsegno.core.ports import Path
from dalsegno.core.wire import SCHEMA
from dalsegno.types import Micros

Fields = dict[str, Any]
NEEDED = {"schema", "state", "stamps", "basis", "holder", "rev", "hlc", "device", "at"}


def refusal(path: Path, before: Fields | None, after: Fields, now: Micros) -> str:
    """Why firestore.rules would refuse this write, or ''. Only sessions have rules here."""
    if path[0] != "sessions":
        return ""
    state, stamps = after.get("state"), after.get("stamps")
    if not NEEDED <= after.keys() <= NEEDED | {"merge"}:
        return "not the keys of a session"
    if not (isinstance(state, dict) and stamps.keys() == state.keys() == after["basis"].keys()):
        return "a field without stamp or basis"
    if not all(is_stamp(s) for s in stamps.values()):
        return "no stamp"
    if not after.get("merge", {}).keys() <= state.keys():
        return "bookkeeping of no field"
    if not 0 <= after["hlc"] <= now // 1000 + MAX_AHEAD_MS:
        return "hlc is ahead of the server"
    if before is None:
        return "" if after["rev"] == 1 and SCHEMA.fullmatch(after["schema"]) else "no first version"
    follows = after["rev"] == before["rev"] + 1 and after["hlc"] >= before["hlc"]
    kept = after["schema"] == before["schema"] and state.keys() >= before["state"].keys()
    return "" if follows and kept else "it does not follow"
