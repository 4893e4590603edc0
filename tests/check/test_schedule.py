"""Right schedules, spoiled once per rule: the checker names the rule. Every wait matters."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from isamap.check.schedule import RULES, check_schedule
from isamap.ir.answers import Schedule, Step
from isamap.ir.binding import Binding
from isamap.ir.workload import Workload
from isamap.simulate import simulate
from isamap.spec import load_workload
from isamap.tiling.greedy import tiling_of
from tests.nests import S16, bindings_of, lowered, nest_of, scheduled


@cache
def right(machine: str = "p16") -> tuple[Workload, Binding, Schedule]:
    """Six output tiles whose sums over k are drained and filled once (p16), or stay (tiny)."""
    sizes: dict[str, object] = {"M": 35, "N": 20, "K": 9} | S16 if machine == "p16" else {"M": 5, "N": 3, "K": 6}
    work = load_workload("gemm", sizes)
    binding = bindings_of(work, machine)[0]
    tile = {"m": 16, "n": 16, "k": 5} if machine == "p16" else {"m": 2, "n": 2, "k": 4}
    nest = nest_of(binding, tile, {}, "k m n" if machine == "p16" else "m n k", "m n k")
    return work, binding, scheduled(binding, tiling_of(binding, nest))


def rules(schedule: Schedule, machine: str = "p16") -> set[str]:
    work, binding, _ = right(machine)
    return {violation.rule for violation in check_schedule(schedule, [binding.match], work, binding.target)}


def column(name: str, change: Callable[[array[int]], object], machine: str = "p16") -> Schedule:
    """The right schedule with one column changed in place."""
    schedule = right(machine)[2]
    values: array[int] = array(getattr(schedule, name).typecode, getattr(schedule, name))
    change(values)
    return replace(schedule, **{name: values})  # type: ignore[arg-type]


def put(name: str, position: int, value: int) -> Schedule:
    return column(name, lambda values: values.__setitem__(position, value))


def step(change: Callable[[Step], Step], performs: str) -> Schedule:
    """The right schedule with every step of one kind changed."""
    schedule = right()[2]
    return replace(schedule, steps=tuple(change(s) if s.performs == performs else s for s in schedule.steps))


def tasks(performs: str) -> list[int]:
    schedule = right()[2]
    return [n for n, index in enumerate(schedule.step) if schedule.steps[index].performs == performs]


def without(*gone: int) -> Schedule:
    """The right schedule without some tasks, waits for them dropped, the others numbered anew."""
    work, _, schedule = right()
    rank, kept = len(work.einsums[0].axes), [n for n in range(len(schedule.step)) if n not in gone]
    number = {old: new for new, old in enumerate(kept)}
    found = Schedule(schedule.steps, schedule.buffers)
    slot_at, wait_at = 0, 0
    for n, index in enumerate(schedule.step):
        slots, waits = len(schedule.steps[index].buffers), schedule.wait_count[n]
        if n in number:
            pairs = [
                (number[schedule.wait_on[w]], schedule.wait_event[w])
                for w in range(wait_at, wait_at + waits)
                if schedule.wait_on[w] in number
            ]
            found.step.append(index)
            found.origin.extend(schedule.origin[n * rank : n * rank + rank])
            found.slot.extend(schedule.slot[slot_at : slot_at + slots])
            found.start.append(schedule.start[n])
            found.wait_count.append(len(pairs))
            found.wait_on.extend(on for on, _ in pairs)
            found.wait_event.extend(event for _, event in pairs)
        slot_at, wait_at = slot_at + slots, wait_at + waits
    return found


def earlier(position: int) -> Schedule:
    """One task starts a cycle earlier."""
    return put("start", position, right()[2].start[position] - 1)


SPOILED: list[tuple[str, Callable[[], Schedule]]] = [
    ("columns", lambda: column("origin", lambda values: values.pop())),
    ("columns", lambda: column("slot", lambda values: values.append(0))),
    ("columns", lambda: column("wait_on", lambda values: values.pop())),
    ("columns", lambda: column("start", lambda values: values.pop())),
    ("columns", lambda: put("step", 0, 99)),
    ("performs", lambda: step(lambda s: replace(s, performs="carry"), "load")),
    ("performs", lambda: step(lambda s: replace(s, einsum=1), "load")),
    ("performs", lambda: step(lambda s: replace(s, buffers=("", "attic")), "load")),
    ("origin", lambda: put("origin", 0, -1)),
    ("origin", lambda: put("origin", 0, 34)),
    ("slot", lambda: put("slot", 1, 99)),
    ("slot", lambda: put("slot", 0, 0)),
    ("wait", lambda: put("wait_on", 0, len(right()[2].step))),
    ("wait", lambda: put("wait_event", 0, 2)),
    ("content", lambda: without(tasks("load")[0])),
    ("content", lambda: without(tasks("fill")[0])),
    ("complete", lambda: without(tasks("store")[0])),
    ("complete", lambda: without(tasks("mac")[1])),
    ("start", lambda: earlier(tasks("mac")[0])),
    ("queue", lambda: column("start", lambda values: values.__setitem__(tasks("store")[-1], 0))),
    ("queue", lambda: put("start", tasks("load")[1], right()[2].start[tasks("load")[0]])),
    ("resource", lambda: put("start", tasks("load")[1], right()[2].start[tasks("load")[0]])),
    ("overwrite", lambda: dropped_waits(Random(1), "load", 1)),
]


def dropped_waits(rng: Random, performs: str, event: int) -> Schedule:
    """Every wait of one kind of task for one event is dropped."""
    schedule = right()[2]
    counts, on, events = array("i"), array("q"), array("b")
    at = 0
    for n, count in enumerate(schedule.wait_count):
        kept = [
            w
            for w in range(at, at + count)
            if schedule.steps[schedule.step[n]].performs != performs or schedule.wait_event[w] != event
        ]
        at += count
        counts.append(len(kept))
        on.extend(schedule.wait_on[w] for w in kept)
        events.extend(schedule.wait_event[w] for w in kept)
    return replace(schedule, wait_count=counts, wait_on=on, wait_event=events)


@pytest.mark.parametrize("machine", ["p16", "tiny"])
def test_a_right_schedule(machine: str) -> None:
    assert rules(right(machine)[2], machine) == set()


@pytest.mark.parametrize(("rule", "make"), SPOILED)
def test_each_rule_is_named(rule: str, make: Callable[[], Schedule]) -> None:
    assert rule in rules(make())


def test_every_rule_is_spoiled() -> None:
    assert {rule for rule, _ in SPOILED} == set(RULES)


@pytest.mark.parametrize("machine", ["p16", "tiny"])
def test_a_dropped_wait_is_seen_where_the_simulator_sees_a_hazard(machine: str) -> None:
    """Each wait dropped once: the checker, which knows slots, and the simulator, which knows bytes, agree."""
    (work, binding, schedule), seen = right(machine), 0
    owner = [n for n, count in enumerate(schedule.wait_count) for _ in range(count)]
    for w in range(len(schedule.wait_on)):
        counts = array("i", schedule.wait_count)
        counts[owner[w]] -= 1
        on, events = array("q", schedule.wait_on), array("b", schedule.wait_event)
        del on[w], events[w]
        broken = replace(schedule, wait_count=counts, wait_on=on, wait_event=events)
        hazards = simulate(lowered(work, binding, broken), binding.target, {}, execute=False).violations
        assert bool(rules(broken, machine)) == bool(hazards), f"wait {w} of task {owner[w]}: {hazards}"
        seen += bool(hazards)
    assert seen > 10


def test_any_slot_or_tile_changed_is_noticed() -> None:
    rng, (work, _, schedule) = Random(4), right()
    rank = len(work.einsums[0].axes)
    origins = [n * rank + axis for n in tasks("mac") for axis in range(rank)]
    for name, most, positions in (("slot", 3, range(len(schedule.slot))), ("origin", 20, origins)):
        values = getattr(schedule, name)
        for _ in range(60):
            position, changed = rng.choice(positions), rng.randrange(most)
            if changed != values[position]:
                assert rules(put(name, position, changed)), f"{name}[{position}] = {changed}"
