"""The documents of devices and of sign-ins ↔ ours. Pure; the shapes that `firestore.rules` checks.

    users/{uid}/devices/{device}     the card: what the user's other devices show of this one
    users/{uid}/signins/{sign-in}    which devices work under it, and whether somebody ended it

A sign-in is named by the moment at which the user signed in (`auth_time` of every token that follows from
it): that is all that the rules can tell one device's tokens from another's by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dalsegno._core.messages import ANY, FieldPath, Snapshot, Write
from dalsegno._core.record import record
from dalsegno._core.types import DeviceId, Micros, Value

KEPT = timedelta(days=180)
"""When a card of a device that was never seen again may be deleted (a TTL policy does it)."""
MAX_NAME, MAX_KIND = 100, 32
"""As the security rules have it, which count as UTF-16 does: most emoji are two."""


@record(frozen=True, slots=True)
class DeviceCard:
    """What a device says of itself. `kind`: phone, tablet, laptop, …"""

    name: str
    kind: str
    platform: str
    app: str


@record(frozen=True, slots=True)
class Card:
    """A device as the server has it.

    sign_in   the sign-in under which it works, or ''
    seen_ms   when it wrote its card last;  until_ms: until when it is online, 0 = it left
    revoked   somebody threw it out
    """

    id: DeviceId
    says: DeviceCard
    sign_in: str
    seen_ms: int
    until_ms: int
    revoked: bool
    update_time: Micros


@record(frozen=True, slots=True)
class SignInRecord:
    """A sign-in as the server has it. `by`: who ended it, or ''."""

    devices: frozenset[str]
    revoked: bool = False
    by: str = ""


def fitting(text: str, most: int) -> str:
    """What the rules take of a text: what is no Unicode is left out, what is too long cut off.

    They count as JavaScript does: most emoji are two.
    """
    return text.encode("utf-16-le", "surrogatepass")[: 2 * most].decode("utf-16-le", "ignore")


def card_of(snapshot: Snapshot) -> Card:
    """Understands a card; what makes no sense in it is as if it were not there."""
    fields = snapshot.fields
    says = DeviceCard(*(_text(fields.get(name)) for name in ("name", "kind", "platform", "app")))
    seen, until = fields.get("seen"), fields.get("until")
    return Card(
        id=DeviceId(snapshot.path[-1]),
        says=says,
        sign_in=_text(fields.get("sign_in")),
        seen_ms=_millis(seen) if isinstance(seen, datetime) else 0,
        until_ms=until if isinstance(until, int) else 0,
        revoked=fields.get("revoked") is not None,
        update_time=snapshot.update_time,
    )


def sign_in_of(snapshot: Snapshot | None) -> SignInRecord:
    """Understands a sign-in; None = the server has no such document, so nobody is registered under it."""
    if snapshot is None:
        return SignInRecord(frozenset())
    devices, revoked = snapshot.fields.get("devices"), snapshot.fields.get("revoked")
    known = frozenset(devices) if isinstance(devices, Mapping) else frozenset()
    by = revoked.get("by") if isinstance(revoked, Mapping) else ""
    return SignInRecord(known, revoked is not None, _text(by))


def card_write(
    device: DeviceId, card: DeviceCard, sign_in: str, *, until_ms: int, now_ms: float, named: bool = True
) -> Write:
    """All that a device says of itself. `named` False leaves the name as it is: another device may have
    given it; the card must be there already."""
    fields: dict[FieldPath, Value] = {
        ("kind",): card.kind,
        ("platform",): card.platform,
        ("app",): card.app,
        ("sign_in",): sign_in,
        ("revoked",): None,
    }
    if named:
        fields["name",] = card.name
    return Write(("devices", device), {**fields, **_alive(until_ms, now_ms)}, ANY, server_times=(("seen",),))


def beat_write(device: DeviceId, *, until_ms: int, now_ms: float) -> Write:
    """A sign of life, on a card that is there already; `until_ms` 0 = it leaves."""
    return Write(("devices", device), _alive(until_ms, now_ms), ANY, server_times=(("seen",),))


def registration_write(device: DeviceId, sign_in: str) -> Write:
    """This device works under this sign-in from now on."""
    return Write(("signins", sign_in), {("devices", device): True}, ANY, server_times=(("at",),))


def naming_write(device: DeviceId, name: str) -> Write:
    """Another name for a device."""
    return Write(("devices", device), {("name",): name}, ANY)


def revocation_writes(card: Card, by: DeviceId) -> list[Write]:
    """Ends the sign-in of a device, and says so on its card, if that still is as we know it."""
    fields: Mapping[FieldPath, Value] = {("revoked", "by"): by}
    at = (("revoked", "at"),)
    return [
        Write(("devices", card.id), fields, card.update_time, server_times=at),
        Write(("signins", card.sign_in), fields, ANY, server_times=at),
    ]


def _alive(until_ms: int, now_ms: float) -> dict[FieldPath, Value]:
    return {("until",): until_ms, ("expire_at",): datetime.fromtimestamp(now_ms / 1000, UTC) + KEPT}


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _millis(moment: datetime) -> int:
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (known - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
