"""The figures of a run as Markdown: a row per set, a row per job shop, a row for whatever was not proved."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean
from typing import Any

Row = dict[str, Any]


def summary(results: list[Row]) -> list[Row]:
    """Per set: how many, how many at or below the best known value, how many proved, and how far away."""
    found = []
    for name in dict.fromkeys(row["set"] for row in results):
        rows = [row for row in results if row["set"] == name]
        known = [row for row in rows if row["gap"] is not None]
        found.append(
            {
                "set": name,
                "instances": len(rows),
                "at_best_known": sum(row["value"] == row["best_known"] for row in known),
                "below_best_known": sum(row["value"] < row["best_known"] for row in known),
                "proved": sum(row["status"] == "optimal" for row in rows),
                "without_solver": sum(row["greedy"] == row["closed_form_bound"] for row in rows),
                "mean_gap": mean(row["gap"] for row in known) if known else None,
                "mean_greedy_gap": mean(row["greedy"] / row["best_known"] - 1 for row in known) if known else None,
                "median_seconds": sorted(row["seconds"] for row in rows)[len(rows) // 2],
                "most_seconds": max(row["seconds"] for row in rows),
            }
        )
    return found


def summary_table(results: list[Row]) -> str:
    heads = ["set", "instances", "at the best known value", "below it", "proved", "by rules and bound alone",
             "mean gap", "mean gap of the rules", "seconds: median, most"]  # fmt: skip
    return _table(
        heads,
        (
            [row["set"], row["instances"], row["at_best_known"], row["below_best_known"], row["proved"],
             row["without_solver"], _percent(row["mean_gap"]), _percent(row["mean_greedy_gap"]),
             f"{row['median_seconds']:.1f}, {row['most_seconds']:.1f}"]
            for row in summary(results)
        ),
    )  # fmt: skip


def instance_table(results: list[Row]) -> str:
    """Every job shop, and whatever else was not proved."""
    heads = ["instance", "tasks", "best known", "value", "bound", "bound in closed form", "priority rules", "status",
             "seconds"]  # fmt: skip
    return _table(
        heads,
        (
            [row["instance"], row["tasks"], row["best_known"] or "-", row["value"], row["bound"],
             row["closed_form_bound"], row["greedy"], row["status"], f"{row['seconds']:.1f}"]
            for row in results
            if row["kind"] == "job shop" or row["status"] != "optimal"
        ),
    )  # fmt: skip


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _table(heads: list[str], rows: Iterable[list[Any]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])
