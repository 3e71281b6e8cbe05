"""Runs one program of docs/recipes.md as it stands, beside a second device; run by `test_recipes`.

    python -m tests.support.recipe Tk HOME

`show` is what the program shows with. It says which thread it is called on; when the second device's page is
shown, it ends the program's loop in the way in which a user would. Exit code 0: that was so.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dalsegno as ds
from dalsegno.testing._simulated_firestore import SimulatedFirestore

PAGES = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"
MAIN = threading.get_ident()
THEIR_PAGE, OUR_PAGE = 7, 8


class Reading(ds.State, schema="reading/1"):
    page: int = ds.latest(0)


def program(heading: str) -> str:
    """The code below a heading."""
    found = re.search(rf"^## {heading}\n.*?```python\n(.*?)```", PAGES.read_text("utf-8"), re.S | re.M)
    assert found, f"no program under {heading!r}"
    return found[1]


class Stage:
    """The program, its one server, and what it has shown."""

    def __init__(self, heading: str, home: Path) -> None:
        self.cloud = SimulatedFirestore()
        self.home, self.heading = home, heading
        self.shown: list[int] = []
        self.names: dict[str, Any] = {
            "__name__": "recipe",
            "user": ds.Unsigned("alice"),
            "Reading": Reading,
            "show": self.show,
        }

    def connect(self, project: str, *, deliver: Any = None, **options: Any) -> ds.Client:
        """Instead of `ds.connect`: the local server."""
        assert ("my-project", "alice") == (project, options["user"].uid)
        return self.cloud.client(self.home, "program", deliver=deliver)

    def show(self, page: int) -> None:
        assert MAIN == threading.get_ident(), "not on the loop's thread"
        if self.shown[-1:] == [page]:
            return  # that it is known now, and still the first page
        self.shown.append(page)
        if len(self.shown) == 1:
            threading.Thread(target=self.turn_the_page, daemon=True).start()
        elif page == THEIR_PAGE:
            # An edit on the loop's own thread, whose callback needs the loop: the trap for many a `deliver`.
            self.session().update(page=OUR_PAGE)
        elif page == OUR_PAGE:
            self.leave()

    def turn_the_page(self) -> None:
        with self.cloud.client(self.home, "second") as second:
            book = second.open("moby-dick", Reading)
            book.update(page=THEIR_PAGE)
            book.wait_saved(60.0)

    def session(self) -> Any:
        return {"asyncio": lambda: ASYNC_SESSIONS[-1], "Kivy": lambda: kivy_app().book}.get(
            self.heading, lambda: self.names["book"]
        )()

    def leave(self) -> None:
        leaves: dict[str, Callable[[], object]] = {
            "asyncio": lambda: self.session().sync.close(),
            "Tk": lambda: self.names["leave"](),
            "Qt": lambda: self.names["app"].quit(),
            "Kivy": lambda: kivy_app().stop(),
        }
        leaves[self.heading]()


def kivy_app() -> Any:
    from kivy.app import App

    return App.get_running_app()


ASYNC_SESSIONS: list[Any] = []


def main(heading: str, home: str) -> None:
    stage = Stage(heading, Path(home))
    ds.connect = stage.connect
    if heading == "asyncio":
        _remember_async_sessions()
    exec(compile(program(heading), str(PAGES), "exec"), stage.names)
    assert [0, THEIR_PAGE, OUR_PAGE] == stage.shown, stage.shown
    stage.cloud.client(stage.home, "program").close(0.0)  # it gave its profile back
    print("shown", flush=True)


def _remember_async_sessions() -> None:
    """The program keeps its session to itself."""
    from dalsegno.asyncio import Client

    plain = Client.open

    def open_and_tell(self: Any, *args: Any) -> Any:
        ASYNC_SESSIONS.append(plain(self, *args))
        return ASYNC_SESSIONS[-1]

    Client.open = open_and_tell  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    main(*sys.argv[1:])
