"""Every plan of a small binding, and small bindings drawn at random: what the exact tiling is held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import permutations, product
from math import ceil
from random import Random

from isamap.errors import NoMatch
from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.spec import load_target, load_workload
from isamap.tiling.exact.counts import Counts
from isamap.tiling.exact.modelled import modelled
from isamap.tiling.exact.plan import ACCUMULATORS, SUMS, Plan
from isamap.tiling.exact.prices import Prices
from isamap.tiling.exact.slots import slots
from isamap.tiling.nest import Nest, legal
from tests.nests import bindings_of


def every_nest(binding: Binding) -> Iterator[tuple[Nest, list[int]]]:
    """Every legal nest, any integer tile and any block of whole tiles, in every order of the loops that move; and the
    positions at which a hold can begin. Loops that stand still come last, where they are inside of every hold."""
    extents = binding.extents
    cuts = [[(t, min(e, t * m)) for t in range(1, e + 1) for m in range(1, ceil(e / t) + 1)] for e in extents.values()]
    for cut in product(*cuts):
        tile, block = ({x: c[n] for x, c in zip(extents, cut, strict=True)} for n in (0, 1))
        plain = Nest(tuple(tile.items()), tuple(block.items()), tuple(extents), tuple(extents))
        steps = all(tile[x] == 1 for x in extents if x not in binding.match.mapped_axes)
        if not steps or not legal(binding, plain):
            continue
        outer = [x for x in extents if block[x] < extents[x]]
        inner = [x for x in extents if tile[x] < block[x]]
        still = [[x for x in extents if x not in moving] for moving in (outer, inner)]
        starts = [*range(len(outer) + 1), *range(len(extents) + 1, len(extents) + len(inner) + 1)]
        for one, two in product(permutations(outer), permutations(inner)):
            yield replace(plain, outer=(*one, *still[0]), inner=(*two, *still[1])), starts


def every_plan(binding: Binding, prices: Prices) -> Iterator[Plan]:
    """Every plan but those that keep sums for longer than they are added to, let fewer tiles wait than could, or differ
    from another one in nothing that is counted."""
    for nest, starts in every_nest(binding):
        ways = {
            role.operand.name: _different(binding, nest, starts, role.operand.name, role) for role in binding.inputs
        }
        if binding.output.route.drain is not None:
            ways[ACCUMULATORS] = _different(binding, nest, starts, ACCUMULATORS, binding.output)
        sums = max(at for at in starts if _counts(binding, nest, SUMS, at).fetched(SUMS, binding.output) == 1)
        for depths in product(*ways.values()):
            plan = Plan(nest, (*zip(ways, depths, strict=True), (SUMS, sums)), False)
            if slots(prices, plan, Counts(binding, plan)) is not None:
                yield plan
                yield from _loading_ahead(binding, prices, plan)


def _counts(binding: Binding, nest: Nest, holder: str, depth: int) -> Counts:
    return Counts(binding, Plan(nest, ((holder, depth),), False))


def _different(binding: Binding, nest: Nest, starts: list[int], holder: str, role: Role) -> list[int]:
    """Positions at which a hold can begin that are told apart by what is counted."""
    found: dict[object, int] = {}
    for at in starts:
        count = _counts(binding, nest, holder, at)
        key: list[object] = [count.held(holder, role), count.fetched(holder, role)]
        if not role.written:
            key += [count.passes(role), *count.pieces(role).items()]
        found.setdefault(tuple(key), at)
    return list(found.values())


def _loading_ahead(binding: Binding, prices: Prices, plan: Plan) -> Iterator[Plan]:
    """With any number of slots that pieces may have, and as many tiles waiting as fit."""
    count, output = Counts(binding, plan), binding.output
    inputs = [role.operand.name for role in binding.inputs]
    held = [count.held(role.operand.name, role) for role in binding.inputs]
    spare = [[kept] if kept == every else range(kept + 1, 2 * kept + 1) for kept, every in held]
    staged = output.route.drain is not None
    memory = output.route.landing if staged else output.route.memory
    most = memory.capacity_bytes // prices.slot_bytes(output, count.largest(output), staged=staged)
    for given in product(*spare):
        for waiting in range(most, 0, -1):
            ahead = replace(plan, spare=True, slots=(*zip(inputs, given, strict=True), (SUMS, waiting)))
            if slots(prices, ahead, count) is not None:
                yield ahead
                break


def best(binding: Binding, objective: str) -> float | None:
    """The least cost of all plans; None where none fits."""
    prices = Prices(binding)
    costs = (modelled(binding, plan, prices) for plan in every_plan(binding, prices))
    return min((cost.value(objective) for cost in costs if cost is not None), default=None)


def with_capacity(target: Target, memory: str, capacity_bytes: int) -> Target:
    """``target`` with a smaller memory."""
    memories = (replace(m, capacity_bytes=capacity_bytes) if m.name == memory else m for m in target.memories)
    return replace(target, memories=tuple(memories))


@cache
def two_by_two() -> Target:
    """p16 with an array of two rows and columns, and a bus of 4 bytes per cycle."""
    return load_target("p16", {"array_rows": 2, "array_columns": 2, "bus_bytes_per_cycle": 4})


KERNELS = {
    "gemm": ("M, K", "K, N", "M, N", "C[m,n] += {0}A[m,k]{1} * {0}B[k,n]{1}"),
    "gemv": ("M, K", "K", "M", "C[m] += {0}A[m,k]{1} * {0}B[k]{1}"),
    "outer": ("M", "N", "M, N", "C[m,n] += {0}A[m]{1} * {0}B[n]{1}"),
    "skew": ("M + K - 1, K", "K", "M", "C[m] += {0}A[m+k,k]{1} * {0}B[k]{1}"),
    "gaps": ("2*M - 1, K", "K", "M", "C[m] += {0}A[2*m,k]{1} * {0}B[k]{1}"),
    "conv": ("M + K - 1", "K", "M", "C[m] += {0}A[m+k]{1} * {0}B[k]{1}"),
}


def random_binding(rng: Random) -> tuple[Workload, Binding]:
    """A kernel of two or three axes on a machine with hardly any memory."""
    while True:
        kernel, tiny = rng.choice(list(KERNELS)), rng.random() < 0.5
        *shapes, statement = KERNELS[kernel]
        most = rng.choice([(6, 1, 1)] * 5 + [(4, 2, 1)] * 2 + [(3, 2, 1)] * 5 + [(2, 2, 2)])
        sizes = {name: rng.randint(1, most) for name, most in zip("MNK", rng.sample(most, 3), strict=True)}
        sizes = {name: size for name, size in sizes.items() if any(name in shape for shape in shapes)}
        types = ("s8", "s8", "s32") if tiny else ("s16",) * 3
        tensors = (f"  {n}: {{dtype: {t}, shape: [{s}]}}" for n, t, s in zip("ABC", types, shapes, strict=True))
        held = ", ".join(f"{name}: {size}" for name, size in sizes.items())
        lines = ["name: small", f"sizes: {{{held}}}", "tensors:", *tensors, "einsums:"]
        lines += ["  - " + statement.format(*(("s32(", ")") if tiny else ("", ""))), ""]
        if rng.random() < 0.2:
            lines += ["inputs: [A, B, C]", "outputs: [C]", ""]
        work = load_workload("\n".join(lines))
        target = with_capacity(load_target("tiny"), "local", rng.randint(4, 40))
        if not tiny:
            target = with_capacity(two_by_two(), "spad", 2 * rng.randint(3, 24))
        try:
            return work, rng.choice(bindings_of(work, target, empty_axes=True))
        except (NoMatch, IndexError):
            continue
