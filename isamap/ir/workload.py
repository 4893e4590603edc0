"""A computation: tensors and a DAG of einsums over them.

Tensors are row-major unless ``strides`` (in elements) says otherwise. A read outside a tensor gives its ``border``; a
tensor without a border may not be read outside. A tensor that is not an input starts at the operator's identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from isamap.errors import Fault, InvalidNoun
from isamap.ir.affine import Affine
from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum, Statement
from isamap.ir.expression import is_name
from isamap.ir.injective import injective
from isamap.ir.scalar import Access, Read, infer, reads, without_identity_casts


@dataclass(frozen=True)
class Tensor:
    """A named array. ``alias_of`` = (tensor, offset in elements) makes it a view of another's bytes."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    border: int | float | None = None
    strides: tuple[int, ...] | None = None
    alias_of: tuple[str, int] | None = None
    value_range: tuple[int | float, int | float] | None = None

    def __post_init__(self) -> None:
        faults = [
            Fault(("tensors", self.name, "shape", n), "a positive extent", str(extent))
            for n, extent in enumerate(self.shape)
            if extent < 1
        ]
        at = ("tensors", self.name)
        if not is_name(self.name):
            faults.append(Fault(at, "a name (letters, digits, _)", repr(self.name)))
        if self.strides is not None and len(self.strides) != len(self.shape):
            faults.append(Fault((*at, "strides"), f"{len(self.shape)} strides", str(len(self.strides))))
        if self.border is not None and self.dtype.wrap(self.border) != self.border:
            faults.append(Fault((*at, "border"), f"a value of {self.dtype}", str(self.border)))
        if self.value_range is not None and not self._holds_range(*self.value_range):
            wanted = f"[least, greatest] within {self.dtype} ({self.dtype.least} to {self._most})"
            given = f"[{self.value_range[0]}, {self.value_range[1]}]"
            faults.append(Fault((*at, "range"), wanted, given))
        if faults:
            raise InvalidNoun(faults)

    @property
    def _most(self) -> int | float:
        return 1 if self.dtype.kind == "bool" else self.dtype.most

    def _holds_range(self, least: int | float, most: int | float) -> bool:
        is_inside = self.dtype.least <= least <= most <= self._most
        return is_inside and (self.dtype.is_float or (least % 1 == 0 and most % 1 == 0))

    @property
    def element_strides(self) -> tuple[int, ...]:
        """Strides in elements, row-major where none are given."""
        if self.strides is not None:
            return self.strides
        return tuple(prod(self.shape[n + 1 :]) for n in range(len(self.shape)))

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes from the first element to the end of the last, strides included."""
        last = sum((extent - 1) * abs(stride) for extent, stride in zip(self.shape, self.element_strides, strict=True))
        return self.dtype.bytes_for(last + 1)


@dataclass(frozen=True)
class Repeat:
    """The einsums run ``extent`` times; after each step ``carry`` copies (from, to): tensor Hnext becomes H."""

    axis: str
    extent: int
    carry: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Workload:
    """A named DAG of einsums, in an order in which they can run. Build with ``workload``."""

    name: str
    tensors: tuple[Tensor, ...]
    einsums: tuple[Einsum, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    repeat: Repeat | None = None

    def __post_init__(self) -> None:
        faults = [*_declaration_faults(self)]
        for n, einsum in enumerate(self.einsums):
            faults += [fault.under("einsums", n) for fault in _einsum_faults(self, einsum)]
        faults = faults or _order_faults(self)
        if faults:
            raise InvalidNoun(faults)

    def tensor(self, name: str) -> Tensor:
        """The tensor called ``name``."""
        return next(tensor for tensor in self.tensors if tensor.name == name)

    @property
    def dtype_of(self) -> dict[str, DType]:
        return {tensor.name: tensor.dtype for tensor in self.tensors}


def _declaration_faults(work: Workload) -> list[Fault]:
    declared = [tensor.name for tensor in work.tensors]
    twice = [name for name in dict.fromkeys(declared) if declared.count(name) > 1]
    faults = [Fault(("tensors", name), "one tensor of that name", "two") for name in twice]
    for role, names in (("inputs", work.inputs), ("outputs", work.outputs)):
        faults += [Fault((role,), "a tensor of " + " ".join(declared), repr(n)) for n in names if n not in declared]
    for tensor in work.tensors:
        if tensor.alias_of and tensor.alias_of[0] not in declared:
            at = ("tensors", tensor.name, "alias_of")
            faults.append(Fault(at, "a tensor of " + " ".join(declared), repr(tensor.alias_of[0])))
    faults += _repeat_faults(work.repeat, {tensor.name: tensor for tensor in work.tensors}) if work.repeat else []
    if not work.einsums:
        faults.append(Fault(("einsums",), "at least one einsum", "none"))
    return faults


def _repeat_faults(repeat: Repeat, tensors: Mapping[str, Tensor]) -> list[Fault]:
    faults = [] if repeat.extent > 0 else [Fault(("repeat", "extent"), "at least 1 step", str(repeat.extent))]
    for new, old in repeat.carry:
        at = ("repeat", "carry", old)
        missing = [name for name in (new, old) if name not in tensors]
        faults += [Fault(at, "a tensor of " + " ".join(tensors), repr(name)) for name in missing]
        if not missing:
            held = [(str(tensors[name].dtype), list(tensors[name].shape)) for name in (old, new)]
            if held[0] != held[1]:
                faults.append(Fault(at, f"the type and shape of {old}: {held[0]}", f"{held[1]} of {new}"))
    return faults


def _einsum_faults(work: Workload, einsum: Einsum) -> list[Fault]:
    dtype_of = work.dtype_of
    accesses = (*einsum.outputs, *einsum.reads)
    unknown = [a.tensor for a in accesses if a.tensor not in dtype_of]
    if unknown:
        return [Fault((), "a tensor of " + " ".join(dtype_of), repr(name)) for name in dict.fromkeys(unknown)]
    faults = [fault for a in accesses for fault in _access_faults(work, einsum, a, a in einsum.outputs)]
    most = {axis.name: axis.most for axis in einsum.axes}
    faults += [
        Fault((), "a left side that names each element once", f"{output}, which names some twice")
        for output in einsum.outputs
        if not injective(output, most)
    ]
    faults += einsum.unreduced(*([work.repeat.axis] if work.repeat else []))
    faults += [Fault((), "a number: immediates belong to instructions", f"imm({name})") for name in einsum.immediates]
    try:
        found = infer(einsum.value, dtype_of)
    except InvalidNoun as error:
        return [*faults, *error.faults]
    wanted = dtype_of[einsum.outputs[0].tensor]
    if found is not None and found != wanted:
        fix = f"cast it: {wanted}(...)"
        faults.append(Fault((), f"{wanted}, the type of {einsum.outputs[0].tensor}", f"{found} on the right side", fix))
    return faults


def _access_faults(work: Workload, einsum: Einsum, item: Access, written: bool) -> list[Fault]:
    tensor = work.tensor(item.tensor)
    if len(item.indices) != len(tensor.shape):
        return [Fault((), f"{len(tensor.shape)} indices of {tensor.name}", f"{len(item.indices)} in {item}")]
    if tensor.border is not None and not written:
        return []
    ranges = {axis.name: (0, axis.most - 1) for axis in einsum.axes}
    faults = []
    for index, extent in zip(item.indices, tensor.shape, strict=True):
        if isinstance(index, Affine):
            low, high = index.bounds(ranges)
            if low < 0 or high >= extent:
                hint = "" if written else f"give {tensor.name} a border, or change its shape"
                faults.append(Fault((), f"an index in 0..{extent - 1} in {item}", f"{index} in {low}..{high}", hint))
    return faults


def _order_faults(work: Workload) -> list[Fault]:
    """Reads of tensors that a later einsum writes: the einsums are cyclic, or a tensor is never given a value."""
    written_at: dict[str, int] = {}
    for n, einsum in enumerate(work.einsums):
        for output in einsum.outputs:
            written_at[output.tensor] = n
    faults = []
    for n, einsum in enumerate(work.einsums):
        for item in einsum.reads:
            last = written_at.get(item.tensor, -1)
            if last >= n and item.tensor not in work.inputs:
                what = "itself" if last == n else f"einsum {last}"
                faults.append(Fault(("einsums", n), "no cycle", f"{item.tensor} is read here and written by {what}"))
            if last < 0 and item.tensor not in work.inputs and not work.tensor(item.tensor).alias_of:
                faults.append(Fault(("einsums", n), "an input, or a tensor written before", repr(item.tensor)))
    return faults


def infer_axes(
    statement: Statement, tensors: Mapping[str, Tensor], given: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """Extent of each axis: ``given``, or that of a dimension which the axis indexes alone. Raises InvalidNoun."""
    found: dict[str, tuple[int, int]] = {n: given[n] for n in statement.axis_names if n in given}
    faults = []
    for item in (*statement.outputs, *reads(statement.value)):
        if item.tensor not in tensors:
            faults.append(Fault((), "a tensor of " + " ".join(tensors), repr(item.tensor)))
            continue
        for index, extent in zip(item.indices, tensors[item.tensor].shape, strict=False):
            name = index.axes[0] if len(index.axes) == 1 else ""
            if name in given or index != Affine(((name, 1),)):
                continue
            if found.setdefault(name, (extent, extent)) != (extent, extent):
                faults.append(Fault((), f"extent {found[name][0]} for {name} in {item}", str(extent)))
    for name in statement.axis_names:
        if name not in found and not faults:
            hint = "give it under axes:, or index a dimension with it alone"
            faults.append(Fault((), f"an extent for axis {name}", "none", hint))
    if faults:
        raise InvalidNoun(faults)
    return found


def workload(
    name: str,
    tensors: Iterable[Tensor],
    statements: Iterable[Statement],
    *,
    axes: Mapping[str, int] | None = None,
    inputs: Iterable[str] | None = None,
    outputs: Iterable[str] | None = None,
    repeat: Repeat | None = None,
) -> Workload:
    """A Workload from statements as written: extents inferred, identity casts dropped, inputs and outputs defaulted.

    Axes without a dimension of their own take their extent from ``axes``, or from a tensor dimension named for them.
    Inputs default to tensors never written, outputs to tensors never read. Raises InvalidNoun with every fault.
    """
    declared = tuple(tensors)
    known = {tensor.name: tensor for tensor in declared}
    given = {axis: (extent, extent) for axis, extent in (axes or {}).items()}
    einsums, faults = [], []
    for n, statement in enumerate(statements):
        try:
            einsum = statement.over(infer_axes(statement, known, given))
            value = without_identity_casts(einsum.value, {t.name: t.dtype for t in known.values()})
            einsums.append(Einsum(einsum.outputs, einsum.operator, value, einsum.axes))
        except InvalidNoun as error:
            faults += [fault.under("einsums", n) for fault in error.faults]
    if faults:
        raise InvalidNoun(faults)
    written = {output.tensor for einsum in einsums for output in einsum.outputs}
    read = {item.tensor for einsum in einsums for item in einsum.reads}
    carried = {old for _, old in repeat.carry} if repeat else set()
    default_inputs = (n for n in known if n not in written or n in carried)
    default_outputs = (n for n in known if n in written and n not in read)
    return Workload(
        name,
        declared,
        tuple(einsums),
        tuple(default_inputs if inputs is None else inputs),
        tuple(default_outputs if outputs is None else outputs),
        repeat,
    )


def is_copy(einsum: Einsum) -> bool:
    """Does it only move elements: ``D[i,j] = C[i,j]``?"""
    return einsum.operator == "=" and isinstance(einsum.value, Read)
