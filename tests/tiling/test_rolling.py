"""Windows that roll: where they may, what is held and fetched, and that the programs made of them are right."""

from __future__ import annotations

from array import array
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from isamap.check.schedule import check_schedule
from isamap.check.tiling import check_tiling
from isamap.ir.answers import Schedule, Tiling
from isamap.ir.binding import Binding, matches_of
from isamap.ir.effort import Effort
from isamap.ir.workload import Workload
from isamap.judge import judge_answers, judge_program
from isamap.lowering import lower
from isamap.plan import place
from isamap.scheduling import schedule_exactly
from isamap.spec import load_target, load_workload
from isamap.tiling import tilings
from isamap.tiling.border import inside
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from isamap.tiling.hold import rolling_holds
from isamap.tiling.nest import Nest
from isamap.tiling.rolling import Roll, rolls
from tests.nests import S16, bindings_of, nest_of, random_nest, scheduled

SMALL: dict[str, object] = {"K": 16, "C": 4, "P": 8, "Q": 8} | S16
TEXT = """
name: one
sizes: {sizes}
tensors: {{I: {{dtype: s16, shape: [{shape}], border: 0}}, W: {{dtype: s16, shape: [K, {window}]}}, O: {{dtype: s16,
  shape: [K, {out}]}}}}
einsums: ["{statement}"]
"""


def padded(size: int) -> Workload:
    """A 3x3 convolution whose borders are read as zeros."""
    statement, sizes = "O[k,p,q] += I[c,p+r-1,q+s-1] * W[k,c,r,s]", f"{{K: 32, C: 4, P: {size}, Q: 16, R: 3, S: 3}}"
    return load_workload(TEXT.format(statement=statement, sizes=sizes, shape="C,P,Q", window="C,R,S", out="P,Q"))


def pooled() -> Workload:
    """Windows of 4 values, 2 apart."""
    return load_workload(
        TEXT.format(
            statement="O[k,p] += I[2*p+r] * W[k,r]", sizes="{K: 16, P: 20, R: 4}", shape="42", window="R", out="P"
        )
    )


@cache
def binding_of(work: Workload, spad_kib: int = 4) -> Binding:
    return bindings_of(work, load_target("p16", {"spad_kib": spad_kib}))[0]


def rolled(work: Workload, tile: dict[str, int], block: dict[str, int], orders: str, moving: str = "p") -> Nest:
    binding = binding_of(work)
    roll = next(roll for roll in rolls(binding) if roll.moving == moving)
    return replace(nest_of(binding, tile, block, *orders.split(",")), roll=roll)


def wrong(binding: Binding, work: Workload, tiling: Tiling) -> list[object]:
    """What checkers, hazards and numbers find."""
    schedule = scheduled(binding, tiling)
    placement = place(schedule, [binding], binding.target)
    program = lower(work, [binding], schedule, placement, binding.target)
    _, found = judge_program(program, work, binding.target, seed=3)
    answers = judge_answers(matches_of([binding]), (tiling,), schedule, placement, work, binding.target)
    return [*found, *answers]


def fetched(schedule: Schedule, tensor: str) -> int:
    return sum(schedule.steps[n].tensor == tensor and schedule.steps[n].performs == "load" for n in schedule.step)


@pytest.mark.parametrize(
    ("kernel", "settings", "found"),
    [
        ("conv2d", SMALL, [("p", "r", 1, 1), ("q", "s", 1, 1)]),
        ("conv2d", SMALL | {"STRIDE": 2}, [("p", "r", 1, 2), ("q", "s", 1, 2)]),
        ("conv2d", SMALL | {"STRIDE": 2, "R": 4}, [("p", "r", 2, 1), ("q", "s", 1, 2)]),
        ("conv2d", SMALL | {"STRIDE": 3}, []),  # windows that lie side by side
        ("conv2d", SMALL | {"DILATION": 2}, []),  # the next window lies between
        ("conv1d", {"K": 16, "C": 4, "P": 8} | S16, [("p", "r", 1, 1)]),
        ("gemm", {"M": 16, "N": 16, "K": 16} | S16, []),
    ],
)
def test_where_windows_roll(kernel: str, settings: dict[str, object], found: list[tuple[str, str, int, int]]) -> None:
    binding = binding_of(load_workload(kernel, settings))
    assert [(roll.moving, roll.window, roll.size, roll.shift) for roll in rolls(binding)] == found


