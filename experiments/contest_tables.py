"""What e14, e15 and e16 say on their pages: tables, and the answer that follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log
from statistics import median
from typing import Any

from isamap.deploy.against import LIBRARIES

Row = dict[str, Any]


def texts(found: Row) -> dict[str, str]:
    """The tables of the README by their names."""
    rows, unit = found["rows"], found["unit"]
    took_part = {name for each in rows for name in (*each["speed"], *each["wrong"])}
    names = [name for name in ("isamap", *LIBRARIES) if name in took_part]
    head = [f"| {unit}, row-major | {' | '.join(names)} | ratio | blocking |", f"|---|{'---:|' * len(names)}---:|---|"]
    body = [
        f"| {each['name']} | {' | '.join(_speed(each, name) for name in names)} | {each['ratio']:.2f} | {each['how']} |"
        for each in rows
        if each["best"]
    ]
    versions = ", ".join(f"{name} {found['libraries'][name]}" for name in names if name in found.get("libraries", {}))
    return {
        "machine": f"Measured {found['date']} on {found['machine']}; one pinned thread;\n{versions}.",
        "summary": summary(rows, names[1:]),
        "answer": answer(rows),
        "table": "\n".join([*head, *body]),
    }


def answer(rows: Sequence[Row]) -> str:
    """In a sentence or two."""
    ratios = {each["name"]: each["ratio"] for each in rows if each["best"]}
    worst = sorted(ratios, key=ratios.__getitem__)[:3]
    ahead, near = (sum(each >= least for each in ratios.values()) for least in (1, 0.85))
    said = [
        f"**Answer.** The geometric mean over {len(ratios)} sizes is {_mean(ratios.values()):.2f} times the speed of",
        f"the best library of each. It is at least as fast at {ahead} of them, and at least 0.85 times as fast at",
        f"{near}. It is furthest behind at {', '.join(f'{name} ({ratios[name]:.2f})' for name in worst)}.",
    ]
    regrets = [each["regret"] for each in rows if each.get("regret") is not None]
    if regrets:
        near = sum(each <= 0.12 for each in regrets)
        said.append(f"The model's first choice is within 12 % of the best candidate at {near} of {len(regrets)}.")
    ranks = [each["rank_correlation"] for each in rows if each.get("rank_correlation") is not None]
    if ranks:
        said.append(f"Its ranks and the measured ones have a median correlation (Spearman) of {median(ranks):.2f}.")
    return "\n".join(said)


def _mean(ratios: Iterable[float]) -> float:
    """The geometric mean."""
    logarithms = [log(ratio) for ratio in ratios]
    return exp(sum(logarithms) / len(logarithms))


def summary(rows: Sequence[Row], libraries: Iterable[str]) -> str:
    """Ratios of speeds to each library, and to the best of each size."""
    lines = [
        "| isamap's speed over that of | sizes | geometric mean | least | at least as fast |",
        "|---|---:|---:|---:|---:|",
    ]
    kinds = {
        name: [each["speed"]["isamap"] / each["speed"][name] for each in rows if name in each["speed"]]
        for name in libraries
    }
    kinds["the best of each size"] = [each["ratio"] for each in rows if each["best"]]
    for name, ratios in kinds.items():
        if ratios:
            mean, ahead = _mean(ratios), sum(ratio >= 1 for ratio in ratios)
            lines.append(f"| {name} | {len(ratios)} | {mean:.2f} | {min(ratios):.2f} | {ahead} of {len(ratios)} |")
    return "\n".join(lines)


def _speed(row: Row, name: str) -> str:
    return f"{row['speed'][name]:.1f}" if name in row["speed"] else "wrong" if name in row["wrong"] else "-"
