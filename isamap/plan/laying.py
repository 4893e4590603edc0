"""How tensors that stay on chip whole may lie there, at strides that the machine's operands and drains can step by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from isamap.errors import Unsupported
from isamap.ir.answers import Home, Match, Sizes
from isamap.ir.binding import Binding, Role, bind
from isamap.ir.hardware import StrideRule, Target
from isamap.ir.workload import Workload
from isamap.plan.passing import Staying

_MOST_LAYOUTS = 60


def whole_on_chip(
    work: Workload, target: Target, cuts: Sequence[tuple[Match, Sizes]], staying: Staying
) -> Iterator[list[Binding]]:
    """The ways to have the tensors ``staying`` on chip whole, at strides that the machine allows for every tile."""
    homes = [_homes(work, tensor, memory, cuts) for tensor, memory in staying]
    for choice in islice(product(*homes), _MOST_LAYOUTS):
        names = (tensor for tensor, _ in staying)
        try:
            laid = dict(zip(names, choice, strict=True))
            bindings = [bind(work, match, target, homes=laid) for match, _ in cuts]
        except Unsupported:
            continue
        if all(_is_obeyed(binding, dict(tile)) for binding, (_, tile) in zip(bindings, cuts, strict=True)):
            yield bindings


def _homes(work: Workload, name: str, memory: str, cuts: Sequence[tuple[Match, Sizes]]) -> list[Home]:
    """A tensor in its own order, or with any of its dimensions outermost; in blocks too, as large as a tile of those
    who write or read it."""
    shape = work.tensor(name).shape
    blocks: dict[tuple[int, ...], None] = {(): None}
    for match, tile in cuts:
        einsum, size = work.einsums[match.einsum], dict(tile)
        for access in (access for access in (*einsum.outputs, *einsum.reads) if access.tensor == name):
            found = tuple(size[index.axes[0]] if len(index.axes) == 1 else 1 for index in access.affine_indices)
            blocks[found if max(found, default=1) > 1 else ()] = None
    orders = [(d, rows) for d, rows in enumerate(shape)]
    outermost = [Home(memory, each, d, -(-rows // (each[d] if each else 1)) * (each[d] if each else 1))
                 for each in blocks for d, rows in orders]  # fmt: skip
    return [Home(memory), *outermost]


def _is_obeyed(binding: Binding, tile: Mapping[str, int]) -> bool:
    """Do the tiles, those at the edges too, have the strides that operands in whole tensors must have?"""
    edges = [{size, binding.extents[x] % size or size} for x, size in tile.items()]
    for choice in product(*edges):
        issue = dict(zip(tile, choice, strict=True))
        for role in binding.roles:
            fused = [dict(role.fused)[axis] for axis in role.operand.axes]
            home, rule = role.home, _strides_at_home(role)
            if home is None:
                continue
            if isinstance(rule, tuple) or home.crosses(issue, binding.extents) or not home.obeys(rule, fused, issue):
                return False
    return True


def _strides_at_home(role: Role) -> StrideRule | tuple[int, ...]:
    """The rule of who meets the tensor on chip: the operand, or the drain that brings its tiles there."""
    if role.home is None or not role.written or role.route.drain is None:
        return role.operand.strides
    return next(o for o in role.route.drain.operands if o.memory == role.home.memory.name).strides
