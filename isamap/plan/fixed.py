"""What is left to choose where parts of the answer are pinned: of an einsum's matches those that are allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isamap.errors import Contradiction, Fault, Infeasible, Unsupported
from isamap.ir.answers import Match
from isamap.ir.fixed import Fixed, FixedEinsum
from isamap.ir.workload import Workload
from isamap.mapping import MatchSet, Way, worth_planning
from isamap.plan.search import Search


def ways_under(search: Search, every: Sequence[Way]) -> list[Way]:
    """Of ``every`` way to do the workload that of its own einsums, of which the pins speak, with the matches that they
    allow. Raises Contradiction where they allow none; Unsupported where no instruction does the kernel as it is."""
    found = []
    for way in every:
        if way.work == search.work:
            left = [_matches(search, way, number) for number in range(len(way.work.einsums))]
            _require_tiles(search, left)
            found.append(replace(way, candidates=left))
    if not found:
        what = f"{search.work.name}, which {search.target.name} does only after it is rewritten"
        raise Unsupported("compile", f"--fix of {what}", "give it no --fix")
    return found


def no_answer(fixed: Fixed, error: Exception) -> Exception:
    """Why there is no answer, where parts of it are pinned: that nothing fits is proved of the pins alone."""
    if not fixed or not isinstance(error, Infeasible):
        return error
    return Contradiction([Fault((), "parts of an answer that go together", "none that do", str(error))])


def _matches(search: Search, way: Way, number: int) -> list[Match]:
    """What to plan einsum ``number`` with."""
    said, usual = search.fixed.of(number), way.candidates[number]
    if not said.pins_match:
        return usual
    sets = [one for one in way.sets if one.einsum == number]
    every = [match for one in sets for match in one.with_swap]
    left = [match for match in every if said.allows(match)]
    if not left:
        raise Contradiction([_why_not(said, sets, every, way.work).under("einsums", number, "match")])
    return [match for match in usual if said.allows(match)] or worth_planning(way.work, search.target, left)


def _require_tiles(search: Search, matches: Sequence[Sequence[Match]]) -> None:
    """Raise Contradiction where a tiling is pinned of an einsum that a transfer does while it stores a result."""
    transfers = [transfer.name for transfer in search.target.transfers]
    for number, candidates in enumerate(matches):
        stores = {match.instruction for match in candidates if match.instruction in transfers}
        if search.fixed.of(number).pins_tiling and stores and len(stores) == len(candidates):
            given = f"one that {' '.join(sorted(stores))} does on the way out"
            raise Contradiction([Fault(("einsums", number, "tiling"), "an einsum that an instruction does", given)])


def _why_not(said: FixedEinsum, sets: Sequence[MatchSet], every: Sequence[Match], work: Workload) -> Fault:
    """The first thing said of a match that none has which is as said before it, and what those have there."""
    if said.instruction:
        able = list(dict.fromkeys(match.instruction for match in every))
        every = [match for match in every if match.instruction == said.instruction]
        if not every:
            reasons = [reason for one in sets if one.instruction == said.instruction for reason in one.reasons[:1]]
            does = f"an instruction that does {work.einsums[sets[0].einsum].statement}, of {' '.join(able)}"
            return Fault(("instruction",), does, repr(said.instruction), *reasons)
    for axis, fused in said.axes:
        had = [match for match in every if dict(match.axes).get(axis) == fused]
        if not had:
            other = sorted(
                {" ".join(dict(match.axes)[axis]) or "nothing" for match in every if axis in dict(match.axes)}
            )
            return Fault(("axes", axis), f"what a match has there: {', '.join(other)}", " ".join(fused) or "nothing")
        every = had
    for operand, tensor in said.operands:
        held = [{name: holds for name, holds, _ in match.operands} for match in every]
        if tensor not in [one.get(operand) for one in held]:
            others = sorted({one[operand] for one in held if operand in one})
            return Fault(("operands", operand), f"what a match holds there: {', '.join(others)}", tensor)
        every = [match for match, one in zip(every, held, strict=True) if one.get(operand) == tensor]
    raise AssertionError("some match is as said")