def test_pieces_that_values_next_to_each_other_touch() -> None:
    assert Roll("A", "p", "r", 1, 1).touched(8, 3) == 10  # 8 rows of outputs read 10 rows
    assert Roll("A", "p", "r", 1, 2).touched(8, 3) == 17  # of every second row: 2*7 + 3
    assert Roll("A", "p", "r", 1, 2).touched(8, 1) == 8  # one row of each window


CASES = [  # kernel, sizes of a tile and a block, outer and inner order, how often every row of the input comes
    (padded(16), {"p": 2, "q": 8, "k": 16, "c": 4, "r": 1, "s": 3}, {"q": 16, "k": 32, "r": 3}, "p,k q r", 18),
    (padded(16), {"p": 2, "q": 8, "k": 16, "c": 4, "r": 1, "s": 3}, {"q": 16, "k": 16, "r": 3}, "k p,q r", 2 * 18),
    (padded(16), {"p": 1, "q": 16, "k": 16, "c": 4, "r": 1, "s": 3}, {"q": 16, "k": 32, "r": 3}, "p,k r", 18),
    (padded(15), {"p": 2, "q": 8, "k": 16, "c": 4, "r": 1, "s": 3}, {"q": 16, "k": 32, "r": 3}, "p,k q r", 17),
    (padded(16), {"p": 2, "q": 8, "k": 16, "c": 4, "r": 1, "s": 3}, {"q": 8, "k": 32, "r": 3}, "q p,k r", 2 * 18),
    (load_workload("conv2d", SMALL | {"STRIDE": 2}), {"p": 2, "q": 8, "k": 16, "c": 4, "r": 1, "s": 3},
     {"q": 8, "r": 3}, "p,r", 17),
    (load_workload("conv1d", {"K": 32, "C": 4, "P": 16} | S16), {"p": 2, "k": 16, "c": 4, "r": 1},
     {"k": 32, "r": 3}, "p,k r", 18),
    (pooled(), {"p": 2, "k": 16, "r": 2}, {"r": 4}, "p,r", 21),
]  # fmt: skip


@pytest.mark.parametrize(("work", "tile", "block", "orders", "rows"), CASES)
def test_each_row_comes_once(
    work: Workload, tile: dict[str, int], block: dict[str, int], orders: str, rows: int
) -> None:
    binding, nest = binding_of(work), rolled(work, tile, block, orders)
    assert nest.roll is not None
    tiling = tiling_of(binding, nest)
    assert wrong(binding, work, tiling) == []
    role = next(role for role in binding.inputs if nest.rolls(role))
    assert fetched(scheduled(binding, tiling), role.tensor.name) == rows
    ways = {hold.slots: hold.fetches for hold in rolling_holds(binding, nest, role, nest.roll)}
    assert ways[dict(tiling.levels[0].held)[role.label]] == pytest.approx(rows)


def test_the_clock_of_a_nest_knows_what_rolls() -> None:
    """Rows of one window that were fetched for the last one take no time: with all of them it would be 38 % more."""
    work, *sizes = CASES[1][:4]
    binding = binding_of(work)
    tiling = tiling_of(binding, rolled(work, *sizes))
    assert tiling.modelled_cycles == pytest.approx(scheduled(binding, tiling).latency_cycles, rel=0.1)


@pytest.mark.parametrize(("columns", "share"), [(16, 16 / 18), (8, 18 / 20)])
def test_what_lies_in_a_border_is_not_carried(columns: int, share: float) -> None:
    """Of 18 rows 16 are in the image; of columns 18 of 18 + 2, one piece each way read again at the cut."""
    binding, tile = binding_of(CASES[0][0]), CASES[0][1]
    role = next(role for role in binding.inputs if role.tensor.name == "I")
    nest = rolled(CASES[0][0], tile, {"q": columns, "k": 32, "r": 3}, "q p,k q r")
    assert inside(binding, nest, role) == pytest.approx(16 / 18 * share)
    found, schedule = estimate(binding, nest), scheduled(binding, tiling_of(binding, nest))
    program = lower(CASES[0][0], [binding], schedule, place(schedule, [binding], binding.target), binding.target)
    run, _ = judge_program(program, CASES[0][0], binding.target, seed=3)
    assert found is not None
    assert sum(run.traffic_bytes.values()) == pytest.approx(found.traffic_bytes)
    assert run.energy_pj == pytest.approx(found.energy_pj, rel=0.01)


