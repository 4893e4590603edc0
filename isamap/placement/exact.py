"""The lowest placement: what no greedy method proves to be lowest, CP-SAT is asked; no answer at hand is ever lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from isamap.cpsat import Tell
from isamap.ir.answers import Lifetime, Placement, Solved, Status
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement.greedy import every_greedy
from isamap.placement.impossible import why_impossible
from isamap.placement.live_load import live_load
from isamap.placement.progress import Progress
from isamap.placement.refuse import refuse_nonsense
from isamap.placement.settle import settle

SOLVER = "cp-sat rectangles"


@dataclass(frozen=True)
class Part:
    """One memory's buffers, the addresses known for them (none: none yet), and what is known of their height."""

    memory: Memory
    lives: tuple[Lifetime, ...]
    address: Mapping[str, int] | None
    bound: float
    status: Status
    method: str
    interrupted: bool = False

    @property
    def value(self) -> float | None:
        return None if self.address is None else float(_height(self.lives, self.address))


def place_exactly(
    lifetimes: Iterable[Lifetime],
    target: Target,
    *,
    effort: Effort,
    hint: Placement | None = None,
    tell: Tell | None = None,
    enough: bool = False,
) -> Solved[Placement]:
    """Addresses whose heights, summed over the memories, are least; with ``enough`` any that the memories can hold.

    The search begins from ``hint`` or the best greedy answer, whichever is lower once its buffers have sunk
    (``settle``); the answer is never higher. Infeasible: there is no answer, and ``method`` names the memory; its part
    of ``bound`` is above its capacity. Raises InputError for buffers that no placement could name or hold.
    """
    lives = tuple(lifetimes)
    refuse_nonsense(lives, target, hint)
    given = None if hint is None else {life.name: address for life, address in hint.addresses}
    progress = Progress(tell, clock=not effort.deterministic)
    parts = []
    for memory in target.memories:
        ours = tuple(life for life in lives if life.memory == memory.name)
        if ours:
            parts.append(_begin(memory, ours, target, given))
            progress.begin(memory.name, parts[-1].value, parts[-1].bound)
    progress.note()
    if all(part.status != "infeasible" for part in parts):
        parts = _search(parts, effort, progress, enough)
    return _answer(lives, parts, effort, progress)


def _begin(memory: Memory, lives: tuple[Lifetime, ...], target: Target, given: Mapping[str, int] | None) -> Part:
    """What is known without a search."""
    bound = float(live_load(lives, memory))
    impossible = why_impossible(lives, memory, bound)
    if impossible:
        return Part(memory, lives, None, max(bound, memory.capacity_bytes + 1.0), "infeasible", impossible)
    starts = [] if given is None else [("given placement", given)]
    starts += [(greedy.method, greedy.address) for greedy in every_greedy(lives, target)]
    sunk = [(method, settle(lives, memory, address)) for method, address in starts]
    known = [(_height(lives, address), n, method, address) for n, (method, address) in enumerate(sunk) if address]
    if not known:
        return Part(memory, lives, None, bound, "unknown", SOLVER)
    value, _, method, address = min(known)
    if value <= bound:
        return Part(memory, lives, address, bound, "optimal", f"{method}, meets the bound")
    return Part(memory, lives, address, bound, "feasible", method)


def _search(parts: Sequence[Part], effort: Effort, progress: Progress, enough: bool) -> list[Part]:
    """Ask the solver about every part that is not proved, or that is not ``enough``, each for an equal share of the
    time left."""
    done: list[Status] = ["optimal", "feasible"] if enough else ["optimal"]
    found = [part for part in parts if part.status in done]
    todo = [part for part in parts if part.status not in done]
    left, stopped = effort.time_limit_s, False
    while todo:
        part = todo.pop(0)
        if not stopped:
            began = progress.seconds
            allowed = replace(effort, time_limit_s=max(0.0, left) / (len(todo) + 1))
            part, work = _solve(part, allowed, progress, enough)
            left -= work if effort.deterministic else progress.seconds - began
            stopped = part.interrupted or part.status == "infeasible"
        found.append(part)
    return found


def _solve(part: Part, effort: Effort, progress: Progress, enough: bool) -> tuple[Part, float]:
    """The part after a search, and the work it took."""
    from isamap.placement.sections import solve_in_sections  # greedy methods alone load no solver

    sized = [life for life in part.lives if life.size_bytes]
    enough_bytes = part.memory.capacity_bytes if enough else 0
    tell = partial(progress.add, part.memory.name)
    found = solve_in_sections(sized, part.memory, effort, part.address, tell, enough_bytes)
    method, bound, address = SOLVER, max(part.bound, found.bound), found.address
    if found.status == "infeasible":
        method, bound = f"{SOLVER}: {part.memory.name} is too small", part.memory.capacity_bytes + 1.0
    elif address is not None:
        empty = {life.name: life.address or 0 for life in part.lives if not life.size_bytes}
        address = {**address, **empty}
        if found.status == "feasible" and address == part.address:
            method = part.method
    after = replace(
        part, address=address, bound=bound, status=found.status, method=method, interrupted=found.interrupted
    )
    progress.add(part.memory.name, after.value, bound)
    return after, found.work


def _height(lives: Iterable[Lifetime], address: Mapping[str, int]) -> int:
    return max(address[life.name] + life.size_bytes for life in lives)


def _answer(lives: Sequence[Lifetime], parts: Sequence[Part], effort: Effort, progress: Progress) -> Solved[Placement]:
    """The parts together: proved if all are, impossible if one is; an answer only if all have one."""
    states = {part.status for part in parts}
    status: Status = "optimal"
    for worst in ("feasible", "unknown", "infeasible"):
        status = worst if worst in states else status
    placement = None
    if status in ("optimal", "feasible"):
        address = {name: at for part in parts if part.address for name, at in part.address.items()}
        placement = Placement(tuple((life, address[life.name]) for life in lives))
    told = [part.method for part in parts if status != "infeasible" or part.status == "infeasible"]
    return Solved(
        answer=placement,
        status=status,
        objective="height",
        value=None if placement is None else sum(part.value or 0.0 for part in parts),
        bound=sum(part.bound for part in parts),
        seconds=progress.seconds,
        seed=effort.seed,
        method="; ".join(dict.fromkeys(told)) or "nothing to place",
        history=tuple(progress.moments),
        interrupted=any(part.interrupted for part in parts),
    )
