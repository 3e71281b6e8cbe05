"""The life of the stream, as docs/stream.md shows it: `python -m tests.support.stream_table` writes it."""

from __future__ import annotations

from pathlib import Path

from dalsegno._core.stream_life import NEXT, Action, Event, OfflineCause, StreamState

PAGE = Path(__file__).parents[2] / "docs" / "stream.md"
BEGIN, END = "<!-- the table: begin -->\n", "<!-- the table: end -->\n"


def table() -> str:
    """States, causes and the table itself, as Markdown."""
    states = [f"| {_name(s)} | {s.value} |" for s in StreamState]
    causes = [f"| {_name(c)} | {c.value} |" for c in OfflineCause]
    events = [f"| {_name(e)}: {e.value} | {' | '.join(_cell(s, e) for s in StreamState)} |" for e in Event]
    heads = " | ".join(_name(s) for s in StreamState)
    return "\n".join(
        [
            "| state | what it means |\n|---|---|",
            *states,
            "\n| cause to be offline | what it means |\n|---|---|",
            *causes,
            f"\n| event | {heads} |\n|---|{'---|' * len(StreamState)}",
            *events,
            "",
        ]
    )


def shown() -> str:
    """What the page says."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")


def _cell(state: StreamState, event: Event) -> str:
    if (state, event) not in NEXT:
        return "cannot be"
    after, action = NEXT[state, event]
    arrow = "" if after is state else f"→ {_name(after)}"
    did = "" if action is Action.NOTHING else action.value
    return ": ".join(filter(None, (arrow, did))) or "–"


def _name(member: StreamState | Event | OfflineCause) -> str:
    return f"**{member.name}**"


if __name__ == "__main__":
    write()
