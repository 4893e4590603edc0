"""Why an answer is the best, or how far from the best it may be: what can be checked again without a solver.

A *candidate* is a way to cut every einsum of a kernel: a match, the tile of one issue, and the pieces in which each
input comes (a tile's worth, or more where fewer transfers cost less than many; pieces longer than a tile along one axis
have one length there, whatever the input). Where there are several einsums it also says which of the tensors between
them stay on chip, whole, from the first who writes to the last who reads them; the others are stored in the outermost
memory, where a piece is brought in from once the tiles that it overlaps are stored. Its tasks are then given; which of
them are done again, in what order (those of all einsums together), when and at which addresses is open; a float sum
keeps its order, and every einsum brings in its own pieces. ``bounds.cut`` and ``bounds.several`` bound its latency in
closed form. No candidate is below the least of these bounds; those that are below the certificate's bound are listed
one by one, with what a solver proved of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isamap.ir.answers import Match, Sizes

Kind = Literal["verified", "trusted", "none"]
FIX = "fix"
"""What restricts a search in which parts of the answer were pinned, in ``within``."""
OTHER_WAYS = "other workloads of the same meaning"
"""The name of the bound that rewritten workloads have which were looked at and not taken."""


@dataclass(frozen=True)
class Cut:
    """How an einsum is cut into issues and transfers: ``match`` numbers the certificate's matches; ``tile`` is the size
    of one issue along every axis of the kernel; ``pieces`` are the sizes of each input's piece, by its label."""

    match: int
    tile: Sizes
    pieces: tuple[tuple[str, Sizes], ...] = ()


@dataclass(frozen=True)
class Closed:
    """A candidate whose closed-form bound, ``bound_cycles``, is below the certificate's, and the cycles,
    ``least_cycles`` (the certificate's bound), below which a solver found no schedule of it. It has one of ``cuts`` for
    every einsum; ``staying`` are the tensors that stay on chip and where. ``model`` is a hash of what the solver was
    given (``cut_model``)."""

    cuts: tuple[Cut, ...]
    bound_cycles: int
    least_cycles: int
    model: str
    staying: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Certificate:
    """What is known of an answer's value. ``bounds`` are closed-form bounds for every program, by name, in the unit of
    the objective; where the candidates were searched, ``matches`` are all matches (``within`` what was asked for: an
    instruction, a realisation), ``candidates`` says how many there are, the cuts of an einsum in tiles of which the
    unit alone tells that they take as long as the bound counted as one, and ``closed`` lists those that took a solver.
    ``parameters`` repeat the solver's runs."""

    kind: Kind
    objective: str
    value: float
    bound: float | None
    bounds: tuple[tuple[str, float], ...] = ()
    matches: tuple[Match, ...] = ()
    candidates: int = 0
    closed: tuple[Closed, ...] = ()
    parameters: tuple[tuple[str, int], ...] = ()
    within: tuple[tuple[str, str], ...] = ()

    @property
    def searched(self) -> bool:
        """Were all candidates looked at?"""
        return self.candidates > 0
