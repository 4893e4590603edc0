"""Does one workload stand for another: the same outputs from the same inputs?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from isamap.ir.answers import Violation
from isamap.ir.workload import Workload
from isamap.simulate.compare import mismatches
from isamap.simulate.element_types import Array
from isamap.simulate.evaluate import evaluate

RULES: dict[str, str] = {
    "other-meaning": "The workload that was performed means what the one that was asked for means.",
}


def same_meaning(
    asked: Workload, performed: Workload, inputs: Mapping[str, Array], meant: Mapping[str, Array]
) -> tuple[Violation, ...]:
    """Where the outputs of ``asked`` differ from ``meant``, the values of ``performed``, on ``inputs`` of the latter,
    whose tensors may have more dimensions of extent 1. Floats may differ by what the order of sums can change."""
    missing = [name for name in (*asked.inputs, *asked.outputs) if name not in performed.dtype_of]
    if missing:
        return tuple(Violation("other-meaning", name, "the workload performed has no such tensor") for name in missing)
    given = {name: inputs[name].reshape(asked.tensor(name).shape) for name in asked.inputs}
    wrong = mismatches(asked, evaluate(asked, given), meant)
    return tuple(replace(violation, rule="other-meaning") for violation in wrong)
