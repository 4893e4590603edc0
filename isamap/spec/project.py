"""A project as PSPLIB publishes it (``.sm``, resource-constrained with one mode per job) -> TaskGraph.

The format: R. Kolisch, A. Sprecher, "PSPLIB - A project scheduling problem library", European Journal of Operational
Research 96, 1997. Time is in periods, which become cycles; every job holds its requests for its whole duration.
"""

from __future__ import annotations

import re
from pathlib import Path

from isamap.errors import InvalidNoun
from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph
from isamap.spec.lines import Line, between, read_lines

_PRECEDENCE, _REQUESTS, _AMOUNTS = "PRECEDENCE RELATIONS:", "REQUESTS/DURATIONS:", "RESOURCEAVAILABILITIES:"


def read_project(path: Path) -> TaskGraph:
    """The project in ``path``. Raises SpecError at the line where it is not one, or needs more than one mode,
    nonrenewable resources or release dates."""
    lines = read_lines(path)
    count, kinds = _stated(lines, r"jobs\b.*"), _stated(lines, r"-?\s*renewable")
    for what in ("nonrenewable", "doubly constrained"):
        _stated(lines, rf"-?\s*{what}", wanted=0)
    _stated(lines, r"projects\s*", wanted=1)
    for line in _numbers(lines, "PROJECT INFORMATION:", 1):
        if len(given := line.integers("project")) > 2 and given[2]:
            raise line.refusal("release date", "0: a project that may begin at once", str(given[2]))
    durations, holds = _requests(lines, count, kinds)
    arcs = [(job, later, durations[job]) for job, later in _successors(lines, count)]
    amounts = _numbers(lines, _AMOUNTS, 1)[0]
    capacities = tuple(zip(_names(kinds), amounts.integers("amounts", kinds), strict=True))
    try:
        graph = TaskGraph(tuple(map(Job, holds, durations)), tuple(arcs), capacities)
        _ = graph.sequence
    except InvalidNoun as error:
        raise amounts.refusal(str(error.faults[0].path[0]), error.faults[0].expected, error.faults[0].got) from error
    return graph


def _names(kinds: int) -> list[str]:
    return [f"R{n + 1}" for n in range(kinds)]


def _stated(lines: list[Line], name: str, wanted: int | None = None) -> int:
    """The number behind ``name :``, which has to be ``wanted`` where that is said."""
    for line in lines:
        if found := re.fullmatch(rf"\s*{name}\s*:\s*(\d+)\b.*", line.text):
            if wanted not in (None, int(found[1])):
                what = re.sub(r"[^a-z ]", "", name.replace(r"\s", "")).strip()
                raise line.refusal(what, f"{wanted}: one project with renewable resources only", found[1])
            return int(found[1])
    if wanted is not None:
        return wanted
    what = "jobs" if name.startswith("jobs") else "renewable"
    raise lines[-1].refusal("file", f"a line '{what} : number'", "the end of the file")


def _numbers(lines: list[Line], head: str, count: int) -> list[Line]:
    """The lines of a section that begin with a number; there have to be ``count``."""
    found = [line for line in between(lines, head) if re.match(r"\s*\d", line.text)]
    if len(found) != count:
        at = found[-1] if found else lines[-1]
        raise at.refusal(head.rstrip(":").lower(), f"{count} lines of numbers", f"{len(found)} lines")
    return found


def _successors(lines: list[Line], count: int) -> list[tuple[int, int]]:
    found = []
    for number, line in enumerate(_numbers(lines, _PRECEDENCE, count)):
        job, *rest = line.integers("successors")
        if job != number + 1 or len(rest) < 2 or len(rest) != rest[1] + 2:
            raise line.refusal("successors", f"job {number + 1}, its modes, how many jobs follow it, and those")
        if rest[0] != 1:
            raise line.refusal("modes", "1: projects whose jobs have several modes are not read", str(rest[0]))
        for later in rest[2:]:
            if not 1 <= later <= count:
                raise line.refusal("successors", f"jobs of 1 .. {count}", str(later))
            found.append((number, later - 1))
    return found


def _requests(lines: list[Line], count: int, kinds: int) -> tuple[list[int], list[tuple[Hold, ...]]]:
    durations, holds = [], []
    for number, line in enumerate(_numbers(lines, _REQUESTS, count)):
        job, mode, cycles, *amounts = line.integers("requests", 3 + kinds)
        if (job, mode) != (number + 1, 1):
            raise line.refusal("requests", f"job {number + 1} in mode 1", f"job {job} in mode {mode}")
        durations.append(cycles)
        holds.append(tuple(Hold(name, a, cycles) for name, a in zip(_names(kinds), amounts, strict=True) if a))
    return durations, holds
