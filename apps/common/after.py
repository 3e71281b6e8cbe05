"""Timers for presenters, by Kivy's clock. Main thread."""

from collections.abc import Callable

from kivy.clock import Clock


def after(seconds: float, call: Callable[[], None]) -> Callable[[], object]:
    """An `After`: calls once that much later; what it returns prevents that."""
    cancel: Callable[[], object] = Clock.schedule_once(lambda _dt: call(), seconds).cancel
    return cancel
