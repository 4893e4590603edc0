"""Are the outputs of a program those that the workload means?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isamap.ir.answers import Violation
from isamap.ir.workload import Tensor, Workload
from isamap.simulate.element_types import Array

RULES: dict[str, str] = {
    "output-missing": "The program gives every output of the workload.",
    "wrong-number": "Every element of an output is what the workload means.",
}
_EPSILON = {"f16": 2.0**-10, "bf16": 2.0**-7, "f32": 2.0**-23, "f64": 2.0**-52}


def mismatches(work: Workload, expected: Mapping[str, Array], outputs: Mapping[str, Array]) -> tuple[Violation, ...]:
    """One violation per output tensor that differs: integers exactly, floats beyond the rounding of their sums.

    A float sum of n terms may be added in any order: it may differ by n units of the last place of the largest output.
    """
    found = []
    for name in work.outputs:
        if name not in outputs:
            found.append(Violation("output-missing", name, "the program gives no such output"))
            continue
        wrong = _differs(work, work.tensor(name), np.asarray(expected[name]), np.asarray(outputs[name]))
        if wrong.any():
            first = tuple(int(n) for n in np.argwhere(wrong)[0])
            detail = f"{int(wrong.sum())} of {wrong.size} elements, first {name}{list(first)}: "
            detail += f"expected {expected[name][first]}, got {outputs[name][first]}"
            found.append(Violation("wrong-number", name, detail))
    return tuple(found)


def _differs(work: Workload, tensor: Tensor, expected: Array, found: Array) -> Array:
    if not tensor.dtype.is_float:
        return np.asarray(expected != found)
    terms = 1
    for einsum in work.einsums:
        for axis in einsum.reduction_axes:
            terms *= einsum.extents[axis]
    scale = float(np.nanmax(np.abs(expected), initial=1.0))
    tolerance = _EPSILON[tensor.dtype.name] * scale * max(4, terms)
    return ~np.isclose(expected, found, rtol=0.0, atol=tolerance, equal_nan=True)
