"""Timers for presenters, by Kivy's clock. Main thread."""

from collections.abc import Callable

from kivy.clock import Clock


def after(seconds: float, call: Callable[[], None]) -> Callable[[], object]:
    """An `After`: calls once that much later; what it returns prevents that.

    Counted from the next frame on: nobody waits in front of a window that is still being built.
    """
    due = Clock.create_trigger(lambda _dt: call(), seconds)
    first_frame = Clock.schedule_once(lambda _dt: due(), 0)

    def prevent() -> None:
        first_frame.cancel()
        due.cancel()

    return prevent
