"""Everything that a search without a plan of its own may plan: one vector of keys says a nest for every einsum.

The first key says which way to do the workload and which tensors between its einsums stay on chip. Each einsum has a
key for its match, and those of its nest (``tiling/random_keys``). What the heuristics alone can do is left out: tensors
that pass in strips from einsum to einsum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isamap.errors import Unsupported
from isamap.mapping import Way
from isamap.plan import Search
from isamap.plan.apart import bindings_of
from isamap.plan.on_chip import homes_on_chip
from isamap.plan.search import Part
from isamap.search import Keys, pick
from isamap.tiling import NestKeys

_MOST_ISSUES = 20_000  # of one einsum, for certain


@dataclass(frozen=True)
class _Alternative:
    """A way to do the workload, and for each einsum the nests of each of its bindings."""

    way: Way
    choices: tuple[tuple[NestKeys, ...], ...]


@dataclass(frozen=True)
class Candidate:
    """A way, and a binding and a tiling per einsum; ``name`` tells it from every other one."""

    name: tuple[object, ...]
    way: Way
    parts: tuple[Part, ...]


class Space:
    """The plans for the ways ``every``; raises Unsupported where none of them can be spelled out."""

    def __init__(self, search: Search, every: Sequence[Way]) -> None:
        refused: list[Unsupported] = []
        self._alternatives = tuple(_alternatives(search, every, refused))
        if not self._alternatives:
            raise refused[0]
        self._einsums = max(len(one.choices) for one in self._alternatives)
        nests = [nest for one in self._alternatives for choice in one.choices for nest in choice]
        self._per_einsum = 1 + max(nest.count for nest in nests)

    @property
    def count(self) -> int:
        """How many keys say a plan."""
        return 1 + self._einsums * self._per_einsum

    def candidate(self, keys: Keys) -> Candidate:
        """What ``keys`` say; raises Infeasible where there is no nest near them."""
        which = pick(keys[0], len(self._alternatives))
        chosen = self._alternatives[which]
        name: list[object] = [which]
        parts: list[Part] = []
        for number, choice in enumerate(chosen.choices):
            first, *own = keys[1 + number * self._per_einsum : 1 + (number + 1) * self._per_einsum]
            nests = choice[picked := pick(first, len(choice))]
            tiling = nests.tiling(own[: nests.count])
            name += [picked, tiling]
            parts.append((nests.binding, tiling))
        return Candidate(tuple(name), chosen.way, tuple(parts))


def _alternatives(search: Search, every: Sequence[Way], refused: list[Unsupported]) -> Iterator[_Alternative]:
    target, objective = search.target, search.options.objective
    for way in every:
        for homes in ({}, *homes_on_chip(way.work, target)):
            try:
                choices = list(bindings_of(way.work, way.candidates, target, homes or None))
            except Unsupported as error:
                refused.append(error)
                continue
            nests = (tuple(NestKeys(one, objective, _MOST_ISSUES) for one in bindings) for bindings in choices)
            yield _Alternative(way, tuple(nests))
