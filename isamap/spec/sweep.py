"""Sweep files: YAML -> Sweep. Every mistake of a file is reported, each at its line and column.

A sweep is a grid: every kernel on every target with every choice of options, a list standing for each of its values.
A value that never makes a kernel or a machine is a mistake of the file; values that only do not go together make a
variant that says why, so that the rest of the grid is still explored.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.spec.conform import conform
from isamap.spec.diagnostic import Diagnostic, Faults, SpecError
from isamap.spec.document import Document, parse, read
from isamap.spec.sweep_options import Choice, option_choices
from isamap.spec.sweep_schema import SweepFile
from isamap.spec.sweep_variants import MOST_JOBS, Variant, Variants

_PLAIN_METRICS = ("latency_cycles", "bound_cycles", "energy_pj", "issues", "solve_seconds")


@dataclass(frozen=True)
class Sweep:
    """``options`` are choices of the compiler's options: those that the file gives, the others keep their defaults.

    ``minimise`` names metrics: keys of a result, ``peak_bytes.MEMORY``, ``traffic_bytes.TRANSFER``,
    ``target.PARAMETER``. No ``job_time_limit_s`` is no limit.
    """

    name: str
    kernels: tuple[Variant[Workload], ...]
    targets: tuple[Variant[Target], ...]
    options: tuple[Choice, ...]
    job_time_limit_s: float | None = None
    jobs: int = 2
    retries: int = 1
    minimise: tuple[str, ...] = ("latency_cycles",)


def load_sweep(source: str | Path, options: type) -> Sweep:
    """The sweep of a file: a path, or YAML text of more than one line.

    ``options`` is the dataclass that states the compiler's options. Raises SpecError with every mistake of the file,
    and of the kernel and hardware files that it names.
    """
    text = isinstance(source, str) and "\n" in source
    document = parse(str(source), "<text>") if text else read(Path(source))
    file, faults = conform(document, SweepFile)
    faults.broken.clear()  # what follows reads the data itself, wherever they have the right shape
    folder = Path() if text else Path(source).parent
    foreign: dict[Diagnostic, None] = {}  # mistakes of the files that this one names
    kernels = Variants("kernel", document, faults, folder, foreign).all()
    targets = Variants("hardware", document, faults, folder, foreign).all()
    choices = option_choices(document, options, faults)
    _check_numbers(document, faults)
    machines = [variant.noun for variant in targets if isinstance(variant.noun, Target)]
    _check_instruction(document, machines, faults)
    _check_metrics(document, machines, faults)
    count = len(kernels) * len(targets) * len(choices)
    if count > MOST_JOBS:
        faults.add((), f"at most {MOST_JOBS:,} jobs", f"{count:,}")
    if file is None or faults.found or document.duplicates or foreign:
        raise SpecError([*document.error(faults).diagnostics, *foreign])
    limit = None if file.job_time_limit_s is None else float(file.job_time_limit_s)
    minimise = tuple(file.pareto.minimise)
    return Sweep(file.name, kernels, targets, choices, limit, file.jobs, file.retries, minimise)


def metrics_of(targets: list[Target]) -> list[str]:
    """Every metric that a result on one of the targets has."""
    memories = [memory.name for target in targets for memory in target.memories if memory.name != target.outermost.name]
    transfers = [transfer.name for target in targets for transfer in target.transfers]
    parameters = [name for target in targets for name, _ in target.parameters]
    groups = (("peak_bytes", memories), ("traffic_bytes", transfers), ("target", parameters))
    return [*_PLAIN_METRICS, *dict.fromkeys(f"{group}.{name}" for group, names in groups for name in names)]


def _check_numbers(document: Document, faults: Faults) -> None:
    """The limits; a value of another type is noted elsewhere."""
    for key, least in (("jobs", 1), ("retries", 0)):
        value = document.data.get(key)
        if type(value) is int and value < least:
            faults.add((key,), f"a whole number of at least {least}", str(value))
    limit = document.data.get("job_time_limit_s")
    if type(limit) in (int, float) and not (isfinite(limit) and limit > 0):
        faults.add(("job_time_limit_s",), "a number of seconds above 0", str(limit))


def _check_instruction(document: Document, targets: list[Target], faults: Faults) -> None:
    """An instruction that some target has, where the options name one."""
    options = document.data.get("options")
    given = options.get("instruction") if isinstance(options, dict) else None
    known = list(dict.fromkeys(instruction.name for target in targets for instruction in target.instructions))
    for n, name in enumerate(given if isinstance(given, list) else [given]):
        if isinstance(name, str) and known and name not in known:
            path = ("options", "instruction", *((n,) if isinstance(given, list) else ()))
            faults.add(path, f"an instruction of {' '.join(known)}", repr(name))


def _check_metrics(document: Document, targets: list[Target], faults: Faults) -> None:
    found: Any = document.data.get("pareto")
    names = found.get("minimise") if isinstance(found, dict) else None
    if not isinstance(names, list):
        return
    if not names:
        faults.add(("pareto", "minimise"), "at least one metric", "an empty list")
    known = metrics_of(targets)
    for n, name in enumerate(names):
        path = ("pareto", "minimise", n)
        if isinstance(name, str) and targets and name not in known:
            faults.add(path, f"a metric of {' '.join(known)}", repr(name))
        elif name in names[:n]:
            faults.add(path, "each metric once", f"{name} again")
