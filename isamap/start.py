"""Searches that are steered by files: with parts of the answer fixed, or begun from an answer.

A file of fixed parts is YAML (``spec.load_fix``). What a search begins from is a result file, or the best answer with
the parts that such a file fixes; a start restricts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from isamap.compile import compile_workload
from isamap.compiled import Begun, Compiled, Options
from isamap.errors import Contradiction, Fault, InputError
from isamap.ir.binding import bind_all
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping import choose
from isamap.plan import Progress, Search
from isamap.result import Result, read_result
from isamap.scheduling import list_schedule
from isamap.spec import load_fix

__all__ = ["begun", "compile_fixed", "start_from"]


def compile_fixed(
    source: str | Path, work: Workload, target: Target, options: Options | None = None, progress: Progress | None = None
) -> Compiled:
    """The best answer found with the parts that a file (a path, or YAML text) fixes; raises SpecError, at the file's
    lines, where there can be none, and what ``compile_workload`` raises."""
    file = load_fix(source, work, target)
    try:
        return compile_workload(work, target, options, progress, fixed=file.fixed)
    except Contradiction as error:
        raise file.located(error.faults) from None


def start_from(
    path: str | Path, work: Workload, target: Target, options: Options, progress: Progress | None = None
) -> Begun | Compiled:
    """The answer to begin from: that of a result file (``.json``), or the one that the heuristics find with the parts
    that a YAML file fixes. Raises InputError."""
    if Path(path).suffix == ".json":
        return begun(read_result(path), work, target, options)
    return compile_fixed(path, work, target, replace(options, method="heuristic"), progress)


def begun(result: Result, work: Workload, target: Target, options: Options) -> Begun:
    """The plan of a result; raises InputError where it is of another kernel or machine than ``work`` and ``target``, or
    uses another instruction than the one asked for."""
    for key, asked, given in (("kernel", work, result.work), ("target", target, result.target)):
        if asked != given:
            what = f"a result of {asked.name}{_settings(asked)}"
            raise InputError([Fault(("--start", key), what, f"{given.name}{_settings(given)}, which is another {key}")])
    used = [match.instruction for match in result.matches]
    if options.instruction not in (None, *used):
        raise InputError([Fault(("--start", "match"), f"a result on {options.instruction}", " ".join(used))])
    bindings = bind_all(result.performed, result.matches, target, dict(result.homes))
    parts = tuple(zip(bindings, result.tilings, strict=True))
    schedule = result.schedule or list_schedule(parts, target)
    plan = Search(work, target, options, None, None).plan(result.performed, parts, schedule, "an earlier answer")
    sets, _, notes = choose(
        result.performed, target, instruction=options.instruction, realise=options.realise,
        replicate=options.replicate, empty_axes=options.empty_axes,
    )  # fmt: skip
    steps: Mapping[str, Any] = result.summary
    return Begun(replace(plan, listed=result.schedule is None), sets, tuple(steps.get("rewritten", ())), notes)


def _settings(noun: Workload | Target) -> str:
    """The extents or parameters that tell nouns of one name apart."""
    if isinstance(noun, Target):
        return "".join(f" {name}={value}" for name, value in noun.parameters)
    extents = {axis: extent for einsum in noun.einsums for axis, extent in einsum.extents.items()}
    return "".join(f" {axis}={extent}" for axis, extent in extents.items())
