"""One extended einsum: ``C[i,j] += A[i,k] * B[k,j]`` over axes with extents.

An axis on the left side is parallel, the others are reduced. ``op=`` continues from the tensor's value. Kernels have
fixed extents; instructions and symbolic sizes have ranges (``k=1..4096``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from isamap.errors import Fault, InvalidNoun, Unsupported
from isamap.ir import expression as tree
from isamap.ir.affine import Affine
from isamap.ir.scalar import Access, Index, Read, Scalar, access, immediates, reads, rebuild, scalar, with_immediates

# operator: the value a reduction starts from (None: no reduction; inf: the type's own limits)
IDENTITIES: dict[str, float | None] = {
    "=": None, "+=": 0, "*=": 1, "max=": float("-inf"), "min=": float("inf"),
    "argmax=": float("-inf"), "argmin=": float("inf"),
}  # fmt: skip
_STATEMENT = re.compile(
    r"^(?P<left>.*?)\s*(?P<operator>(?:\+|\*|\bmax|\bmin|\bargmax|\bargmin)?=)(?!=)(?P<right>.*)$", re.S
)


@dataclass(frozen=True)
class Axis:
    """An axis and the extents that it may take, both ends included; equal ends: a fixed extent."""

    name: str
    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.name}={self.least}" if self.least == self.most else f"{self.name}={self.least}..{self.most}"

    def __post_init__(self) -> None:
        if not tree.is_name(self.name):
            raise InvalidNoun([Fault((), "an axis name (letters, digits, _)", repr(self.name))])
        if not 1 <= self.least <= self.most:
            given = f"{self.least}..{self.most}"
            raise InvalidNoun([Fault((self.name,), "1 <= least extent <= greatest extent", given)])

    @property
    def extent(self) -> int:
        """The fixed extent; raises Unsupported where the axis has a range."""
        if self.least != self.most:
            raise Unsupported("this room", f"the symbolic extent {self}", "give the size a value with --set")
        return self.least


@dataclass(frozen=True)
class Einsum:
    """``outputs operator value`` for every point of ``axes`` (parallel ones first, in order of appearance)."""

    outputs: tuple[Access, ...]
    operator: str
    value: Scalar
    axes: tuple[Axis, ...]

    def __str__(self) -> str:
        return f"{self.statement} for {', '.join(map(str, self.axes))}" if self.axes else self.statement

    def __post_init__(self) -> None:
        faults = [*self._shape_faults(), *self._axis_faults()]
        if faults:
            raise InvalidNoun(faults)

    def _shape_faults(self) -> list[Fault]:
        faults = []
        if self.operator not in IDENTITIES:
            faults.append(Fault((), "an operator of " + " ".join(IDENTITIES), repr(self.operator)))
        wanted = 2 if self.operator in ("argmax=", "argmin=") else 1
        if len(self.outputs) != wanted:
            faults.append(Fault((), f"{wanted} output(s) before {self.operator}", str(len(self.outputs))))
        gathers = [item for item in self.outputs if not all(isinstance(index, Affine) for index in item.indices)]
        faults += [Fault((), "affine indices on the left", repr(str(item))) for item in gathers]
        return faults

    def _axis_faults(self) -> list[Fault]:
        given = [axis.name for axis in self.axes]
        wanted = _axis_names(self.outputs, self.value)
        if sorted(given) != sorted(wanted):
            return [Fault((), f"an extent for each of {' '.join(wanted)}", " ".join(given) or "none")]
        return []

    @property
    def statement(self) -> str:
        """The text without extents."""
        return f"{', '.join(map(str, self.outputs))} {self.operator} {self.value}"

    @property
    def output(self) -> Access:
        """The only output; raises Unsupported where there are two."""
        if len(self.outputs) != 1:
            raise Unsupported("this room", f"two outputs ({self.statement})")
        return self.outputs[0]

    @property
    def reads(self) -> tuple[Access, ...]:
        """Every access on the right side, left to right."""
        return tuple(reads(self.value))

    @property
    def extents(self) -> dict[str, int]:
        """Axis name -> fixed extent, in the order of ``axes``; raises Unsupported on a symbolic one."""
        return {axis.name: axis.extent for axis in self.axes}

    @property
    def parallel_axes(self) -> tuple[str, ...]:
        left = {name for output in self.outputs for name in output.axes}
        return tuple(axis.name for axis in self.axes if axis.name in left)

    @property
    def reduction_axes(self) -> tuple[str, ...]:
        left = {name for output in self.outputs for name in output.axes}
        return tuple(axis.name for axis in self.axes if axis.name not in left)

    @property
    def immediates(self) -> tuple[str, ...]:
        """Names of the numbers that each issue brings."""
        return immediates(self.value)

    def given(self, numbers: Mapping[str, int | float]) -> Einsum:
        """The same einsum with immediates put in."""
        return replace(self, value=with_immediates(self.value, numbers)) if numbers else self

    def permuted(self, order: Mapping[str, Sequence[int]]) -> Einsum:
        """The same einsum where each tensor of ``order`` has its dimensions in that order."""

        def change(item: Access) -> Access:
            places = order.get(item.tensor, range(len(item.indices)))
            return Access(item.tensor, tuple(item.indices[n] for n in places))

        value = rebuild(self.value, lambda node: Read(change(node.access)) if isinstance(node, Read) else node)
        return replace(self, outputs=tuple(map(change, self.outputs)), value=value)

    def unreduced(self, *outside: str) -> list[Fault]:
        """The fault of an ``=`` that has axes on the right side only, those that loops ``outside`` fix left out."""
        left_over = [axis for axis in self.reduction_axes if axis not in outside]
        if self.operator != "=" or not left_over:
            return []
        only_right = ", ".join(left_over)
        return [Fault((), "every axis on the left of =", f"{only_right} only on the right", "use += to reduce")]

    def rename(self, new_name: Mapping[str, str]) -> Einsum:
        """The same einsum with axes renamed."""

        def change(node: Scalar) -> Scalar:
            match node:
                case Index(index):
                    return Index(index.rename(lambda name: new_name.get(name, name)))
                case Read(item):
                    return Read(item.rename(lambda name: new_name.get(name, name)))
            return node

        outputs = tuple(output.rename(lambda name: new_name.get(name, name)) for output in self.outputs)
        axes = tuple(replace(axis, name=new_name.get(axis.name, axis.name)) for axis in self.axes)
        return Einsum(outputs, self.operator, rebuild(self.value, change), axes)


def _axis_names(outputs: tuple[Access, ...], value: Scalar) -> tuple[str, ...]:
    found: dict[str, None] = {}

    def note(node: Scalar) -> Scalar:
        if isinstance(node, Index):
            found.update(dict.fromkeys(node.index.axes))
        return node

    for item in (*outputs, *reads(value)):
        found.update(dict.fromkeys(item.axes))
    rebuild(value, note)
    return tuple(found)


@dataclass(frozen=True)
class Statement:
    """An einsum as written, before its axes have extents: left sides, operator, value."""

    outputs: tuple[Access, ...]
    operator: str
    value: Scalar

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Axes in order of appearance, the left side first."""
        return _axis_names(self.outputs, self.value)

    def over(self, axes: Mapping[str, tuple[int, int]]) -> Einsum:
        """The einsum with each axis's least and greatest extent put in."""
        return Einsum(self.outputs, self.operator, self.value, tuple(Axis(n, *axes[n]) for n in self.axis_names))


def parse_statement(
    text: str,
    tensors: frozenset[str],
    constants: Mapping[str, int] | None = None,
    types: Mapping[str, str] | None = None,
) -> Statement:
    """``text`` as a Statement; names in ``constants`` are numbers, ``types`` maps type names to dtypes."""
    found = _STATEMENT.match(text.strip())
    if not found or not found["left"].strip() or not found["right"].strip():
        raise InvalidNoun([Fault((), "tensor[indices] " + "|".join(IDENTITIES) + " value", repr(text))])
    left = tree.parse(f"outputs({found['left']})")
    assert isinstance(left, tree.Call)
    outputs = tuple(access(node, tensors, constants or {}) for node in left.arguments)
    value = scalar(found["right"].strip(), tensors, constants, types)
    return Statement(outputs, found["operator"], value)
