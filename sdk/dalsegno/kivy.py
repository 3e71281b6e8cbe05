"""Dal Segno in a Kivy app: callbacks on Kivy's main thread, and a property bound to a field in one line.

``deliver`` may be called from any thread; everything else belongs to Kivy's main thread. Invariant: what
is delivered runs in the order in which it was delivered, and one hop to the main thread carries all that
is waiting.

    client = ds.connect(…, deliver=dalsegno.kivy.deliver)
    unbind = dalsegno.kivy.bind(session, "volume", slider, "value")
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from kivy.clock import Clock

from dalsegno._errors import UsageError

if TYPE_CHECKING:
    from dalsegno._client.change import Change
    from dalsegno._client.session import Session
    from dalsegno._core.state import State

    StateT = TypeVar("StateT", bound=State)

__all__ = ["bind", "deliver"]

log = logging.getLogger(__name__)

_waiting: deque[Callable[[], None]] = deque()
_lock = Lock()
_hop_is_due = False


def deliver(callback: Callable[[], None]) -> None:
    """Run ``callback`` on Kivy's main thread, soon, after everything delivered before it.

    Never blocks. An exception of a callback goes to Kivy's ExceptionManager as any other of an event
    handler does; what waits behind it still runs.
    """
    global _hop_is_due
    with _lock:
        _waiting.append(callback)
        if _hop_is_due:
            return
        _hop_is_due = True
    Clock.schedule_once(_run_waiting, 0)


def _run_waiting(_dt: float) -> None:
    global _hop_is_due
    with _lock:
        _hop_is_due = False
        now = list(_waiting)
        _waiting.clear()
    for done, callback in enumerate(now, start=1):
        try:
            callback()
        except BaseException:
            _put_back(now[done:])
            raise


def _put_back(rest: list[Callable[[], None]]) -> None:
    """What waits behind a failed callback goes first in the next hop."""
    global _hop_is_due
    with _lock:
        _waiting.extendleft(reversed(rest))
        if not _waiting or _hop_is_due:
            return
        _hop_is_due = True
    Clock.schedule_once(_run_waiting, 0)


def bind(session: Session[StateT], field: str, widget: Any, name: str) -> Callable[[], None]:
    """Bind the Kivy property ``name`` of ``widget`` to ``field``, both ways; call the result to unbind.

    The property takes the field's value at once. A change of the property updates the field; a change of
    the field, from here or from another device, sets the property, without being written again. The client
    must deliver on Kivy's main thread (``ds.connect(…, deliver=dalsegno.kivy.deliver)``).

    Raises UsageError for a field that the State does not have, or a property that the widget does not have.
    """
    if not hasattr(session.state, field):
        raise UsageError(f"{type(session.state).__name__} has no field {field!r} that could be bound")
    if widget.property(name, True) is None:
        raise UsageError(f"{type(widget).__name__} has no Kivy property {name!r} that could be bound")
    return _Binding(session, field, widget, name).unbind


class _Binding:
    """One property and one field. ``_following`` is what keeps a change from going round in circles."""

    def __init__(self, session: Any, field: str, widget: Any, name: str) -> None:
        self._session, self._field, self._widget, self._name = session, field, widget, name
        self._following = False
        self._follow()
        self._uid = widget.fbind(name, self._property_changed)
        self._unsubscribe = session.on_change(self._field_changed)

    def unbind(self) -> None:
        self._widget.unbind_uid(self._name, self._uid)
        self._unsubscribe()

    def _property_changed(self, _widget: Any, value: Any) -> None:
        if not self._following and value != getattr(self._session.state, self._field):
            self._session.update(**{self._field: value})

    def _field_changed(self, change: Change[Any]) -> None:
        if self._field in change.fields:
            self._follow()

    def _follow(self) -> None:
        # The session's state and not the change's: a change may be delivered late, after a newer edit from
        # here.
        self._following = True
        try:
            setattr(self._widget, self._name, getattr(self._session.state, self._field))
        finally:
            self._following = False


def __dir__() -> list[str]:
    return sorted(__all__)
