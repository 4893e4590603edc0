"""Conditions under which a match must be used: what the instruction does beside the einsum it means."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from isamap.ir.answers import Match
from isamap.ir.workload import Workload
from isamap.mapping.givens import Givens
from isamap.mapping.prove import fills


def notes(workload: Workload, g: Givens, matches: Iterable[Match]) -> tuple[str, ...]:
    """As sentences, for all of ``matches`` together."""
    return (*_start(workload, g), *_padded(g, matches))


def _start(workload: Workload, g: Givens) -> tuple[str, ...]:
    """From what the output starts, against what the instruction can start from."""
    if g.einsum.operator == "=":
        return ()
    name, operand, tensor = g.instruction.name, g.operands[0].name, g.tensors[0].name
    continues = tensor in workload.inputs
    match g.instruction.initialise:
        case "always" if continues:
            return (f"{tensor} continues from its input, but {name} always starts afresh: add the two afterwards",)
        case "always":
            return (f"{name} always starts afresh: every summed axis must be done in one issue",)
        case "never" if not continues:
            return (f"{name} always accumulates: {operand} must hold the start of {g.einsum.operator} before",)
        case "optional" if continues:
            return (f"{tensor} is also an input: load it into {operand} and accumulate from the first issue",)
    return ()


def _padded(g: Givens, matches: Iterable[Match]) -> tuple[str, ...]:
    """Axes of an exact extent that some match cannot fill."""
    found: dict[str, None] = {}
    for match in matches:
        for d, (_, fused) in zip(g.axes, match.axes, strict=True):
            extents = [g.extents[x] for x in fused]
            if not fills(d, extents):
                size = prod(extents)
                padded = max(d.least, -(-size // d.most) * d.most)
                whole = "*".join(fused) or "nothing"
                found[
                    f"{d.name} of {g.instruction.name} takes {d.least} or more: {whole} = {size} is padded to {padded}"
                ] = None
    return tuple(found)
