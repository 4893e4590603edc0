"""Tensors on chip lie at strides that every operand can step by; programs of such layouts compute what they should."""

from __future__ import annotations

import pytest

from isamap.ir.answers import Sizes
from isamap.ir.binding import matches_of
from isamap.ir.effort import Effort
from isamap.judge import judge_program
from isamap.lowering import lower
from isamap.plan import place
from isamap.plan.laying import whole_on_chip
from isamap.scheduling import best_below, whole
from isamap.spec import load_target, load_workload
from tests.scheduling.test_exact_several import best_matches

WORK, VLIW4 = load_workload("gemm_relu", {"M": 4, "N": 4, "K": 2}), load_target("vliw4")
STAYING = (("T", "local"),)


def tiles(m: int, n: int) -> list[Sizes]:
    """A column of T at a time, or half of one where relu takes no whole rows; then ``m`` by ``n`` elements of T."""
    gemm, _ = best_matches(WORK, VLIW4)
    column = {axis: (2 if m == n == 2 else 4) if axis in dict(gemm.axes)["i"] else 1 for axis in ("m", "n")}
    return [tuple({**column, "k": 2}.items()), (("m", m), ("n", n))]


@pytest.mark.parametrize(("m", "n", "blocked"), [(4, 4, False), (4, 1, False), (1, 4, False), (2, 2, True)])
def test_tiles_of_whole_rows_need_no_blocks(m: int, n: int, blocked: bool) -> None:
    """relu steps by one stride through all it does: a part of several rows lies so in a block alone."""
    matches = best_matches(WORK, VLIW4)
    cuts = list(zip(matches, tiles(m, n), strict=True))
    ways = list(whole_on_chip(WORK, VLIW4, cuts, STAYING))
    homes = [role.home.home for bindings in ways for b in bindings for role in b.inputs if role.home is not None]
    assert any(not home.blocks for home in homes) != blocked
    bindings = ways[0]
    sized = zip(bindings, tiles(m, n), strict=True)
    given = [
        (b, dict(tile), {r.label: tuple((x, dict(tile)[x]) for x in r.access.axes) for r in b.fetched})
        for b, tile in sized
    ]
    found = best_below(whole(WORK, given), 200, Effort(3, deterministic=True), 0).schedule
    assert found is not None
    program = lower(WORK, bindings, found, place(found, bindings, VLIW4), VLIW4)
    run, wrong = judge_program(program, WORK, VLIW4, seed=0)
    assert wrong == ()
    assert run.latency_cycles == found.latency_cycles
    assert matches_of(bindings) == matches
