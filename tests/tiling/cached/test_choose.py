"""The choice of a kernel for a core with caches: the solver's best is the best, and what is known of caches decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking
from isamap.ir.contraction import Contraction, Strided
from isamap.ir.cpu import Core, MultiplyAdd
from isamap.ir.dtype import DTYPES
from isamap.tiling.cached import blockings
from isamap.tiling.cached.choose import few_tiles
from isamap.tiling.cached.cost import cycles
from isamap.tiling.cached.formulation import Formulation
from isamap.tiling.cached.options import Choice, Options, options
from isamap.tiling.cached.roles import roles
from tests.codegen.families import dot, pairs
from tests.cores import CORE
from tests.tiling.cached.contractions import gemm

SMALL = (gemm(9, 40, 70), gemm(64, 300, 130, "NT"), gemm(1, 100, 900), gemm(200, 8, 65, "TN"))
TOLERANCE = 1e-3  # the model counts in ten-thousandths of the least that the pipes need, once per cost


def ways(what: Contraction, core: Core = CORE) -> list[Options]:
    return [few_tiles(options(each, core), core) for each in roles(what)]


def total(way: Options, choice: Choice) -> float:
    return cycles(way, CORE, choice).total


@pytest.mark.parametrize("what", SMALL, ids=lambda what: "x".join(map(str, what.extents.values())))
def test_the_best_is_that_of_trying_all(what: Contraction) -> None:
    for way in ways(what):
        best = Formulation(way, CORE).best(60.0)
        assert best is not None
        assert total(way, best) == pytest.approx(min(total(way, each) for each in way.every()), rel=TOLERANCE)


def test_choices_come_best_first_and_none_twice() -> None:
    found = blockings(gemm(64, 300, 130, "NT"), CORE, 8)
    assert [cost for _, cost in found] == sorted(cost for _, cost in found)
    assert len({how for how, _ in found}) == len(found) == 8


def test_all_choices_are_found_where_these_are_few() -> None:
    (way,) = ways(gemm(1, 8, 1))
    form, seen = Formulation(way, CORE), set[Choice]()
    while (choice := form.best(10.0)) is not None:
        assert choice not in seen
        seen.add(choice)
        form.forbid(choice)
    fields = ("tile", "depth", "columns_packed", "rows_packed", "rows_inside", "ahead")
    assert len(seen) == len({tuple(getattr(each, name) for name in fields) for each in way.every()})


@pytest.mark.parametrize("what", [*SMALL, gemm(37, 61, 41, "TT")])
def test_every_choice_makes_a_blocking(what: Contraction) -> None:
    """Loops never grow inwards, tiles fit the registers, blocks are whole tiles or all there is."""
    for way in ways(what):
        for choice in way.every():
            how = way.blocking(choice)
            assert isinstance(how, Blocking)
            sums = choice.tile.rows * choice.tile.vectors
            assert sums + choice.tile.vectors + 1 <= CORE.registers
            width = way.width_of(choice)
            assert width == way.roles.extent(way.roles.columns) or width % way.columns_of(choice.tile) == 0


def test_one_row_takes_a_factor_as_it_comes() -> None:
    """Nothing is used twice: panels would only cost."""
    ((how, _),) = blockings(gemm(1, 4096, 1024), CORE, 1)
    assert not how.panels


def test_rows_that_drive_each_other_out_are_packed_or_few() -> None:
    """Rows 4096 bytes apart fall into one set of eight ways."""
    ((how, _),) = blockings(gemm(512, 512, 1024), CORE, 1)
    packed = {each.tensor for each in how.panels}
    assert "A" in packed or how.tile({"m": 512, "n": 512, "k": 1024})["m"] <= CORE.caches[0].ways


def test_lanes_along_the_sum_where_both_factors_have_it_side_by_side() -> None:
    ((how, _),) = blockings(gemm(16, 2048, 2048, "NT"), CORE, 1)
    assert how.vector == "k"


def test_factors_in_panels_before_are_not_packed_again() -> None:
    ((how, _),) = blockings(gemm(32, 512, 512), CORE, 1, ["B"])
    (panels,) = (each for each in how.panels if each.tensor == "B")
    assert panels.before


def test_an_output_with_no_neighbours_is_refused() -> None:
    apart = Strided("C", DTYPES["f32"], {"m": 80, "n": 2})
    with pytest.raises(Unsupported, match="no axis lies next to each other"):
        blockings(replace(gemm(8, 40, 9), output=apart), CORE, 1)


def _bytes(rows: int, product: MultiplyAdd) -> list[tuple[Blocking, float]]:
    what = gemm(rows, 300, 130, "NT", ("u8", "s8", "s32"))
    return blockings(what, replace(CORE, multiply_adds=(product,)), 8)


def test_bytes_lie_in_panels_along_the_lanes() -> None:
    """Both factors where they become words on their way; never lanes along the reduction."""
    for product, least in ((dot(8), {"B"}), (pairs(8), {"A", "B"})):
        for how, _ in _bytes(40, product):
            assert how.vector == "n"
            assert {panels.tensor for panels in how.panels} >= least


def test_the_next_panels_are_fetched_early_where_rows_are_few_and_blocks_small() -> None:
    assert all(how.early == ("B",) for how, _ in _bytes(40, dot(8)))
    assert not any(how.early for how, _ in _bytes(700, dot(8)))
    wide = [how for how, _ in blockings(gemm(400, 4096, 512), CORE, 4) if how.panels and how.loops[0].step >= 512]
    assert wide
    assert not any(how.early for how in wide)
