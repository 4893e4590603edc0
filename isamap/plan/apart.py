"""Plans in which every einsum is tiled by itself; the best of its matches and tilings, by their schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from isamap.compiled import Plan
from isamap.errors import Contradiction, Infeasible, NotFound, Unsupported
from isamap.ir.answers import Home, Match
from isamap.ir.binding import Binding, bind_all
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping.cost import busy
from isamap.plan.plugged import in_order, made_by, plan_suggested, suggested
from isamap.plan.search import Part, Search
from isamap.scheduling import list_schedule
from isamap.search import best_first
from isamap.tiling import tilings_under

_SCHEDULED = 6  # candidates that are scheduled per einsum
_ORDERED = 100  # where the user says in which order they are: as many of them as there is time for


def bindings_of(
    work: Workload, candidates: Sequence[Sequence[Match]], target: Target, homes: Mapping[str, Home] | None = None
) -> Iterator[list[Binding]]:
    """For each einsum that an instruction does, its matches spelled out; raises the first refusal where all are."""
    transfers = {transfer.name for transfer in target.transfers}
    stores = [match for matches in candidates for match in matches if match.instruction in transfers]
    for matches in candidates:
        found: list[Binding] = []
        refused: list[Unsupported] = []
        for match in matches:
            try:
                found += bind_all(work, [match, *(store for store in stores if store != match)], target, homes)
            except Unsupported as error:
                refused.append(error)
        if refused and not found:
            raise refused[0]
        if found:
            yield found


def one_by_one(search: Search, work: Workload, choices: Sequence[Sequence[Binding]]) -> Plan:
    """For each einsum by itself the best of its bindings and tilings; then all of them in one schedule."""
    alone = len(choices) == 1
    parts = []
    began = search.left()
    for turn, bindings in enumerate(choices, 1):
        stage, until = f"einsum {bindings[0].number}", began * (1 - turn / len(choices) / 2)

        def solve(part: Part) -> tuple[float, Plan]:
            if part[1] in search.suggested:
                plan = plan_suggested(search, work, part)
            else:
                plan = search.plan(work, [part], list_schedule([part], search.target))
            return plan.value, plan

        def told(value: float, stage: str = stage) -> None:
            search.tell(stage, value if alone else None)

        def time_is_up(until: float = until) -> bool:
            return search.interrupted or search.left() < until

        bound = search.bound if alone else None
        ranked = _candidates(search, work, bindings, share=1 / len(choices))
        best = best_first(ranked, solve, bound=bound, time_is_up=time_is_up, tell=told)
        search.stopped |= best.stopped
        search.interrupted |= best.stopped and not time_is_up()
        parts.append(best.candidate)
        if alone:
            return best.answer
    schedule = list_schedule(parts, search.target)
    return search.plan(work, parts, schedule, made_by(search, parts))


def _candidates(search: Search, work: Workload, bindings: Sequence[Binding], share: float) -> list[Part]:
    """Tilings of all bindings in the order in which they are scheduled: those of the user's heuristic first, then
    isamap's own, or all in the order of the user's functions. Raises the first refusal where no binding has any."""
    theirs = suggested(search, work, bindings, _limit(search, bindings, share))
    if search.plugins.orders:
        ordered = in_order(search, [*theirs, *own_candidates(search, bindings, share)])
        if search.plugins.orders:
            return ordered
    return [*theirs, *_tilings(search, bindings, share, _SCHEDULED)]


def own_candidates(search: Search, bindings: Sequence[Binding], share: float = 1.0) -> list[Part]:
    """What isamap itself has to put in order, best modelled cost first; raises the first refusal where there is
    nothing."""
    return _tilings(search, bindings, share, _ORDERED)


def _tilings(search: Search, bindings: Sequence[Binding], share: float, most: int) -> list[Part]:
    """At most so many tilings of all bindings, best modelled cost first; raises the first refusal where no binding has
    any. ``share`` is of the time that there is for all einsums. Bindings whose unit alone would take longer are left
    out."""
    found: list[Part] = []
    refused: list[Exception] = []
    for cycles, binding in sorted(((_least_cycles(one), one) for one in bindings), key=lambda entry: entry[0]):
        if search.options.objective == "latency" and found and cycles >= found[0][1].modelled_value:
            break
        search.tell(f"tiling einsum {binding.number} on {binding.instruction.name}")
        limit, objective = _limit(search, bindings, share), search.options.objective
        levels = search.fixed.of(binding.number).levels
        try:
            these = tilings_under(binding, *levels, objective=objective, most=most, time_limit_s=limit)
        except Contradiction as error:
            refused.append(error.under("einsums", binding.number, "tiling"))
            continue
        except (Infeasible, NotFound, Unsupported) as error:
            refused.append(error)
            continue
        found += [(binding, tiling) for tiling in these]
        found.sort(key=lambda part: part[1].modelled_value)
    if not found:
        raise refused[0]
    return found[:most]


def _limit(search: Search, bindings: Sequence[Binding], share: float) -> float:
    """Seconds to find the tilings of one of the bindings."""
    return max(0.5, share * search.left() / 4 / len(bindings))


def _least_cycles(binding: Binding) -> float:
    """What the einsum keeps each of the instruction's units busy for."""
    spent = busy(binding.einsum, binding.match, binding.instruction).cycles
    return spent / next(unit.count for unit in binding.target.units if unit.name == binding.instruction.unit)
