"""What a worker does: compiles one kernel for one machine, and says in plain data how that ended.

An error of the kernel, the machine or the compiler is an answer too: nothing that a job does ends the sweep.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from isamap.compile import Options, compile_workload
from isamap.errors import CheckFailed, Infeasible, InputError, IsamapError, NotFound, Unsupported
from isamap.ir.hardware import Target
from isamap.ir.text import from_text
from isamap.ir.workload import Workload
from isamap.result import KEYS, summary

State = Literal["done", "infeasible", "refused", "nothing", "wrong", "defect", "timeout", "died"]

STATES: dict[State, str] = {
    "done": "an answer, checked",
    "infeasible": "proved impossible",
    "refused": "wrong input, or not supported yet",
    "nothing": "nothing found in the time given",
    "wrong": "an answer that a checker refused",
    "defect": "a defect of isamap",
    "timeout": "killed at the time limit of a job",
    "died": "its worker died, also when it was tried again",
}
_BY_ERROR: dict[type[IsamapError], State] = {
    Infeasible: "infeasible",
    InputError: "refused",
    Unsupported: "refused",
    NotFound: "nothing",
    CheckFailed: "wrong",
}


@dataclass(frozen=True)
class Outcome:
    """How a job ended. ``record`` has the keys of ``isamap compile --json``; ``reason`` where it is not done."""

    state: State
    record: Mapping[str, Any]
    reason: str = ""
    trace: str = ""


def perform(kernel: str, target: str, options: Mapping[str, Any]) -> Outcome:
    """Compiles a kernel for a machine, both given as text."""
    try:
        work, machine = cast(Workload, from_text(kernel)), cast(Target, from_text(target))
        compiled = compile_workload(work, machine, Options(**options))
        if compiled.checked:
            return Outcome("done", summary(compiled))
        return Outcome("wrong", summary(compiled), "; ".join(map(str, compiled.violations)))
    except IsamapError as error:
        state: State = next((state for kind, state in _BY_ERROR.items() if isinstance(error, kind)), "defect")
        return Outcome(state, {}, str(error), traceback.format_exc() if state == "defect" else "")
    except Exception as error:
        return Outcome("defect", {}, f"{type(error).__name__}: {error}", traceback.format_exc())


def without_answer(kernel: str, target: str, options: Mapping[str, Any], state: State) -> dict[str, Any]:
    """The keys of ``isamap compile --json`` where there is nothing to say but what was asked."""
    known = {
        "kernel": kernel,
        "target": target,
        "status": "infeasible" if state == "infeasible" else "unknown",
        "objective": options.get("objective"),
        "certificate": "none",
        "seed": options.get("seed"),
    }
    return {**dict.fromkeys(KEYS), **known}
