"""The whole way of edits that join: outboxes, wrong clocks, compare-and-set; nothing is lost, and it comes to
rest."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dalsegno._core.wishes import Add, Revised
from tests.property.joining_devices import DAY_MS, Device, Server, settle

acts = st.sampled_from(["first", "last", "remove", "count", "line", "best", "send", "hear", "time"])


@settings(max_examples=80)
@given(
    ahead=st.lists(st.sampled_from([0, DAY_MS, -DAY_MS]), min_size=3, max_size=3),
    corrected=st.lists(st.booleans(), min_size=3, max_size=3),
    steps=st.lists(st.tuples(st.integers(0, 2), acts), max_size=18),
)
def test_every_edit_of_every_device_is_in_the_end_where_all_see_it(
    ahead: list[int], corrected: list[bool], steps: list[tuple[int, str]]
) -> None:
    """Each insertion once, each addition once, no removed item, the lowest number; and no commit beyond the
    edits."""
    server = Server()
    devices = [Device(n, server, ahead[n], corrected[n]) for n in range(3)]
    added, gone, plays, best, edits = set[str](), set[str](), 0, 100, 0
    for number, (which, act) in enumerate(steps, 1):
        device = devices[which]
        server.now_ms += 1000
        queue, new = list(device.value.get("queue", [])), f"n{number}"
        lines = [line for line in str(device.value.get("body", "")).split("\n") if line]
        edits += act not in ("send", "hear", "time")
        if act in ("first", "last"):
            added.add(new)
            device.edits(queue=Revised([new, *queue] if act == "first" else [*queue, new]))
        elif act == "remove" and queue:
            gone.add(queue[number % len(queue)])
            device.edits(queue=Revised([item for item in queue if item != queue[number % len(queue)]]))
        elif act == "count":
            plays += number - 5
            device.edits(plays=Add(number - 5))
        elif act == "line":
            added.add(f"line {new}")
            device.edits(body=Revised("\n".join([*lines, f"line {new}"])))
        elif act == "best":
            best = min(best, 50 - number)
            device.edits(best=50 - number)
        elif act == "send":
            device.sends()
        elif act == "hear" and device.is_corrected:
            device.hears()
        elif act == "time":
            device.learns_the_time()
    settle(server, devices)
    end = devices[0].value
    lines = [line for line in str(end.get("body", "")).split("\n") if line]
    assert sorted(added - gone) == sorted([*end.get("queue", []), *lines])
    assert plays == end.get("plays", 0)
    assert best == end.get("best", 100)
    assert server.commits <= edits, "a commit without a cause"
