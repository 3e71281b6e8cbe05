"""What `firebase deploy` reads."""

from __future__ import annotations

import json
from typing import Any

from tests.support.emulator import RULES

ROOT = RULES.parent


def read(name: str) -> Any:
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def test_firebase_json_names_files_that_are_there() -> None:
    """The rules and indexes that are deployed are the ones beside firebase.json, which are tested."""
    named = read("firebase.json")["firestore"]
    assert named == {"rules": RULES.name, "indexes": "firestore.indexes.json"}
    assert all((ROOT / name).is_file() for name in named.values())


def test_stale_cards_expire_and_maps_are_not_indexed() -> None:
    """Cards go by a TTL policy on expire_at; no index entry is paid for the inside of a session."""
    overrides = read("firestore.indexes.json")["fieldOverrides"]
    by_name = {(o["collectionGroup"], o["fieldPath"]): o for o in overrides}
    assert by_name["devices", "expire_at"]["ttl"] is True
    for name in ("state", "stamps", "basis", "merge", "holder", "landed"):
        assert by_name["sessions", name]["indexes"] == []


def test_sign_ins_never_expire() -> None:
    """A revocation that went away would let the device in again: nothing but cards has a TTL policy."""
    overrides = read("firestore.indexes.json")["fieldOverrides"]
    assert ["devices"] == [o["collectionGroup"] for o in overrides if o.get("ttl")]
