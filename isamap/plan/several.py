"""Every way to cut all einsums of a small kernel together: a cut of each, and where the tensors between them pass.

There are as many candidates as the product of the einsums' cuts; those whose bound is below a value can be listed: a
choice for the first einsums is given up where no cuts of the others bring its bound below the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod

from isamap.bounds.profile import Profile, capacities
from isamap.bounds.several import Link, bound_cycles
from isamap.errors import Unsupported
from isamap.ir.answers import Match
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.plan.by_profile import Cuts, Listing, TooMany, least
from isamap.plan.passing import Staying, between, links, stayings
from isamap.plan.together import Together

_MOST_TOGETHER = 5_000  # candidates at once
_MOST_LOOKED_AT = 200_000
_MOST_EINSUMS = 4


def several(
    work: Workload, target: Target, matches: Sequence[Match], value: float, most: int, time_is_up: Callable[[], bool]
) -> Several | None:
    """The candidates that may be below ``value``; None where there are more than ``most`` cuts to look at, or something
    about an einsum that a cut does not say."""
    names = between(work)
    if names is None or len(work.einsums) > _MOST_EINSUMS:
        return None
    transfers = [transfer.name for transfer in target.transfers]
    done = {match.einsum for match in matches if match.instruction not in transfers}
    if done != set(range(len(work.einsums))) or any(match.instruction in transfers for match in matches):
        return None
    listing = Listing(work, target, matches, value, most, time_is_up)
    try:
        return Several(work, target, {staying: listing.cuts(staying) for staying in stayings(work, target, names)})
    except (Unsupported, TooMany):
        return None


@dataclass
class Several:
    """The cuts of all einsums for each choice of what passes on chip."""

    work: Workload
    target: Target
    cuts: Mapping[Staying, Sequence[Cuts]]
    _looked_at: int = 0
    _known: dict[tuple[object, ...], Together] = field(default_factory=dict)

    def count(self, bound: float) -> int:
        """How many candidates there are, those in tiles whose unit alone takes ``bound`` counted as one."""
        return sum(prod(one.count(bound) for one in cuts) for cuts in self.cuts.values())

    def bound(self, profiles: Sequence[Profile]) -> int:
        """Of cuts that take ``profiles``."""
        return bound_cycles(profiles, self._links, self._room)

    @cached_property
    def least_cycles(self) -> int:
        """No candidate takes less."""
        every = [[least(one.by_profile) for one in cuts] for cuts in self.cuts.values() if _all_cut(cuts)]
        return min(map(self.bound, every), default=0)

    def found(self, below: float) -> list[Together] | None:
        """The candidates whose bound is less than ``below``, best first; None where they are too many."""
        found: list[Together] = []
        self._looked_at = 0
        try:
            for staying, cuts in self.cuts.items():
                found += self._together(cuts, staying, below)
                if len(found) > _MOST_TOGETHER:
                    return None
        except TooMany:
            return None
        return sorted(found, key=lambda one: one.bound_cycles)

    def least_from(self, bound: float, value: float) -> float:
        """The least bound of all candidates, none of which is less than ``bound``, or ``value`` if that is less; 0
        where it takes too long to tell."""
        least = max(bound, float(self.least_cycles))
        try:
            while least < value and not any(self._below(least + 1)):
                least += 1
        except TooMany:
            return 0.0
        return min(least, value)

    def _below(self, below: float) -> Iterator[bool]:
        """Something for every choice of profiles whose bound is less."""
        self._looked_at = 0
        for cuts in filter(_all_cut, self.cuts.values()):
            fewest = [least(one.by_profile) for one in cuts]
            yield from (True for _ in self._profiles(cuts, fewest, [], below))

    @cached_property
    def _links(self) -> list[Link]:
        return links(self.work)

    @cached_property
    def _room(self) -> dict[str, int]:
        return capacities(self.target)

    def _together(self, cuts: Sequence[Cuts], staying: Staying, below: float) -> Iterator[Together]:
        fewest = [least(one.by_profile) for one in cuts] if _all_cut(cuts) else []
        for bound, profiles in self._profiles(cuts, fewest, [], below) if fewest else ():
            for choice in product(*(one.by_profile[profile] for one, profile in zip(cuts, profiles, strict=True))):
                self._met()
                key = (staying, *(id(one) for one in choice))
                yield self._known.setdefault(key, Together(choice, bound, staying))

    def _profiles(
        self, cuts: Sequence[Cuts], fewest: Sequence[Profile], chosen: list[Profile], below: float
    ) -> Iterator[tuple[int, list[Profile]]]:
        """What cuts take together whose bound is less, with the bound; the first einsums' ``chosen``."""
        for profile in cuts[len(chosen)].by_profile:
            self._met()
            together = [*chosen, profile]
            bound = self.bound([*together, *fewest[len(together) :]])
            if bound < below and len(together) == len(cuts):
                yield bound, together
            elif bound < below:
                yield from self._profiles(cuts, fewest, together, below)

    def _met(self) -> None:
        self._looked_at += 1
        if self._looked_at > _MOST_LOOKED_AT:
            raise TooMany


def _all_cut(cuts: Sequence[Cuts]) -> bool:
    return all(one.by_profile for one in cuts)
