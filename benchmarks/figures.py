"""Percentiles, targets and the table: how figures are summed up and shown. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Results = dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as it is shown. `target` is the most that it may be; None: for information."""

    key: str
    text: str
    unit: str
    target: float | None = None


ROWS: tuple[Row, ...] = (
    Row("remote_callback_ratio_p50", "write → other device's callback, ours / stock, p50", "×", 1.03),
    Row("remote_callback_ratio_p50_least", "  the least of the runs", "×"),
    Row("remote_callback_ratio_p50_most", "  the most of the runs", "×"),
    Row("remote_callback_ratio_p95", "  the same, p95", "×"),
    Row("remote_callback_ratio_p99", "  the same, p99", "×"),
    Row("remote_callback_p50_ms", "  ours, p50", "ms"),
    Row("remote_callback_p95_ms", "  ours, p95", "ms"),
    Row("remote_callback_p99_ms", "  ours, p99", "ms"),
    Row("stock_callback_p50_ms", "  stock client, the same commit, p50", "ms"),
    Row("stock_callback_p95_ms", "  stock client, p95", "ms"),
    Row("stock_callback_p99_ms", "  stock client, p99", "ms"),
    Row("one_way_callback_p50_ms", "  stock client, writer without a listener, p50", "ms"),
    Row("one_way_ratio_p50", "  ours / stock, writer without a listener, p50", "×"),
    Row("js_callback_p50_ms", "  firebase-js-sdk in Node, the same fields, p50", "ms"),
    Row("js_callback_ratio_p50", "  ours / firebase-js-sdk, p50", "×"),
    Row("plain_callback_p50_ms", "  stock client, plain set without rules, p50", "ms"),
    Row("update_p50_ms", "update() on the caller's thread, one session, p50", "ms"),
    Row("update_p95_ms", "  p95", "ms", 2.0),
    Row("update_many_p50_ms", "  by turns in 20 sessions, p50", "ms"),
    Row("update_many_p95_ms", "  by turns in 20 sessions, p95", "ms"),
    Row("update_loaded_p50_ms", "  while other devices write, p50", "ms"),
    Row("update_loaded_p95_ms", "  while other devices write, p95", "ms"),
    Row("import_ms", "import dalsegno, fresh process, median", "ms", 80.0),
    Row("cold_place_ms", "process start → place from disk, network down, median", "ms"),
    Row("cold_python_ms", "  of which Python itself (python -c pass)", "ms"),
    Row("threads_1_session", "threads of ours, 1 session", ""),
    Row("threads_5_sessions", "  5 sessions", ""),
    Row("threads_20_sessions", "  20 sessions, one stream", "", 6),
    Row("stock_threads_1_listener", "threads of the stock client, 1 listener", ""),
    Row("stock_threads_5_listeners", "  5 listeners", ""),
    Row("stock_threads_20_listeners", "  20 listeners", ""),
    Row("rss_mb_1_session", "memory, 1 session", "MB"),
    Row("rss_mb_5_sessions", "  5 sessions", "MB"),
    Row("rss_mb_20_sessions", "  20 sessions", "MB"),
    Row("stock_rss_mb_20_listeners", "memory of the stock client, 20 listeners", "MB"),
    Row("handoff_p50_ms", "press → the other device's last sound, two processes, p50", "ms"),
    Row("handoff_p95_ms", "  p95", "ms", 150.0),
    Row("handoff_first_sound_p50_ms", "  press → the first sound here, p50", "ms"),
    Row("handoff_first_sound_p95_ms", "  p95", "ms"),
    Row("handoff_transfer_p50_ms", "  a transfer → the first sound there, p50", "ms"),
    Row("handoff_transfer_p95_ms", "  p95", "ms"),
    Row("handoff_off_p95_ms", "  sound beside its line, p95", "ms", 50.0),
    Row("handoff_both_most_ms", "  the longest that both sounded", "ms", 300.0),
    Row("handoff_none_most_ms", "  a transfer: the longest that none did", "ms"),
    Row("handoff_lost", "  of all of them, something was lost in", "", 0.0),
    Row("watch_rss_mb", "memory of dalsegno watch, 20 sessions, one stream", "MB", 80.0),
    Row("watch_bare_rss_mb", "  of which import dalsegno", "MB"),
    Row("watch_grpc_rss_mb", "  and with the network stack loaded", "MB"),
    Row("connect_10k_ms", "connect() with 10,000 sessions of 2 KB on disk, median", "ms", 150.0),
    Row("connect_empty_ms", "  with none", "ms"),
    Row("recent_of_10k_ms", "recent(20) of 10,000, the first one, median", "ms", 15.0),
    Row("rss_10k_mb", "memory with 10,000 on disk, above an empty client", "MB", 60.0),
    Row("open_1000th_ms", "open() of one more, 1,000 sessions open, p50", "ms", 3.0),
    Row("update_1000_open_ratio", "update(), 1,000 sessions open / one, p95", "×", 1.5),
    Row("update_1000_open_p95_ms", "  1,000 open, p95", "ms"),
    Row("update_wide_ratio", "update(small=…) beside a field of 2,000 items / without it, p50", "×", 1.5),
    Row("update_wide_p95_ms", "  beside it, p95", "ms"),
    Row("drain_800_s", "connect() → 800 closed sessions with an edit each, all saved", "s", 10.0),
    Row("slow_large_s", "at 15 KB/s: an edit of 240 KB → other device's callback", "s", 40.0),
    Row("slow_small_p95_s", "  meanwhile, small edits of another session, p95", "s", 3.0),
    Row("down_cpu_percent", "processor while the server is down, ours, 20 sessions", "%"),
    Row("down_cpu_percent_stock", "  stock client, 20 listeners", "%"),
)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The value that `percent` per cent of the samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(prefix: str, samples: Sequence[float], *percents: int) -> Results:
    """`{prefix_p50_ms: …}` for each percentile asked for; samples in milliseconds."""
    return {f"{prefix}_p{p}_ms": percentile(samples, p) for p in percents}


def met(row: Row, results: Mapping[str, float]) -> bool | None:
    """Whether the target is met; None where there is no target or no figure."""
    value = results.get(row.key)
    return None if row.target is None or value is None else value <= row.target


def table(results: Mapping[str, float]) -> str:
    """All figures measured, one a line, each beside its target."""
    shown = [row for row in ROWS if row.key in results]
    width = max((len(row.text) for row in shown), default=0)
    return "\n".join(_line(row, results, width) for row in shown)


def _line(row: Row, results: Mapping[str, float], width: int) -> str:
    figure = f"{results[row.key]:10.{_digits(results[row.key])}f} {row.unit:2}"
    if row.target is None:
        return f"{row.text:<{width}} {figure}".rstrip()
    word = "met" if met(row, results) else "MISSED"
    return f"{row.text:<{width}} {figure}  target ≤ {row.target:g}: {word}"


def _digits(value: float) -> int:
    return 0 if value == int(value) else 2 if value < 100 else 1
