"""How long ago something was, as roughly as people say it. Pure; milliseconds of the Unix epoch."""

from __future__ import annotations

from datetime import datetime

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000


def ago(at_ms: int, now_ms: int) -> str:
    """“3 min ago”, “yesterday”, “on 3 May 2026”: to go on with after a word."""
    ago_ms = now_ms - at_ms
    if ago_ms < _MINUTE_MS:
        return "just now"
    if ago_ms < _HOUR_MS:
        return f"{ago_ms // _MINUTE_MS} min ago"
    if ago_ms < _DAY_MS:
        return f"{ago_ms // _HOUR_MS} h ago"
    days = ago_ms // _DAY_MS
    if days < 14:
        return "yesterday" if days == 1 else f"{days} days ago"
    return f"on {datetime.fromtimestamp(at_ms / 1000).strftime('%d %b %Y').lstrip('0')}"