def test_random_nests_that_roll_are_right_and_fetch_no_more_than_said() -> None:
    rng, seen = Random(4), 0
    sizes = ({"STRIDE": 1, "P": 5, "Q": 4}, {"STRIDE": 2, "P": 4, "Q": 6})
    works = [load_workload("conv2d", SMALL | {"K": 24} | one) for one in sizes]
    for n in range(16):
        work = works[n % 2]
        binding = binding_of(work, 8)
        roll = rng.choice([*rolls(binding)])
        drawn = random_nest(binding, rng)
        tile = roll.tile(dict(drawn.tile)) | {roll.moving: rng.choice([1, 2]), "k": 12, "c": rng.choice([2, 4])}
        block = {x: size * (dict(drawn.block)[x] // dict(drawn.tile)[x]) for x, size in tile.items()}
        inner = (*(x for x in drawn.inner if x != roll.window), roll.window)
        nest = nest_of(binding, tile, block | {roll.window: 3}, " ".join(drawn.outer), " ".join(inner))
        nest = replace(nest, roll=roll)
        found = estimate(binding, nest)
        if found is None:
            continue
        seen += 1
        tiling = tiling_of(binding, nest)
        assert wrong(binding, work, tiling) == []
        cuts = [(extent, dict(nest.tile)[x], dict(nest.block)[x]) for x, extent in binding.extents.items()]
        if all(extent % block == 0 and block % tile == 0 for extent, tile, block in cuts):
            assert _loaded(binding, scheduled(binding, tiling)) <= found.traffic_bytes * (1 + 1e-9)
    assert seen > 5


def _loaded(binding: Binding, schedule: Schedule) -> int:
    moved = 0
    for number in schedule.step:
        step = schedule.steps[number]
        if step.performs in ("load", "store"):
            role = next(r for r in binding.roles if r.tensor.name == step.tensor)
            moved += role.staged_layout(dict(step.sizes)).points * 2
    return moved


def small() -> tuple[Workload, Binding, Tiling, Schedule]:
    work, *sizes = CASES[0][:4]
    binding = binding_of(work)
    tiling = tiling_of(binding, rolled(work, *sizes))
    return work, binding, tiling, scheduled(binding, tiling)


def test_both_places_of_an_operand_are_checked() -> None:
    """Each of the two rows that a tile reads in another place: the checker says what lies there."""
    work, binding, _, schedule = small()
    at = 0
    for number in schedule.step[: schedule.step.index(next(n for n, s in enumerate(schedule.steps) if s.second))]:
        at += len(schedule.steps[number].buffers)
    buffers = next(step.buffers for step in schedule.steps if step.second)
    places = [n for n, name in enumerate(buffers) if ".I." in name]
    assert len(places) == 2
    for position in places:
        slot = array("i", schedule.slot)
        slot[at + position] = (slot[at + position] + 2) % 4
        found = check_schedule(replace(schedule, slot=slot), matches_of([binding]), work, binding.target)
        assert "content" in {violation.rule for violation in found}


def test_pieces_smaller_than_a_tile_are_halves_of_two() -> None:
    work, binding, tiling, _ = small()
    assert check_tiling(tiling, work, binding.target) == []
    pieces = dict(tiling.levels[0].pieces)
    for label, axis, size in (("I", "q", 4), ("W", "k", 8)):
        spoiled = pieces | {label: tuple((dict(pieces[label]) | {axis: size}).items())}
        levels = (replace(tiling.levels[0], pieces=tuple(spoiled.items())), tiling.levels[1])
        found = check_tiling(replace(tiling, levels=levels), work, binding.target)
        assert {violation.rule for violation in found} == {"pieces"}


def test_solvers_go_on_from_rolling_windows() -> None:
    """The joint model of time and addresses knows one piece per operand; the order is found by the other one."""
    _, binding, tiling, schedule = small()
    solved = schedule_exactly([(binding, tiling)], binding.target, effort=Effort(2.0, 1, 0, True), hint=schedule)
    assert solved.answer is not None
    assert solved.answer.latency_cycles <= schedule.latency_cycles
    assert "two pieces" in solved.method


def test_the_search_rolls_where_it_pays() -> None:
    """Too little room for the image: rows that stay save the halo."""
    work = load_workload("conv2d", {"K": 16, "C": 16, "P": 16, "Q": 16} | S16)
    binding = binding_of(work, 8)
    best = tilings(binding, objective="energy", most=1)[0]
    pieces = dict(dict(best.levels[0].pieces)["I"])
    assert any(pieces[x] == 1 for x in "pq")
    assert scheduled(binding, best).latency_cycles == pytest.approx(best.modelled_cycles, rel=0.03)
