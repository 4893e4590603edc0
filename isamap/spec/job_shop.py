"""A job shop in the standard format -> TaskGraph.

The format of the OR-Library (J. E. Beasley, "OR-Library: distributing test problems by electronic mail", Journal of the
Operational Research Society 41, 1990): a line with the numbers n of jobs and m of machines, then a line per job with m
pairs: machine (from 0) and time, in the order in which the job passes through them. Before the first line of two
numbers, and in lines that begin with ``#``, anything may stand.
"""

from __future__ import annotations

import re
from pathlib import Path

from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph
from isamap.spec.lines import Line, read_lines


def read_job_shop(path: Path) -> TaskGraph:
    """The job shop in ``path``: a task per operation, numbered job by job. Raises SpecError at the line where it is
    not one."""
    lines = [line for line in read_lines(path) if line.text.strip() and not line.text.lstrip().startswith("#")]
    sizes = [at for at, line in enumerate(lines) if re.fullmatch(r"\s*\d+\s+\d+\s*", line.text)]
    if not sizes:
        end = read_lines(path)[-1]
        raise end.refusal("file", "a line with the numbers of jobs and machines", "the end of the file")
    head, rows = lines[sizes[0]], lines[sizes[0] + 1 :]
    count, machines = head.integers("size")
    if not count or not machines:
        raise head.refusal("size", "at least one job and one machine")
    if len(rows) != count:
        at = rows[count] if len(rows) > count else (rows or [head])[-1]
        raise at.refusal("jobs", f"a line for each of {count} jobs", f"{len(rows)} lines")
    jobs: list[Job] = []
    arcs: list[tuple[int, int, int]] = []
    for number, line in enumerate(rows):
        passed = _operations(line, number, machines)
        for place, (machine, cycles) in enumerate(passed):
            if place:
                arcs.append((len(jobs) - 1, len(jobs), passed[place - 1][1]))
            jobs.append(Job((Hold(f"machine {machine}", 1, cycles),), cycles))
    return TaskGraph(tuple(jobs), tuple(arcs), tuple((f"machine {n}", 1) for n in range(machines)))


def _operations(line: Line, number: int, machines: int) -> list[tuple[int, int]]:
    """(machine, cycles) of a job, in order."""
    given = line.integers(f"job {number}", 2 * machines)
    found = list(zip(given[::2], given[1::2], strict=True))
    visited = [machine for machine, _ in found]
    if sorted(visited) != list(range(machines)):
        wanted = f"each of the machines 0 .. {machines - 1} once"
        raise line.refusal(f"job {number}", wanted, " ".join(map(str, visited)))
    return found
