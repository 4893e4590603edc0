"""Are the outputs of a program those that the workload means?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isamap.ir.answers import Violation
from isamap.ir.workload import Tensor, Workload
from isamap.simulate.element_types import Array
from isamap.simulate.rounding import tolerance

RULES: dict[str, str] = {
    "output-missing": "The program gives every output of the workload.",
    "wrong-number": "Every element of an output is what the workload means.",
}


def mismatches(work: Workload, expected: Mapping[str, Array], outputs: Mapping[str, Array]) -> tuple[Violation, ...]:
    """One violation per output tensor that differs: integers exactly, floats beyond what ``rounding`` allows.

    ``expected`` holds the value of every tensor.
    """
    found = []
    for name in work.outputs:
        if name not in outputs:
            found.append(Violation("output-missing", name, "the program gives no such output"))
            continue
        wrong = _differs(work, work.tensor(name), expected, np.asarray(outputs[name]))
        if wrong.any():
            first = tuple(int(n) for n in np.argwhere(wrong)[0])
            detail = f"{int(wrong.sum())} of {wrong.size} elements, first {name}{list(first)}: "
            detail += f"expected {expected[name][first]}, got {outputs[name][first]}"
            found.append(Violation("wrong-number", name, detail))
    return tuple(found)


def _differs(work: Workload, tensor: Tensor, values: Mapping[str, Array], found: Array) -> Array:
    expected = np.asarray(values[tensor.name])
    if not tensor.dtype.is_float:
        return np.asarray(expected != found)
    allowed = tolerance(work, tensor, values)
    wide, other = expected.astype(np.float64), found.astype(np.float64)
    close = np.isclose(wide, other, rtol=0.0, atol=allowed.distance, equal_nan=True)
    lost, both = ~np.isfinite(wide) | ~np.isfinite(other), ~np.isfinite(wide) & ~np.isfinite(other)
    return np.asarray(~(close | (allowed.overflows & lost) | (allowed.infinite & both)))
