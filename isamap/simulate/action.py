"""An operation made ready for a target: its queue, what it holds, what it costs, its views as layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

from isamap.ir.einsum import Einsum
from isamap.ir.expression import Expression, evaluate
from isamap.ir.hardware import Instruction, Transfer, cycles
from isamap.ir.program import Operation
from isamap.ir.scalar import Read, Scalar, rebuild
from isamap.simulate.layout import Layout


@dataclass(frozen=True)
class Cost:
    """Cycles from the start: operands and resources are held for ``occupancy``, the server of the queue for
    ``interval``, results are readable after ``latency``. Energy is None where the machine's file gives none."""

    occupancy: int
    interval: int
    latency: int
    energy_pj: float | None


@dataclass(frozen=True)
class Action:
    """``held``: (resource number, bytes per cycle; None: all of it). ``counted`` numbers the view whose elements a
    transfer's cost counts: the one in the outermost memory."""

    operation: Operation
    does: Instruction | Transfer
    queue: int
    layouts: tuple[Layout, ...]
    held: tuple[tuple[int, int | None], ...]
    counted: int = 0

    @property
    def name(self) -> str:
        return self.operation.performs

    @property
    def is_transfer(self) -> bool:
        return isinstance(self.does, Transfer)

    @property
    def fresh(self) -> bool:
        """Do its reductions start at the identity?"""
        return starts_fresh(self.does, self.operation.mode)

    def cost(self, inside: int) -> Cost:
        """The cost where ``inside`` elements of the counted view lie inside their tensor (transfers only)."""
        does = self.does
        if isinstance(does, Transfer):
            layout = self.layouts[self.counted]
            bytes_for = layout.dtype.bytes_for
            known = {"bytes": bytes_for(inside), "border_bytes": bytes_for(layout.points - inside)}
            known["rows"] = prod(layout.shape[:-1])
            held = cycles(does.cost_cycles, known)
            return Cost(held, held, held + cycles(does.latency_cycles, known), _energy(does.energy_pj, known))
        known = {axis: prod(factors) for axis, factors in self.operation.extents}
        known["initialise"] = int(self.fresh)
        return Cost(
            cycles(does.occupancy_cycles, known),
            cycles(does.initiation_interval_cycles, known),
            cycles(does.latency_cycles, known),
            _energy(does.energy_pj, known),
        )


def _energy(expression: Expression | None, known: Mapping[str, int]) -> float | None:
    return None if expression is None else float(evaluate(expression, known))


def starts_fresh(does: Instruction | Transfer, mode: str) -> bool:
    return mode == "initialise" or (isinstance(does, Instruction) and does.initialise == "always")


def meaning_of(action: Action) -> tuple[Einsum, ...]:
    """The einsums that it performs over arrays named by operand (none: it copies source to destination)."""
    given = dict(action.operation.immediates)
    if isinstance(action.does, Instruction):
        return tuple(einsum.given(given) for einsum in action.does.meaning)
    einsum = action.does.meaning
    if einsum is None:
        return ()
    names = {einsum.output.tensor: "destination", einsum.reads[0].tensor: "source"}
    return (_with_tensors(einsum.given(given), names),)


def _with_tensors(einsum: Einsum, names: Mapping[str, str]) -> Einsum:
    def change(node: Scalar) -> Scalar:
        if isinstance(node, Read):
            return Read(replace(node.access, tensor=names.get(node.access.tensor, node.access.tensor)))
        return node

    outputs = tuple(replace(output, tensor=names.get(output.tensor, output.tensor)) for output in einsum.outputs)
    return Einsum(outputs, einsum.operator, rebuild(einsum.value, change), einsum.axes)
