"""Perfect packings: the generator of the experiment, and that its optimum is found."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from isamap.check.placement import check_placement
from isamap.ir.answers import Placement
from isamap.ir.effort import Effort
from isamap.placement import place_exactly
from isamap.placing import one_memory

FILE = Path(__file__).resolve().parents[2] / "experiments" / "e10_placement" / "packings.py"


@pytest.fixture(scope="module")
def packings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("e10_packings", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["e10_packings"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def guillotine(placement: Placement) -> bool:
    """Can cuts from edge to edge take the packing apart?"""
    boxes = [(life.start_cycles, life.end_cycles, at, at + life.size_bytes) for life, at in placement.addresses]

    def apart(part: list[tuple[int, int, int, int]]) -> bool:
        if len(part) == 1:
            return True
        for low, high in ((0, 1), (2, 3)):
            for cut in {box[high] for box in part}:
                one = [box for box in part if box[high] <= cut]
                other = [box for box in part if box[low] >= cut]
                if one and other and len(one) + len(other) == len(part):
                    return apart(one) and apart(other)
        return False

    return apart(boxes)


@pytest.mark.parametrize(("count", "seed"), [(1, 0), (2, 0), (5, 1), (60, 2), (300, 3)])
def test_a_packing_is_perfect(packings: ModuleType, count: int, seed: int) -> None:
    placement = packings.perfect_packing(count, seed, cycles=100, height=512)
    lives = [life for life, _ in placement.addresses]
    assert len(lives) == count
    assert check_placement(placement, one_memory(lives, 512), lives) == []
    assert sum(life.size_bytes * (life.end_cycles - life.start_cycles) for life in lives) == 100 * 512
    assert packings.perfect_packing(count, seed, cycles=100, height=512) == placement
    assert count < 3 or packings.perfect_packing(count, seed + 1, cycles=100, height=512) != placement


def test_a_box_is_cut_to_the_last_cell_and_no_further(packings: ModuleType) -> None:
    placement = packings.perfect_packing(12, 0, cycles=3, height=4)
    assert {life.size_bytes * (life.end_cycles - life.start_cycles) for life, _ in placement.addresses} == {1}
    with pytest.raises(ValueError, match="expected 1 to 12 pieces, got 13"):
        packings.perfect_packing(13, 0, cycles=3, height=4)


def test_most_packings_need_more_than_guillotine_cuts(packings: ModuleType) -> None:
    assert sum(not guillotine(packings.perfect_packing(30, seed)) for seed in range(10)) >= 9
    packings.PINWHEELS, before = 0.0, packings.PINWHEELS
    assert all(guillotine(packings.perfect_packing(30, seed)) for seed in range(10))
    packings.PINWHEELS = before


@pytest.mark.parametrize(("count", "seed"), [(60, 0), (90, 1), (120, 2), (150, 3)])
def test_the_optimum_is_found_and_proved(packings: ModuleType, count: int, seed: int) -> None:
    lives = [life for life, _ in packings.perfect_packing(count, seed).addresses]
    solved = place_exactly(lives, one_memory(lives, None), effort=Effort(60, deterministic=True))
    assert (solved.status, solved.value, solved.method) == ("optimal", 4096, "cp-sat rectangles")
