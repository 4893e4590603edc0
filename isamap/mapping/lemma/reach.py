"""Which values a kernel's tensors may hold, by interval arithmetic from the ranges that its inputs state.

An input without a range may hold all values of its type, and so may what no bound is derived for: results in floats,
views of other tensors' bytes, what a recurrence carries, and results that may wrap. A sum of n values in [a, b] stays,
in whatever order they are added up, within n * min(a, 0) and n * max(b, 0) of where it starts. Ranges that inputs of
floats state are widened to whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor, isfinite, prod

from isamap.errors import Unsupported
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.lemma.interval import Interval, hull, intervals, limits, within
from isamap.mapping.lemma.scalar_term import Scalars
from isamap.mapping.lemma.term import Terms
from isamap.mapping.lemma.unroll import identity

ANY: Interval = (-(1 << 1100), 1 << 1100)  # beyond every float; infinities too


@dataclass(frozen=True)
class Reach:
    """The values that an access of a kernel may meet. ``may_state``: its tensor is an input, which may state a range;
    ``start``: of an output, before the einsum. Those of an output are not cut to its type."""

    values: Interval
    may_state: bool = False
    start: Interval = (0, 0)


def reaches(work: Workload, number: int) -> tuple[Reach, ...]:
    """For each access of einsum ``number``: the output, then the reads. Reads may also meet 0, in padded lanes."""
    einsum, held = work.einsums[number], before(work, number)
    stated = {name for name in work.inputs if not _is_written(work, name)}
    start = held[einsum.output.tensor]
    output = Reach(after(einsum, work.dtype_of, held, start), start=start)
    reads = (item.tensor for item in einsum.reads)
    return (output, *(Reach(hull(held[name], (0, 0)), name in stated) for name in reads))


def before(work: Workload, number: int) -> dict[str, Interval]:
    """The values that every tensor may hold (its border included) when einsum ``number`` begins."""
    loose = {tensor.name for tensor in work.tensors if tensor.alias_of}
    loose |= {tensor.alias_of[0] for tensor in work.tensors if tensor.alias_of}
    if work.repeat:
        loose |= {tensor.name for tensor in work.tensors if _is_written(work, tensor.name)}
        loose |= {old for _, old in work.repeat.carry}
    first = {output.tensor: e.operator for e in reversed(work.einsums) for output in e.outputs}
    held = {
        t.name: _start(t, None if t.name in work.inputs else first.get(t.name), t.name in loose) for t in work.tensors
    }
    for einsum in work.einsums[:number]:
        for output in einsum.outputs:
            name, whole = output.tensor, _whole(work.dtype_of[output.tensor])
            found = after(einsum, work.dtype_of, held, held[name]) if len(einsum.outputs) == 1 else whole
            held[name] = found if within(found, whole) and name not in loose else whole
    return held


def _start(tensor: Tensor, operator: str | None, loose: bool) -> Interval:
    whole = _whole(tensor.dtype)
    if loose or (tensor.dtype.is_float and (operator is not None or tensor.value_range is None)):
        return whole
    if operator is not None:
        start = identity(operator, tensor.dtype)
        found = (start, start)
    else:
        low, high = tensor.value_range or whole
        found = (floor(low), ceil(high))
    if tensor.border is None:
        return found
    return hull(found, (floor(tensor.border), ceil(tensor.border))) if isfinite(tensor.border) else whole


def _whole(dtype: DType) -> Interval:
    """All values of a type."""
    return ANY if dtype.is_float else limits(dtype)


def _is_written(work: Workload, name: str) -> bool:
    return any(output.tensor == name for einsum in work.einsums for output in einsum.outputs)


def after(einsum: Einsum, dtypes: Mapping[str, DType], held: Mapping[str, Interval], start: Interval) -> Interval:
    """The values that the output may have while and after the einsum is done, not cut to its type."""
    dtype = dtypes[einsum.output.tensor]
    value = _value(einsum, dtypes, held)
    if value is None:
        return _whole(dtype)
    match einsum.operator:
        case "+=":
            count = prod(axis.most for axis in einsum.axes if axis.name in einsum.reduction_axes)
            return start[0] + count * min(value[0], 0), start[1] + count * max(value[1], 0)
        case "=" | "max=" | "min=":
            return hull(start, value)
    return _whole(dtype)


def _value(einsum: Einsum, dtypes: Mapping[str, DType], held: Mapping[str, Interval]) -> Interval | None:
    """Of one point; None where floats or what terms cannot say take part."""
    terms = Terms()
    scalars, point = Scalars(terms, dtypes), _AnyPoint(terms, dtypes, einsum)
    try:
        root = scalars.term(einsum.value, dtypes[einsum.output.tensor], point)
    except Unsupported:
        return None
    return intervals(terms, [root], {**held, **point.indices})[root]


@dataclass
class _AnyPoint:
    """Any point of the einsum's axes; ``indices`` are the bounds of those that stand as values."""

    terms: Terms
    dtypes: Mapping[str, DType]
    einsum: Einsum
    indices: dict[str, Interval] = field(default_factory=dict)

    def element(self, access: Access) -> int:
        return self.terms.input(access.tensor, (), self.dtypes[access.tensor])

    def index(self, index: Affine) -> None:
        ranges = {axis.name: (0, axis.most - 1) for axis in self.einsum.axes}
        self.indices[f"index {index}"] = index.bounds(ranges)
