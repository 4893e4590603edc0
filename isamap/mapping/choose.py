"""Which matches are worth a tiling: the Pareto set of each einsum (``pareto``), cheapest first.

Where every axis of an instruction cannot be fed, those that leave axes empty; where the instruction that was asked for
does not do an einsum at all, others."""

from __future__ import annotations

from collections.abc import Sequence

from isamap.errors import NoMatch, Unsupported
from isamap.ir.answers import Match
from isamap.ir.carried import is_choosy
from isamap.ir.hardware import Target
from isamap.ir.routes import route
from isamap.ir.workload import Workload
from isamap.mapping.givens import Realise
from isamap.mapping.match import map_workload
from isamap.mapping.match_set import MatchSet
from isamap.mapping.modes import served
from isamap.mapping.pareto import cost, ranked

_MOST = 6  # matches of an instruction handed on to tiling


def choose(
    work: Workload,
    target: Target,
    *,
    instruction: str | None = None,
    realise: Realise = "gather",
    replicate: bool = False,
    empty_axes: bool = False,
    time_limit_s: float = 60.0,
) -> tuple[tuple[MatchSet, ...], list[list[Match]], tuple[str, ...]]:
    """(all that was found, the matches to tile per einsum, what the user should know).

    An einsum without a match is asked again with empty axes, unless it has some in modes that are not allowed. Raises
    NoMatch, with every reason, where there is none.
    """

    def ask(empty: bool, instruction: str | None = instruction) -> tuple[tuple[MatchSet, ...], ...]:
        return map_workload(
            work, target, instruction=instruction,
            realise=realise, replicate=replicate, empty_axes=empty, time_limit_s=time_limit_s,
        )  # fmt: skip

    answers, notes = list(ask(empty_axes)), []
    if not empty_axes and not all(map(_any, answers)):
        for number, relaxed in enumerate(ask(True)):
            if _any(relaxed) and not any(one.matches or one.barred for one in answers[number]):
                answers[number] = relaxed
                used = max(match.utilisation for one in relaxed for match in one.matches)
                notes.append(f"einsum {number} matches only with empty axes of the instruction, at {used:.1%} of it")
    if instruction is not None and any(map(_any, answers)) and not all(map(_any, answers)):
        for number, others in enumerate(ask(empty_axes, None)):
            if not _any(answers[number]):
                notes += [_instead(number, instruction, answers[number], others)] if _any(others) else []
                answers[number] = others
    for number, sets in enumerate(answers):
        if not _any(sets):
            raise NoMatch(_reasons(work, target, number, sets))
    worth = ([match for one in sets for match in served(work, target, _turns(work, target, one))] for sets in answers)
    chosen = [_front(work, target, matches) for matches in worth]
    return tuple(one for sets in answers for one in sets), _on_the_way(work, chosen, target), tuple(notes)


def worth_planning(work: Workload, target: Target, matches: Sequence[Match]) -> list[Match]:
    """The best of ``matches``, cheapest first: those whose modes the machine has together."""
    return _front(work, target, served(work, target, matches))


def _on_the_way(work: Workload, chosen: list[list[Match]], target: Target) -> list[list[Match]]:
    """An einsum that a transfer does while it stores another's result needs no instruction: only that match stays.
    Where the transfer begins elsewhere than results are complete, an instruction does it after all."""
    transfers = {transfer.name for transfer in target.transfers}
    found = []
    for matches in chosen:
        done = [match for match in matches if match.instruction not in transfers]
        stores = [match for match in matches if match.instruction in transfers]
        makers = [one for others in chosen for one in others if one.instruction not in transfers]
        reached = [store for store in stores if any(_ends_at(work, one, store, target) for one in makers)]
        found.append(reached[:1] or done or stores)
    return found


def _ends_at(work: Workload, match: Match, store: Match, target: Target) -> bool:
    """Does ``match`` complete its output where ``store`` takes it?"""
    written = next((tensor, operand) for operand, tensor, number in match.operands if number == 0)
    if ("S", written[0], 1) not in store.operands:
        return False
    operand = target.instruction(match.instruction).operand(written[1])
    try:
        return route(target, operand, written=True).landing.name == target.transfer(store.instruction).source_memory
    except Unsupported:
        return False


def _any(sets: Sequence[MatchSet]) -> bool:
    return any(one.matches for one in sets)


def _instead(number: int, instruction: str, sets: Sequence[MatchSet], others: Sequence[MatchSet]) -> str:
    able = " or ".join(one.instruction for one in others if one.matches)
    if any(one.barred for one in sets):
        return f"einsum {number} needs {instruction} in a combination of modes that it does not allow; {able} does it"
    return f"einsum {number} is nothing that {instruction} does; {able} does it"


def _reasons(work: Workload, target: Target, number: int, sets: Sequence[MatchSet]) -> str:
    lines = [f"no instruction of {target.name} does {work.einsums[number].statement}"]
    lines += [f"  {one.instruction}: {reason}" for one in sets for reason in one.reasons]
    lines += [f"  {one.instruction}, repair: {repair}" for one in sets for repair in one.repairs]
    return "\n".join(lines)


def _turns(work: Workload, target: Target, found: MatchSet) -> list[Match]:
    """The matches, and of their turned ones those that differ in worth: in cost, in the kernel axes that they feed, or
    because transfers do not take every stride."""

    def worth(match: Match) -> tuple[object, ...]:
        return cost(work, target, match), frozenset(frozenset(fused) for _, fused in match.axes)

    if any(map(is_choosy, target.transfers)):
        return [*found.with_swap]
    kept = [*found.matches]
    known = set(map(worth, kept))
    for match in found.with_swap:
        if worth(match) not in known:
            known.add(worth(match))
            kept.append(match)
    return kept


def _front(work: Workload, target: Target, matches: Sequence[Match]) -> list[Match]:
    """The Pareto set, cheapest first, at most ``_MOST`` matches of each instruction. Where the operands hold other
    tensors there is a set of its own: no criterion sees which of them transfers carry better."""
    held: dict[object, list[Match]] = {}
    for match in matches:
        held.setdefault((match.instruction, match.operands), []).append(match)
    front = [one.match for alike in held.values() for one in ranked(work, target, alike) if one.pareto]
    kept: dict[str, list[Match]] = {}
    for one in ranked(work, target, front):
        kept.setdefault(one.match.instruction, []).append(one.match)
    return [match for found in kept.values() for match in found[:_MOST]]
