"""Sections of time that no buffer crosses are placed each by itself; the memory is as high as the highest of them.

The one that must come highest goes first: what it takes, the others may take as well, so that mostly no search is
needed for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from isamap.cpsat import Tell
from isamap.ir.answers import Lifetime, Status
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory
from isamap.placement.scaled import scaled
from isamap.placement.turns import Turns, solve_in_turns


@dataclass(frozen=True)
class Sections:
    """The sections' addresses together (None: one of them has none), and what is known of the highest of them.
    ``work`` is in seconds as the solver counts them."""

    address: Mapping[str, int] | None
    bound: float
    status: Status
    work: float
    interrupted: bool


def sections(lives: Iterable[Lifetime]) -> Iterator[tuple[Lifetime, ...]]:
    """The buffers of each section, in the order of time."""
    part: list[Lifetime] = []
    for life in sorted(lives, key=lambda life: life.start_cycles):
        if part and all(other.end_cycles <= life.start_cycles for other in part):
            yield tuple(part)
            part = []
        part.append(life)
    if part:
        yield tuple(part)


def solve_in_sections(
    lives: Sequence[Lifetime],
    memory: Memory,
    effort: Effort,
    known: Mapping[str, int] | None,
    tell: Tell,
    enough_bytes: int = 0,
) -> Sections:
    """The lowest packing found of buffers of more than 0 bytes (at least one), no higher than ``known``, which gives
    the address of every buffer; any of at most ``enough_bytes`` will do. Searches share the time by their buffers."""
    parts = [Turns(scaled(part, memory), known) for part in sections(lives)]
    parts.sort(key=lambda part: -part.bound)
    began, work = time.monotonic(), 0.0
    for n, part in enumerate(parts):
        part.allow(max(enough_bytes, *(part.bound for part in parts), *(part.height or 0 for part in parts[:n])))
        left = effort.time_limit_s - (work if effort.deterministic else time.monotonic() - began)
        share = max(0.0, left) * part.size / sum(other.size for other in parts[n:])
        others = [other.height for other in parts if other is not part]
        if not part.over:
            solve_in_turns(part, replace(effort, time_limit_s=share), _of_all(others, tell))
        work += part.work
        if part.interrupted or part.status == "infeasible":
            break
    return _together(parts, work)


def _of_all(others: Sequence[int | None], tell: Tell) -> Tell:
    """Tells of the highest section, where one has this value and the others theirs."""

    def told(value: float | None, bound: float | None) -> None:
        heights = [height for height in (value, *others) if height is not None]
        tell(max(heights) if len(heights) > len(others) else None, bound)

    return told


def _together(parts: Sequence[Turns], work: float) -> Sections:
    bound, states = max(part.bound for part in parts), {part.status for part in parts}
    address = {name: at for part in parts for name, at in (part.address or {}).items()}
    heights = [part.height for part in parts if part.height is not None]
    status: Status = "unknown"
    if "infeasible" in states:
        status = "infeasible"
    elif len(heights) == len(parts):
        status = "optimal" if max(heights) <= bound else "feasible"
    interrupted = any(part.interrupted for part in parts)
    return Sections(address if status in ("optimal", "feasible") else None, bound, status, work, interrupted)
