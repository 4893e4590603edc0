"""Random well-typed einsums of several functions, and machines that compute parts of them."""

from __future__ import annotations

from random import Random

from isamap.ir.affine import Affine, affine
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.einsum import Axis, Statement
from isamap.ir.hardware import Instruction, Operand, Target
from isamap.ir.scalar import Access, Apply, Cast, Index, Literal, Read, Scalar, infer, reads
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.orientation import uses_index
from tests.mapping.instructions import instruction, machine

EXTENTS = {"i": 4, "j": 3, "k": 2}
TYPES = [DTYPES[name] for name in ("s32", "s8", "u8", "s16", "f32", "bf16")]
INTEGER = ("+", "*", "-", "max", "min", "&", ">>")
FLOAT = ("+", "*", "-", "max", "min")


class Drawn:
    """An expression of type ``dtype`` over random reads; its tensors, of random types."""

    def __init__(self, rng: Random, dtype: DType, depth: int) -> None:
        self.rng = rng
        self.tensors: dict[str, Tensor] = {}
        self.value = self._draw(dtype, depth)

    def _draw(self, dtype: DType, depth: int) -> Scalar:
        if depth == 0:
            return self._leaf(dtype)
        choice = self.rng.random()
        if choice < 0.3:
            source = self.rng.choice(TYPES if dtype.is_integer else [t for t in TYPES if t.is_float or t.bits == 8])
            if source != dtype:
                inner = self._draw(source, depth - 1)
                rounded = Apply("round", (inner,)) if source.is_float and self.rng.random() < 0.5 else inner
                return Cast(dtype, rounded, dtype.is_integer and self.rng.random() < 0.5)
        if choice < 0.4:
            test = Apply(self.rng.choice(("<", ">=", "==")), (self._draw(dtype, depth - 1), Literal(1)))
            return Apply("select", (test, self._draw(dtype, depth - 1), self._leaf(dtype)))
        if choice < 0.45:
            return Apply("abs", (self._draw(dtype, depth - 1),))
        function = self.rng.choice(INTEGER if dtype.is_integer else FLOAT)
        if function == ">>":
            return Apply(">>", (self._draw(dtype, depth - 1), Literal(self.rng.randint(0, 3))))
        other: Scalar = Literal(self.rng.choice((0, 3, -2))) if self.rng.random() < 0.3 else self._draw(dtype, 0)
        arguments = (self._draw(dtype, depth - 1), other)
        return Apply(function, arguments if self.rng.random() < 0.6 else arguments[::-1])

    def _leaf(self, dtype: DType) -> Scalar:
        if dtype.name == "s32" and self.rng.random() < 0.1:
            return Index(affine("i + 2*j"))
        known = [tensor for tensor in self.tensors.values() if tensor.dtype == dtype]
        if known and self.rng.random() < 0.4:
            tensor = self.rng.choice(known)
            axes = [next(axis for axis, extent in EXTENTS.items() if extent == size) for size in tensor.shape]
        else:
            axes = self.rng.sample("ijk", self.rng.randint(1, 3))
            name = f"X{len(self.tensors)}"
            tensor = self.tensors[name] = Tensor(name, dtype, tuple(EXTENTS[axis] for axis in axes), 1)
        indices = [Affine(((axis, 1),), self.rng.choice((0, 0, 0, 1))) for axis in axes]
        return Read(Access(tensor.name, tuple(indices)))


def random_einsum(rng: Random, depth: int = 3) -> Workload:
    """``O = value`` over all axes, or a reduction of it."""
    dtype = rng.choice(TYPES)
    drawn = Drawn(rng, dtype, depth)
    operator = rng.choice(("=", "=", "max=", "+=") if dtype.is_integer else ("=", "max="))
    used = Statement((), "=", drawn.value).axis_names
    left = list(used) if operator == "=" else rng.sample(used, rng.randint(0, len(used) - 1))
    output = Access("O", tuple(affine(axis) for axis in left))
    einsum = Statement((output,), operator, drawn.value).over({axis: (e, e) for axis, e in EXTENTS.items()})
    made = Tensor("O", dtype, tuple(EXTENTS[axis] for axis in left))
    return Workload("w", (*drawn.tensors.values(), made), (einsum,), tuple(drawn.tensors), ("O",))


def nodes(value: Scalar) -> list[Scalar]:
    """``value`` and its parts that are casts or functions, the whole first."""
    parts = value.arguments if isinstance(value, Apply) else (value.argument,) if isinstance(value, Cast) else ()
    found = [node for part in parts for node in nodes(part)]
    return [value, *found] if isinstance(value, Apply | Cast) and any(reads(value)) else found


def machine_for(work: Workload, rng: Random, chance: float = 1.0) -> Target:
    """An instruction for each function or cast of einsum 0, by chance, and for some pairs of them; and a reduction."""
    einsum, types = work.einsums[0], dict(work.dtype_of)
    found: list[Instruction] = []
    for node in nodes(einsum.value):
        for deep in (0, 1):
            if rng.random() < (chance if deep == 0 else 0.3):
                found.append(_computing(node, deep, types, f"f{len(found)}"))
    if einsum.operator != "=":
        dtype = work.tensor("O").dtype.name
        found.append(instruction("reduce", f"C[i] {einsum.operator} A[i,k]", {"i": (1, 4), "k": (1, 8)}, dtype))
    return machine(*found)


def _computing(node: Scalar, deep: int, types: dict[str, DType], name: str) -> Instruction:
    """An instruction for ``node``, its parts ``deep`` functions below being operands."""
    operands: dict[str, DType] = {}

    def cut(part: Scalar, left: int) -> Scalar:
        if left >= 0 and isinstance(part, Apply):
            return Apply(part.function, tuple(cut(argument, left - 1) for argument in part.arguments))
        if left >= 0 and isinstance(part, Cast):
            return Cast(part.dtype, cut(part.argument, left - 1), part.saturate)
        dtype = infer(part, types)
        if dtype is None:
            return part
        operand = "ABCDEFGH"[len(operands)]
        operands[operand] = dtype
        return Read(Access(operand, (affine("x"),)))

    value = cut(node, deep)
    made = infer(node, types)
    assert made is not None
    operands["Z"] = made
    meaning = Statement((Access("Z", (affine("x"),)),), "=", value).over({"x": (1, 4)})
    shaped = tuple(Operand(o, dtype, ("x",), "spad", "per_kernel_axis") for o, dtype in operands.items())
    plain = instruction(name, "Z[x] = A[x]", {"x": (1, 4)}, "s8", initialise="never")
    return Instruction(
        name, plain.unit, (Axis("x", 1, 4),), shaped, (meaning,), plain.initiation_interval_cycles,
        plain.occupancy_cycles, plain.latency_cycles, "never",
    )  # fmt: skip


def whole_as_one(work: Workload) -> Instruction | None:
    """An instruction that computes all of einsum 0; None where it uses an index or has too many operands."""
    einsum = work.einsums[0]
    if uses_index(einsum.value) or einsum.operator != "=" or len(einsum.reads) > 7:
        return None
    return _computing(einsum.value, 99, dict(work.dtype_of), "whole")
