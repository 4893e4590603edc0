"""How many slots the holders of a plan take, and whether they fit."""

from __future__ import annotations

from dataclasses import dataclass

from isamap.tiling.exact.counts import MOST_WAITING, Counts
from isamap.tiling.exact.plan import ACCUMULATORS, SUMS, Plan
from isamap.tiling.exact.prices import Prices


@dataclass(frozen=True)
class Slots:
    """Slots of every holder, and in how many places complete output tiles can wait to be stored."""

    of: dict[str, int]
    waiting: int


def slots(prices: Prices, plan: Plan, count: Counts) -> Slots | None:
    """The slots of ``plan``; None where they do not fit, sums would be lost, or no transfer carries a piece."""
    binding, output = prices.binding, prices.binding.output
    room = binding.room()
    found: dict[str, int] = {}
    for role in binding.inputs:
        name, sizes = role.operand.name, count.largest(role)
        taken = _of_input(plan, name, *count.held(name, role))
        if taken is None or not prices.is_carried(role, sizes):
            return None
        found[name] = taken
        room[role.route.memory.name] -= taken * prices.slot_bytes(role, sizes)
    tile = count.largest(output)
    alive, every = count.held(SUMS, output)
    if count.fetched(SUMS, output) > 1 or not prices.is_carried(output, tile):
        return None
    if output.route.drain is None:
        found[SUMS] = dict(plan.slots).get(SUMS, alive + 1) if plan.spare and alive < every else alive
        waiting = found[SUMS] - alive if alive < every else MOST_WAITING
        fits = 1 <= waiting <= MOST_WAITING or not plan.spare
        room[output.route.memory.name] -= found[SUMS] * prices.slot_bytes(output, tile)
    else:
        sessions, held = count.fetched(ACCUMULATORS, output), count.held(ACCUMULATORS, output)[0]
        found[ACCUMULATORS] = held
        parted = sessions > 1 or binding.continues
        least = alive if parted else 1
        found[SUMS] = dict(plan.slots).get(SUMS, least + 2) if plan.spare else least
        waiting = found[SUMS] - least + 1
        fits = 1 + 2 * plan.spare <= waiting <= MOST_WAITING and (sessions == 1 or output.route.fill is not None)
        fits = fits and held * prices.slot_bytes(output, tile) <= room[output.route.memory.name]
        room[output.route.landing.name] -= found[SUMS] * prices.slot_bytes(output, tile, staged=True)
    return Slots(found, waiting) if fits and min(room.values()) >= 0 else None


def _of_input(plan: Plan, name: str, held: int, every: int) -> int | None:
    """What is held, and where pieces are loaded ahead up to as many again; None where the plan says otherwise."""
    if not plan.spare or held == every:
        return held
    given = dict(plan.slots).get(name, held + 1)
    return given if held < given <= 2 * held else None
