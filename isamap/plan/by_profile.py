"""The cuts of every einsum by what they take: those that take the same are looked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from isamap.bounds.profile import Profile, Profiles, Share
from isamap.errors import Unsupported
from isamap.ir.answers import Match, sizes
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.plan.cuts import Candidate, pieces_of, tiles
from isamap.plan.passing import Staying, bound_on_chip

_MOST_ISSUES = 100  # of a cut


@dataclass
class Cuts:
    """The cuts of an einsum by what they take, and of each tile (cycles of its unit, how many cuts it has)."""

    by_profile: dict[Profile, list[Candidate]] = field(default_factory=dict)
    counts: list[tuple[int, int]] = field(default_factory=list)

    def count(self, bound: float) -> int:
        return sum(number if least < bound else 1 for least, number in self.counts)


class TooMany(Exception):
    """Too many cuts to list."""


@dataclass
class Listing:
    """What is listed so far is counted, so that it may end."""

    work: Workload
    target: Target
    matches: Sequence[Match]
    below: float
    most: int
    time_is_up: Callable[[], bool]
    listed: int = 0
    known: dict[tuple[int, Staying], Cuts] = field(default_factory=dict)

    def _met(self, more: int) -> None:
        self.listed += more
        if self.listed > self.most or self.time_is_up():
            raise TooMany

    def cuts(self, staying: Staying) -> list[Cuts]:
        """Of every einsum, the cuts of all its matches that can have those tensors on chip. Raises Unsupported where
        what is bound is more than cuts say."""
        found = []
        for number, einsum in enumerate(self.work.einsums):
            own = {access.tensor for access in (*einsum.outputs, *einsum.reads)}
            key = number, tuple((tensor, memory) for tensor, memory in staying if tensor in own)
            if key not in self.known:
                self.known[key] = self._of(*key)
            found.append(self.known[key])
        return found

    def _of(self, number: int, staying: Staying) -> Cuts:
        """The cuts of einsum ``number``, some of whose own tensors stay on chip."""
        found = Cuts()
        for match in (match for match in self.matches if match.einsum == number):
            binding = bound_on_chip(self.work, match, self.target, staying)
            if binding is None:
                continue
            if binding.continues:
                raise Unsupported("plan", "an output that continues")
            for tile in tiles(binding):
                self._add(found, binding, tile)
        return found

    def _add(self, mine: Cuts, binding: Binding, tile: Mapping[str, int]) -> None:
        """The cuts of ``binding`` in such tiles."""
        profiles = Profiles(binding, tile)
        if profiles.computing_cycles >= self.below:
            mine.counts.append((profiles.computing_cycles, 1))
            self._met(1)
            return
        if profiles.issues > _MOST_ISSUES:
            raise TooMany
        number = 0
        for pieces in pieces_of(binding, tile):
            self._met(1)
            number += 1
            profile = profiles.profile(pieces)
            named = tuple((label, sizes(piece)) for label, piece in pieces.items())
            mine.by_profile.setdefault(profile, []).append(Candidate(binding, sizes(tile), named, 0))
        mine.counts.append((profiles.computing_cycles, number))


def least(profiles: Iterable[Profile]) -> Profile:
    """No more than any of ``profiles``, in every respect."""
    every = list(profiles)
    shares = [{(share.name, share.kind): share for share in one.shares} for one in every]
    tensors = {tensor for one in every for tensor, _ in one.brought}
    return Profile(
        tuple(
            Share(*key, min(one[key].work for one in shares), min(one[key].slack for one in shares))
            for key in shares[0]
            if all(key in one for one in shares)
        ),
        min(one.ready for one in every),
        min(one.chain for one in every),
        min(one.result for one in every),
        min(one.drained for one in every),
        min(one.stored for one in every),
        min(one.out for one in every),
        tuple((tensor, min(dict(one.brought).get(tensor, 0) for one in every)) for tensor in sorted(tensors)),
    )
