"""What the loops of a plan do to pieces: how many of which size there are, how often they come, how many are held."""

from __future__ import annotations

from itertools import product
from math import ceil, prod

from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Transfer
from isamap.tiling.exact.plan import LoopName, Plan
from isamap.tiling.nest import histogram, piece

Sized = dict[tuple[int, ...], int]
"""Sizes along some axes -> how many."""
MOST_WAITING = 32
"""The most output tiles that may wait to be stored."""


class Counts:
    """Counted loop by loop, without a formula for all of them."""

    def __init__(self, binding: Binding, plan: Plan) -> None:
        self.binding, self.plan = binding, plan
        self.tile, self.block, self.extents = dict(plan.nest.tile), dict(plan.nest.block), binding.extents
        self._largest: dict[str, dict[str, int]] = {}
        self._inside: dict[str, set[LoopName]] = {}

    def piece(self, role: Role) -> dict[str, int]:
        """Sizes of the largest piece along the axes of the role's tensor."""
        name = role.operand.name
        if name not in self._largest:
            sizes = piece(role, self.plan.nest)
            self._largest[name] = {x: sizes[x] for x in role.access.axes}
        return self._largest[name]

    def largest(self, role: Role) -> tuple[int, ...]:
        """The same, without the names of the axes."""
        return tuple(self.piece(role).values())

    def inside(self, holder: str) -> set[LoopName]:
        """The loops across which ``holder`` keeps what it has."""
        if holder not in self._inside:
            self._inside[holder] = self.plan.inside(holder)
        return self._inside[holder]

    def tiles(self, axes: list[str]) -> Sized:
        """How many tiles of each size ``axes`` are cut into."""
        cuts = [histogram(self.extents[x], self.block[x], self.tile[x]).items() for x in axes]
        return {tuple(s for s, _ in cut): prod(n for _, n in cut) for cut in product(*cuts)}

    def pieces(self, role: Role) -> Sized:
        """How many pieces of each size along the role's axes come in when each comes once; a window's piece comes
        again with every tile along an axis whose tile loop is not inside of the hold."""
        cuts, shared = [], windows(role)
        inside = self.inside(role.operand.name) if not role.written else set()
        for x, size in self.piece(role).items():
            extent = self.extents[x]
            again = self.tile[x] if x in shared and ("inner", x) not in inside else size
            cut: dict[int, int] = {}
            for start in range(0, extent, size):
                part = min(size, extent - start)
                cut[part] = cut.get(part, 0) + ceil(part / again)
            cuts.append(cut.items())
        return {tuple(s for s, _ in cut): prod(n for _, n in cut) for cut in product(*cuts)}

    def fetched(self, holder: str, role: Role) -> int:
        """How often each piece comes in: once per turn of the loops of other axes outside of the hold."""
        inside, own = self.inside(holder), self.piece(role)
        times = 1
        for x in self.extents:
            if x in own or ("outer", x) in inside:
                continue
            size = self.block[x] if ("inner", x) in inside else self.tile[x]
            times *= ceil(self.extents[x] / size)
        return times

    def held(self, holder: str, role: Role) -> tuple[int, int]:
        """(pieces that are held, pieces that there are)."""
        inside = self.inside(holder)
        held = every = 1
        for x, size in self.piece(role).items():
            all_of_it = ceil(self.extents[x] / size)
            every *= all_of_it
            if ("outer", x) in inside:
                held *= all_of_it
            elif ("inner", x) in inside:
                held *= ceil(self.block[x] / size)
        return held, every

    def passes(self, role: Role) -> int:
        """How often all of what an input holds is gone through before it is let go: the trips of the loops inside of
        the hold that do not step through its pieces, less those for which one piece is used on end."""
        inside, own, shared, run = self.inside(role.operand.name), self.piece(role), windows(role), True
        trips: dict[str, list[str]] = {}
        for level, x in reversed(self.plan.loops):
            if (level, x) not in inside:
                break
            moves = self.tile[x] < self.block[x] if level == "inner" else self.block[x] < self.extents[x]
            steps = x in own and (level == "outer" or x not in shared)
            run = run and not (moves and steps)
            if moves and not steps and not run:
                trips.setdefault(x, []).append(level)
        return prod(map(self._trips, trips, trips.values()))

    def _trips(self, axis: str, levels: list[str]) -> int:
        """Trips of the loops over ``axis`` of these levels together."""
        extent = self.extents[axis] if "outer" in levels else self.block[axis]
        return ceil(extent / (self.tile[axis] if "inner" in levels else self.block[axis]))


def windows(role: Role) -> set[str]:
    """Axes that share a coordinate of an input with another one, where its strides leave room for that."""
    found = set[str]()
    if role.written or role.operand.strides not in ("per_kernel_axis", "any"):
        return found
    for index in role.access.affine_indices:
        if len(index.terms) > 1:
            found.update(index.axes)
    return found


def shares_a_way(one: Transfer, other: Transfer) -> bool:
    """Does one wait while the other goes?"""
    whole = [{use.resource for use in t.uses if use.bytes_per_cycle is None} | {t.channel} for t in (one, other)]
    return bool(whole[0] & whole[1])
