"""The designs of a sweep that are worth a look, and what became of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from isamap.report.figures import UNKNOWN
from isamap.report.tables import plain_table

_MOST_ROWS = 40
_MOST_REASONS = 5


def front_table(
    kernel: str,
    count: int,
    settings: Sequence[Mapping[str, object]],
    metrics: Sequence[str],
    values: Sequence[Sequence[float]],
) -> Group:
    """A row per design of the front: its settings (those that any row has), then its metrics."""
    if not settings:
        return Group(Text(f"{kernel}: of {count} designs none states all of {', '.join(metrics)}", style="bold"))
    names = list(dict.fromkeys(name for row in settings for name in row))
    shown = [n for n, metric in enumerate(metrics) if metric.removeprefix("target.") not in names]
    headers = [*names, *(metrics[n] for n in shown)]
    title = f"{kernel}: {len(settings)} of {count} designs that no other beats in {', '.join(metrics)}"
    table = plain_table(*headers, right=headers)
    for setting, row in list(zip(settings, values, strict=True))[:_MOST_ROWS]:
        figures = (figure(row[n]) for n in shown)
        table.add_row(*(figure(setting.get(name)) for name in names), *figures)
    left = len(settings) - _MOST_ROWS
    more = [Text(f"  and {left} more; --json has them all")] if left > 0 else []
    return Group(Text(title, style="bold"), table, *more)


def standing(name: str, total: int, counts: Mapping[str, int], reasons: Sequence[tuple[str, str]]) -> Group:
    """``spad_bus: 60 designs; 58 done, 2 infeasible``, and why there are some without an answer."""
    ended = ", ".join(f"{count} {state}" for state, count in counts.items()) or "none has ended"
    lines: list[RenderableType] = [Text(f"{name}: {total} designs; {ended}")]
    said = Counter((state, reason.partition("\n")[0]) for state, reason in reasons)
    lines += [Text(f"  {count} {state}: {reason}") for (state, reason), count in said.most_common(_MOST_REASONS)]
    left = len(said) - _MOST_REASONS
    return Group(*lines, *([Text(f"  and {left} more reasons; --json has them all")] if left > 0 else []))


def figure(value: object) -> str:
    """A number with thousands apart; anything else as it is written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return UNKNOWN if value is None else str(value)
