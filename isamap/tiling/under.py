"""Tilings under what is pinned: a complete one as it is, else the best that local search finds among those allowed."""

from __future__ import annotations

from dataclasses import replace

from isamap.errors import Contradiction, Infeasible, NotFound
from isamap.ir.answers import Sizes, Tiling
from isamap.ir.binding import Binding
from isamap.ir.fixed import FixedLevel
from isamap.tiling.complete import complete
from isamap.tiling.contradiction import contradictions
from isamap.tiling.greedy import best_tilings, tilings
from isamap.tiling.restricted import Restricted

_NOTHING = FixedLevel()


def tilings_under(
    binding: Binding,
    blocks: FixedLevel,
    issues: FixedLevel,
    *,
    objective: str = "latency",
    most: int = 6,
    time_limit_s: float = 20.0,
) -> list[Tiling]:
    """The best ``most`` tilings found that the two levels allow, best first, with modelled cycles.

    Raises Contradiction, its faults under ``levels``, where none can be; NotFound where none was found, Infeasible
    where nothing is said and none fits.
    """
    if blocks == issues == _NOTHING:
        return tilings(binding, objective=objective, most=most, time_limit_s=time_limit_s)
    faults = contradictions(binding, blocks, issues)
    if faults:
        raise Contradiction(faults)
    whole = complete(binding, blocks, issues, objective)
    if whole is not None:
        return [whole]
    try:
        found = best_tilings(Restricted(binding, objective, blocks, issues), most, time_limit_s)
    except Infeasible as error:
        said = "; ".join(f"{name} {level}" for name, level in (("blocks", blocks), ("issues", issues)) if str(level))
        raise NotFound(f"no tiling of einsum {binding.number} was found with {said} ({error})") from None
    return list(dict.fromkeys(_as_said(tiling, blocks, issues) for tiling in found))


def _as_said(tiling: Tiling, blocks: FixedLevel, issues: FixedLevel) -> Tiling:
    """``tiling``, which is allowed, with exactly the buffers and held pieces that are said."""

    def counts(table: Sizes, given: Sizes) -> Sizes:
        return tuple((label, dict(given).get(label, count)) for label, count in table)

    levels = (
        replace(level, buffers=counts(level.buffers, said.buffers), held=counts(level.held, said.held))
        for level, said in zip(tiling.levels, (blocks, issues), strict=True)
    )
    return replace(tiling, levels=tuple(levels))
