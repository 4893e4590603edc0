"""Conditions under which a match must be used: what the instruction does beside the einsum it means."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from isamap.ir.answers import Match
from isamap.ir.workload import Workload
from isamap.mapping.givens import Givens
from isamap.mapping.lemma.rule import unproved
from isamap.mapping.prove import fills
from isamap.mapping.utilisation import least_boxes


def notes(workload: Workload, g: Givens, matches: Iterable[Match]) -> tuple[str, ...]:
    """As sentences, for all of ``matches`` together."""
    return (*_start(workload, g), *_padded(g, matches), *unproved(g))


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
    """Axes with a least extent that some match cannot fill, what they are padded to, and its share of the work."""
    found: dict[str, None] = {}
    for match in matches:
        for d, (_, fused) in zip(g.axes, match.axes, strict=True):
            extents = [g.extents[x] for x in fused]
            if not fills(d, extents):
                size, boxes = prod(extents), least_boxes(tuple(sorted(extents)), d.most)
                padded = boxes * max(d.least, -(-size // boxes))
                whole, more = "*".join(fused) or "nothing", padded - size
                takes = f"{d.name} of {g.instruction.name} takes {d.least} or more"
                price = f"{more} more, {more / padded:.1%} of the work"
                found[f"{takes}: {whole} = {size} is padded to {padded} ({price})"] = None
    return tuple(found)
