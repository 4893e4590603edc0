"""Random small kernels and instructions: strides, dilations, flips, offsets, tensors read twice, windows, 3 factors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Einsum, parse_statement
from isamap.ir.expression import Number
from isamap.ir.hardware import Instruction, Operand
from isamap.ir.workload import Tensor, Workload, workload

# (of the instruction, of the kernel): the same value, perhaps with its arguments in another order or grouping, or not
FORMS = (
    ("{0} * {1}", ("{0} * {1}", "{0} * {1}", "{0} * {1}", "{0} + {1}")),
    ("{0} + {1}", ("{0} + {1}", "{0} + {1}", "{0} - {1}")),
    ("{0} - {1}", ("{0} - {1}",)),
    ("({0} * {1}) * {2}", ("{0} * ({1} * {2})", "({0} * {1}) * {2}", "{0} * {1} + {2}")),
    ("{0} * {1} + {2}", ("{0} * {1} + {2}", "{0} + {1} * {2}", "{0} * ({1} + {2})")),
    ("max({0}, max({1}, {2}))", ("max(max({0}, {1}), {2})",)),
    ("max({0}, 0)", ("max(0, {0})",)),
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    work: Workload
    instruction: Instruction

    @property
    def einsum(self) -> Einsum:
        return self.work.einsums[0]

    @property
    def meaning(self) -> Einsum:
        return self.instruction.meaning[0]


def pair(seed: int, dtype: str = "s16") -> Pair:
    """A kernel over up to four axes of 2 to 4, an instruction over up to three of up to 2 to 8."""
    rng = random.Random(seed)
    pattern, subjects = rng.choice(FORMS)
    reads = pattern.count("{")
    assigns = rng.random() < 0.25
    instruction = _instruction(rng, pattern, reads, assigns, dtype)
    operator = instruction.meaning[0].operator
    kernel = _kernel(rng, rng.choice(subjects), reads, assigns or operator == "=", operator, dtype)
    return Pair(kernel, instruction)


def _instruction(rng: random.Random, pattern: str, reads: int, assigns: bool, dtype: str) -> Instruction:
    axes = "ijk"[: rng.randint(1 + assigns, 3)]
    left = rng.sample(axes, rng.randint(1, len(axes) - assigns))
    used = _spread(rng, axes, left, reads)
    names = [f"{name}[{','.join(_windows(rng, some))}]" for name, some in zip("ABC", used, strict=False)]
    reduces = not set().union(*used) <= set(left)
    operator = rng.choice(("+=", "+=", "max=", "*=")) if reduces else rng.choice(("=", "=", "+="))
    statement = parse_statement(f"D[{','.join(left)}] {operator} {pattern.format(*names)}", frozenset("ABCD"))
    ranges = {axis: (1, rng.choice((2, 3, 4, 8))) for axis in statement.axis_names}
    einsum = statement.over(ranges)
    operands = {access.tensor: access.axes for access in (einsum.output, *einsum.reads)}
    return Instruction(
        name="one", unit="array", axes=einsum.axes,
        operands=tuple(Operand(n, DTYPES[dtype], own, "spad", "per_kernel_axis") for n, own in operands.items()),
        meaning=(einsum,), initiation_interval_cycles=Number(1), occupancy_cycles=Number(1), latency_cycles=Number(1),
        initialise="never" if operator == "=" else rng.choice(("optional", "always", "optional", "always", "never")),
    )  # fmt: skip


def _kernel(rng: random.Random, body: str, reads: int, assigns: bool, operator: str, dtype: str) -> Workload:
    axes = "pqrs"[: rng.randint(1, 4)]
    left = list(axes) if assigns else rng.sample(axes, rng.randint(1, len(axes)))
    used = _spread(rng, axes, left, reads)
    extents = {axis: rng.randint(2, 4) for axis in axes}
    names = [
        f"{rng.choice((name, name, name, 'X'))}[{','.join(_indices(rng, some, extents))}]"
        for name, some in zip("XYZ", used, strict=False)
    ]
    names = _repeated(rng, names)
    reduces = not set().union(*used) <= set(left)
    chosen = (operator if operator != "=" else "+=") if reduces else rng.choice(("=", "=", operator))
    outputs = ",".join(_alone(rng, axis, extents[axis]) for axis in left)
    statement = parse_statement(f"O[{outputs}] {chosen} {body.format(*names)}", frozenset("OXYZ"))
    einsum = statement.over({axis: (extent, extent) for axis, extent in extents.items()})
    ranges = {axis: (0, extent - 1) for axis, extent in extents.items()}
    shapes: dict[str, tuple[int, ...]] = {}
    for access in (einsum.output, *einsum.reads):
        reach = tuple(index.bounds(ranges)[1] + 1 for index in access.affine_indices)
        shapes[access.tensor] = tuple(map(max, reach, shapes.get(access.tensor, reach)))
    tensors = [Tensor(name, DTYPES[dtype], shape) for name, shape in shapes.items()]
    return workload("work", tensors, [statement], axes={axis: extents[axis] for axis in statement.axis_names})


def _spread(rng: random.Random, axes: str, left: Sequence[str], reads: int) -> list[list[str]]:
    """The axes of each read; every axis of ``left`` is in some read."""
    used = [rng.sample(axes, rng.randint(1, len(axes))) for _ in range(reads)]
    used[0] += [axis for axis in left if not any(axis in some for some in used)]
    return used


def _windows(rng: random.Random, axes: list[str]) -> list[str]:
    if len(axes) > 1 and rng.random() < 0.6:
        return [f"{rng.choice(('', '', '2*'))}{axes[0]}+{rng.choice(('', '', '2*'))}{axes[1]}", *axes[2:]]
    return axes


def _indices(rng: random.Random, axes: list[str], extents: dict[str, int]) -> list[str]:
    if len(axes) > 1 and rng.random() < 0.5:
        one, other = (rng.choice(("", "", "2*", "3*")) for _ in range(2))
        joined = f"{one}{axes[0]}+{other}{axes[1]}"
        if rng.random() < 0.2:
            joined = f"{3 * extents[axes[0]]}-{one}{axes[0]}+{other}{axes[1]}"
        return [joined, *(_alone(rng, axis, extents[axis]) for axis in axes[2:])]
    return [_alone(rng, axis, extents[axis]) for axis in axes]


def _alone(rng: random.Random, axis: str, extent: int) -> str:
    """As it is, flipped, with an offset, at a stride."""
    return rng.choice((axis, axis, axis, f"{extent - 1}-{axis}", f"{axis}+1", f"2*{axis}"))


def _repeated(rng: random.Random, names: list[str]) -> list[str]:
    """Reads of one tensor need one rank; sometimes two reads are one and the same."""
    rank: dict[str, int] = {}
    if any(rank.setdefault(name[0], name.count(",")) != name.count(",") for name in names):
        names = [letter + name[1:] for letter, name in zip("XYZ", names, strict=False)]
    return [names[0], names[0], *names[2:]] if len(names) > 1 and rng.random() < 0.1 else names
