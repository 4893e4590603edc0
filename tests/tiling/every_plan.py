"""Every plan of a small binding, and small bindings drawn at random: what the exact tiling is held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import permutations, product
from math import ceil
from random import Random

from isamap.errors import NoMatch
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.spec import load_target, load_workload
from isamap.tiling.exact.counts import MOST_WAITING, Counts
from isamap.tiling.exact.modelled import Cost, modelled
from isamap.tiling.exact.plan import ACCUMULATORS, SUMS, Plan
from isamap.tiling.exact.prices import Prices
from isamap.tiling.exact.slots import largest
from isamap.tiling.nest import Nest, legal
from tests.nests import bindings_of

S8_TO_S32 = {"in": "s8", "acc": "s32"}


def every_nest(binding: Binding) -> Iterator[tuple[Nest, list[int]]]:
    """Every legal nest, any integer tile and any block of whole tiles, in every order of the loops that move; and the
    positions at which a hold can begin. Loops that stand still come last, where they are inside of every hold."""
    extents = binding.extents
    cuts = [
        [(t, min(e, t * m)) for t in range(1, e + 1) for m in range(1, ceil(e / t) + 1)] for e in extents.values()
    ]
    for cut in product(*cuts):
        tile, block = ({x: c[n] for x, c in zip(extents, cut, strict=True)} for n in (0, 1))
        plain = Nest(tuple(tile.items()), tuple(block.items()), tuple(extents), tuple(extents))
        if not legal(binding, plain):
            continue
        outer = [x for x in extents if block[x] < extents[x]]
        inner = [x for x in extents if tile[x] < block[x]]
        still = [[x for x in extents if x not in moving] for moving in (outer, inner)]
        starts = [*range(len(outer) + 1), *range(len(extents) + 1, len(extents) + len(inner) + 1)]
        for one, two in product(permutations(outer), permutations(inner)):
            yield replace(plain, outer=(*one, *still[0]), inner=(*two, *still[1])), starts


def every_plan(binding: Binding, prices: Prices) -> Iterator[Plan]:
    """Every plan but those that keep sums for longer than they are added to, or let fewer tiles wait than could."""
    inputs = [role.operand.name for role in binding.inputs]
    holders = inputs + [ACCUMULATORS] * (binding.output.route.drain is not None)
    for nest, starts in every_nest(binding):
        sums = max(at for at in starts if Counts(binding, Plan(nest, ((SUMS, at),), False)).fetched(SUMS, binding.output) == 1)
        for depths in product(starts, repeat=len(holders)):
            plan = Plan(nest, (*zip(holders, depths, strict=True), (SUMS, sums)), False)
            yield plan
            yield from _loading_ahead(binding, prices, plan, inputs)


def _loading_ahead(binding: Binding, prices: Prices, plan: Plan, inputs: list[str]) -> Iterator[Plan]:
    count, output = Counts(binding, plan), binding.output
    held = [count.held(role.operand.name, role) for role in binding.inputs]
    spare = [[kept] if kept == every else range(kept + 1, 2 * kept + 1) for kept, every in held]
    staged = output.route.drain is not None
    memory = output.route.landing if staged else output.route.memory
    most = memory.capacity_bytes // prices.slot_bytes(output, largest(output, plan), staged=staged)
    for slots in product(*spare):
        for waiting in range(min(most, 10 * MOST_WAITING), 0, -1):
            ahead = replace(plan, spare=True, slots=(*zip(inputs, slots, strict=True), (SUMS, waiting)))
            if modelled(binding, ahead, prices) is not None:
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
    "conv": ("M + K - 1", "K", "M", "C[m] += {0}A[m+k]{1} * {0}B[k]{1}"),
}


def random_binding(rng: Random) -> tuple[Workload, Binding]:
    """A kernel of two or three axes on a machine with hardly any memory."""
    while True:
        kernel, tiny = rng.choice(list(KERNELS)), rng.random() < 0.5
        *shapes, statement = KERNELS[kernel]
        sizes = dict(zip("MNK", rng.sample([rng.randint(1, 6), rng.randint(1, 3), rng.choice([1, 1, 2])], 3), strict=True))
        sizes = {name: size for name, size in sizes.items() if any(name in shape for shape in shapes)}
        types = ("s8", "s8", "s32") if tiny else ("s16",) * 3
        tensors = (f"  {n}: {{dtype: {t}, shape: [{s}]}}" for n, t, s in zip("ABC", types, shapes, strict=True))
        lines = ["name: small", "sizes: {" + ", ".join(f"{n}: {s}" for n, s in sizes.items()) + "}", "tensors:", *tensors]
        lines += ["einsums:", "  - " + statement.format(*(("s32(", ")") if tiny else ("", ""))), ""]
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


__all__ = ["Cost", "best", "every_nest", "every_plan", "random_binding", "two_by_two", "with_capacity"]
