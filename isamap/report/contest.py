"""A contest with libraries, for a reader and as a record."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Group
from rich.text import Text

from isamap.ir.contest import Absent, Contest, Timed
from isamap.report.tables import plain_table

CACHES = "the same arrays in every call: what fits into the caches is there"
_FIGURES = ("minimum", "median", "ratio", "max error")


def contest_report(found: Contest) -> Group:
    """A row per contestant, and who took no part."""
    figures = (found.unit, *_FIGURES)
    table = plain_table("", *figures, "version", "by", right=figures)
    for timed in (found.ours, *found.libraries):
        ratio = "" if timed is found.ours else f"{found.ratio(timed):.2f}"
        table.add_row(
            timed.name, f"{found.speed(timed):,.1f}", _time(timed.minimum_s), _time(timed.median_s), ratio,
            _error(timed), timed.version, timed.how,
        )  # fmt: skip
    threads = "one thread" if found.threads == 1 else f"{found.threads} threads"
    head = f"{found.kernel} on {found.target}: {found.cpu}, {threads}, {found.ours.rounds} rounds in turns"
    wrong = [f"{timed.name} is wrong: {timed.wrong}" for timed in (found.ours, *found.libraries) if timed.wrong]
    ends = [_verdict(found), _ranking(found), *wrong, *map(_why, found.absent), CACHES]
    return Group(Text(head, style="bold"), table, *(Text(line) for line in ends if line))


def contest_json(found: Contest) -> dict[str, Any]:
    """``ratio`` is how many times as fast as each library the kernel is, by the quickest rounds."""
    best = found.best
    ranking = found.ours.ranking
    return {
        "kernel": found.kernel,
        "target": found.target,
        "cpu": found.cpu,
        "threads": found.threads,
        "caches": CACHES,
        **_figures(found, found.ours),
        "regret": None if ranking is None else ranking.regret,
        "rank_correlation": None if ranking is None else ranking.correlation,
        "ratio": {timed.name: found.ratio(timed) for timed in found.libraries},
        "best_library": None if best is None else best.name,
        "ratio_to_best": None if best is None else found.ratio(best),
        "libraries": [{"name": timed.name, **_figures(found, timed)} for timed in found.libraries],
        "absent": [{**asdict(each), "package": each.package or None} for each in found.absent],
    }


def _figures(found: Contest, timed: Timed) -> dict[str, Any]:
    speed = "gflops" if found.unit == "GF/s" else "gops"
    return {
        "version": timed.version,
        "checked": timed.is_right,
        "max_error": timed.max_error,
        speed: found.speed(timed),
        "minimum_s": timed.minimum_s,
        "median_s": timed.median_s,
        "rounds": timed.rounds,
        "calls_per_round": timed.calls_per_round,
        "how": timed.how,
        "wrong": timed.wrong or None,
    }


def _verdict(found: Contest) -> str:
    best = found.best
    return "" if best is None else f"{found.ratio(best):.2f} times as fast as the best library, {best.name}"


def _ranking(found: Contest) -> str:
    ranking = found.ours.ranking
    if ranking is None:
        return ""
    tried, likeness = len(ranking.measured_s), ranking.correlation
    ranks = "" if likeness is None else f", rank correlation {likeness:.2f}"
    return f"the quickest of {tried} candidates; the model's first choice takes {ranking.regret:.1%} longer{ranks}"


def _why(absent: Absent) -> str:
    return f"{absent.name}: {absent.reason}" + (f"; pip install {absent.package}" if absent.package else "")


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _error(timed: Timed) -> str:
    return "wrong" if timed.wrong else f"{timed.max_error:.1g}" if timed.max_error else "0"
