"""Published scheduling problems, solved by the engine that orders a kernel's tasks and held to their known optima.

Reads every project (PSPLIB ``.sm``) and job shop below a folder; best known values from ``*optimum*.csv`` (columns
problem, optimum) there or beside it. Prints a table, or with ``--json`` one JSON object; progress on stderr. Exit code
0; 2 where a file cannot be read; 5 where a schedule is wrong.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from isamap.check.task_graph import check_task_graph
from isamap.errors import InputError
from isamap.ir.effort import Effort
from isamap.ir.task_graph import TaskGraph
from isamap.scheduling.task_graph import schedule_task_graph
from isamap.spec.job_shop import read_job_shop
from isamap.spec.project import read_project

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for those who load this file without running it
from perfect_projects import perfect_project  # noqa: E402
from table import instance_table, summary, summary_table  # noqa: E402

NO_INSTANCE = {".csv", ".json", ".md", ".pdf", ".py", ".svg", ".tar", ".yaml", ".yml", ".zip"}


def best_known(folder: Path) -> dict[str, int]:
    """Name of an instance -> the best value published for it."""
    found = {}
    for path in sorted({*folder.rglob("*optimum*.csv"), *folder.parent.glob("*optimum*.csv")}):
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                try:
                    found[row["problem"].strip()] = int(row["optimum"])
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise InputError(f"{path}:{number}: expected columns problem, optimum; got {row}") from error
    return found


def instances(folder: Path) -> Iterator[tuple[str, Path]]:
    """(kind, path) of whatever may be an instance."""
    for path in sorted(folder.rglob("*")):
        name = path.name
        if (
            path.is_file()
            and not name.startswith((".", "README", "LICENSE"))
            and path.suffix.lower() not in NO_INSTANCE
        ):
            yield "project" if path.suffix.lower() == ".sm" else "job shop", path


def measure(name: str, group: str, kind: str, graph: TaskGraph, best: int | None, effort: Effort) -> dict[str, Any]:
    """One row: the engine's answer, checked, beside the best known value."""
    began = time.monotonic()
    answer = schedule_task_graph(graph, effort)
    seconds = time.monotonic() - began
    solved = answer.solved
    assert solved.answer is not None
    value = solved.answer.end_cycles
    wrong = [*map(str, check_task_graph(solved.answer, graph)), *map(str, check_task_graph(answer.greedy, graph))]
    if not solved.bound <= value <= answer.greedy.end_cycles or (solved.status == "optimal") != (solved.bound == value):
        wrong.append(f"{solved.status}: bound {solved.bound}, value {value}, priority rules {answer.greedy.end_cycles}")
    if best is not None and solved.bound > best:
        wrong.append(f"a bound of {solved.bound} above a published value of {best}")
    return {
        "instance": name,
        "set": group,
        "kind": kind,
        "tasks": len(graph.jobs),
        "value": value,
        "bound": int(solved.bound),
        "status": solved.status,
        "seconds": round(seconds, 2),
        "best_known": best,
        "gap": None if best is None else value / best - 1,
        "closed_form_bound": answer.closed_form_bound_cycles,
        "greedy": answer.greedy.end_cycles,
        "method": solved.method,
        "hint": answer.hint,
        "interrupted": solved.interrupted,
        "violations": wrong,
    }


def run(folder: Path, perfect: int, effort: Effort) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of all instances below ``folder`` and of so many generated ones; and what could not be read."""
    known, rows, refused = best_known(folder), [], []
    for kind, path in instances(folder):
        try:
            graph = read_project(path) if kind == "project" else read_job_shop(path)
        except InputError as error:
            refused.append(f"{path.parent}/{error}")
            print(refused[-1], file=sys.stderr)
            continue
        best = known.get(path.name, known.get(path.stem))
        rows.append(measure(path.stem, path.parent.name, kind, graph, best, effort))
        _tell(rows[-1])
        if rows[-1]["interrupted"]:
            return rows, refused
    for seed in range(perfect):
        project = perfect_project(seed, horizon=20 + 5 * (seed % 9))
        best = project.optimum_cycles
        rows.append(measure(f"perfect_{seed}", "perfect", "generated", project.graph, best, effort))
        _tell(rows[-1])
        if rows[-1]["interrupted"]:
            break
    return rows, refused


def _tell(row: dict[str, Any]) -> None:
    names = ("instance", "value", "bound", "best_known", "greedy", "status", "seconds")
    print("  ".join(f"{name} {row[name]}" for name in names), *row["violations"], file=sys.stderr, flush=True)


def record(found: dict[str, Any]) -> None:
    """Write results.json and, in README.md, the tables and what they were measured on."""
    (HERE / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    machine = f"{found['date']}, {found['cores']} cores, OR-Tools {found['ortools']}, {found['workers']} workers, "
    parts = {
        "machine": machine + f"seed {found['seed']}, {found['time_limit_s']:g} s per instance",
        "summary": summary_table(found["results"]),
        "instances": instance_table(found["results"]),
    }
    text = (HERE / "README.md").read_text()
    for name, part in parts.items():
        shown = f"<!-- {name} -->\n{part}\n<!-- end -->"
        text = re.sub(rf"(?s)<!-- {name} -->\n.*?<!-- end -->", lambda _, shown=shown: shown, text)
    (HERE / "README.md").write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="where .sm projects and job shops are, also in folders below")
    parser.add_argument("--time-limit", type=float, default=30.0, help="seconds per instance (default: 30)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--perfect", type=int, default=0, metavar="N", help="so many generated projects as well")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--record", action="store_true", help="write results.json and README.md beside this file")
    given = parser.parse_args()
    if not given.folder.is_dir():
        print(
            f"{given.folder}: expected a folder, got {'a file' if given.folder.exists() else 'nothing'}",
            file=sys.stderr,
        )
        return 2
    try:
        effort = Effort(given.time_limit, given.workers, given.seed)
        rows, refused = run(given.folder, given.perfect, effort)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "ortools": version("ortools"),
        "time_limit_s": given.time_limit,
        "workers": given.workers,
        "seed": given.seed,
        "summary": summary(rows),
        "refused": refused,
        "results": rows,
    }
    if given.record:
        record(found)
    print(json.dumps(found) if given.json else f"{summary_table(rows)}\n\n{instance_table(rows)}")
    return 5 if any(row["violations"] for row in rows) else 2 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
