"""An einsum or a workload in, every match out."""

from __future__ import annotations

import time
from collections.abc import Iterable

from isamap.errors import Fault, InputError
from isamap.ir.answers import Match
from isamap.ir.hardware import Instruction, Target
from isamap.ir.workload import Workload, is_copy
from isamap.mapping.givens import Freedom, Givens, Realise, givens
from isamap.mapping.match_set import MatchSet
from isamap.mapping.modes import with_modes
from isamap.mapping.notes import notes
from isamap.mapping.prove import Prover, proved, prover
from isamap.mapping.realisation import realisation
from isamap.mapping.refusals import refusals
from isamap.mapping.solutions import Solution, solutions
from isamap.mapping.store import stores
from isamap.mapping.symmetry import canonical, kernel_turns, turns
from isamap.mapping.utilisation import utilisation
from isamap.mapping.why_not.explain import reasons
from isamap.mapping.why_not.repair import repairs


def map_einsum(
    workload: Workload,
    number: int,
    instruction: Instruction,
    *,
    realise: Realise = "gather",
    replicate: bool = False,
    empty_axes: bool = False,
    time_limit_s: float = 60.0,
    target: Target | None = None,
) -> MatchSet:
    """Every match of einsum ``number`` on ``instruction``, each with its proof, or why there is none.

    ``target`` is the instruction's machine; without one, a copying instruction is taken to find tensors in place.
    Raises NotFound where the enumeration is not complete in ``time_limit_s``, Unsupported on symbolic extents.
    """
    refused = refusals(workload, number, instruction)
    if refused:
        return MatchSet(number, instruction.name, reasons=refused)
    g, freedom = givens(workload, number, instruction, target), Freedom(realise, replicate, empty_axes)
    found = solutions(g, freedom, time_limit_s)
    if not found:
        return MatchSet(number, instruction.name, reasons=reasons(g, freedom), repairs=repairs(g, freedom))
    return match_set(workload, g, found)


def match_set(workload: Workload, g: Givens, found: Iterable[Solution], *, complete: bool = True) -> MatchSet:
    """The solutions as matches, one of each class in ``matches``: the one in the kernel's own order of reads."""
    own, kernels, proofs = turns(g), kernel_turns(g), prover(g)
    pairs = [(canonical(s.axes, own, kernels), s.orientation, match(g, s, proofs)) for s in found]
    first: dict[tuple[tuple[str, ...], ...], tuple[int, Match]] = {}
    for name, orientation, one in pairs:
        if name not in first or orientation < first[name][0]:
            first[name] = (orientation, one)
    kept = {id(one) for _, one in first.values()}
    with_swap = tuple(one for _, _, one in pairs)
    matches = tuple(one for one in with_swap if id(one) in kept)
    remarks = notes(workload, g, matches)
    return MatchSet(g.number, g.instruction.name, matches, with_swap, notes=remarks, complete=complete)


def match(g: Givens, solution: Solution, proofs: Prover) -> Match:
    """The solution as a noun: operands, what they need, utilisation, proof."""
    held: dict[str, tuple[str, int]] = {}
    for n, kernel in enumerate(g.orientations[solution.orientation]):
        held.setdefault(g.operands[n].name, (g.kernel_accesses[kernel].tensor, kernel))
    return Match(
        einsum=g.number,
        instruction=g.instruction.name,
        axes=tuple((axis.name, fused) for axis, fused in zip(g.axes, solution.axes, strict=True)),
        operands=tuple((o.name, *held[o.name]) for o in g.instruction.operands if o.name in held),
        realisation=realisation(g, solution.orientation, solution.axes),
        utilisation=utilisation(g, solution.axes),
        proved=proved(proofs, solution.orientation, solution.axes),
        modes=next(iter(g.instruction.combinations), ()),
        immediates=g.immediates(solution.orientation),
    )


def map_workload(
    workload: Workload,
    target: Target,
    *,
    instruction: str | None = None,
    realise: Realise = "gather",
    replicate: bool = False,
    empty_axes: bool = False,
    time_limit_s: float = 60.0,
) -> tuple[tuple[MatchSet, ...], ...]:
    """For each einsum a MatchSet per instruction that could do it, in the target's order.

    Instructions that only move data are left out, unless the einsum is itself a copy. ``instruction`` asks for one by
    name; raises InputError where the target has none of that name. ``time_limit_s`` is for all of it. Transfers out
    that compute on the way have a MatchSet as well.
    """
    names = [one.name for one in target.instructions]
    if instruction is not None and instruction not in names:
        raise InputError([Fault(("instruction",), "one of " + " ".join(names), repr(instruction))])
    deadline = time.monotonic() + time_limit_s
    answers: list[tuple[MatchSet, ...]] = []
    for number in range(len(workload.einsums)):
        sets: list[MatchSet] = []
        for one in candidates(workload, number, target):
            if instruction in (None, one.name):
                left = max(0.0, deadline - time.monotonic())
                found = map_einsum(
                    workload, number, one,
                    realise=realise, replicate=replicate, empty_axes=empty_axes, time_limit_s=left, target=target,
                )  # fmt: skip
                sets.append(with_modes(workload, target, found))
        if instruction is None:
            sets += stores(workload, number, target)
        answers.append(tuple(sets))
    return tuple(answers)


def candidates(workload: Workload, number: int, target: Target) -> tuple[Instruction, ...]:
    """The instructions worth asking about einsum ``number``: those that compute, or those that copy if it copies."""
    copies = is_copy(workload.einsums[number])
    return tuple(one for one in target.instructions if all(map(is_copy, one.meaning)) == copies)
