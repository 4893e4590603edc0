"""Tilings that go strip by strip, the homes that are worth trying, and windows that slide from strip to strip."""

from __future__ import annotations

from itertools import islice

import pytest

from isamap.check.tiling import check_tiling
from isamap.ir.answers import Home
from isamap.ir.binding import Binding
from isamap.scheduling.visits import visits
from isamap.spec import load_target, load_workload
from isamap.tiling import Alone, passing_homes, slides, tilings_in_strips, with_slots
from tests.fusion import CHAIN, DEPTHWISE, PRODUCTS, RECTIFIED, WINDOWS, fused_kernel

P16 = (("spad_kib", 4),)


def writer(text: str, machine: str, home: Home) -> Binding:
    """The einsum that writes T, with room for everything."""
    parameters = P16 if machine == "p16" else (("local_bytes", 512),)
    return fused_kernel(text, machine, parameters, (("T", home),)).bindings[0]


@pytest.mark.parametrize(
    ("text", "machine", "home"),
    [
        (DEPTHWISE, "p16", Home("spad", (1, 4, 4), 1, 4, 1)),
        (DEPTHWISE, "p16", Home("spad", (1, 4, 4), 2, 8, 1)),
        (WINDOWS, "p16", Home("spad", (1, 1, 1), 1, 2, 1)),
        (PRODUCTS, "p16", Home("spad", (1, 1), 0, 5, 1)),
        (RECTIFIED, "tiny", Home("local", (1, 1), 0, 3, 1)),
    ],
)
def test_every_tile_lies_in_one_strip_and_strips_come_in_order(text: str, machine: str, home: Home) -> None:
    binding = writer(text, machine, home)
    assert binding.strip is not None
    axis, step = binding.strip
    number = list(binding.extents).index(axis)
    for tiling in tilings_in_strips(binding, time_limit_s=0.5):
        strips = [(tile[number][0] // step, (tile[number][1] - 1) // step) for _, tile in visits(binding, tiling)]
        assert all(low == high for low, high in strips)
        assert strips == sorted(strips)
        work = load_workload(text)
        assert check_tiling(tiling, work, binding.target) == []
        tile = dict(tiling.levels[-1].tile)
        for role in binding.roles:
            assert role.home is None or not role.home.crosses(tile, binding.extents)


def test_windows_slide_where_a_strip_is_one_step_of_their_axis() -> None:
    """Bands of 4 rows read 6: pieces of 2 rows, of which the next strip finds one. Of 2 steps they do not."""
    found = list(slides(writer(DEPTHWISE, "p16", Home("spad", (1, 4, 4), 1, 4, 1))))
    assert [(slide.role.tensor.name, slide.axis, slide.size, slide.whole) for slide in found] == [
        ("I", "p_r", 2, ("q_block", "q_s"))
    ]
    assert not list(slides(writer(DEPTHWISE, "p16", Home("spad", (1, 4, 4), 1, 8, 1))))
    assert not list(slides(writer(PRODUCTS, "p16", Home("spad", (1, 1), 0, 1, 1))))


def test_windows_are_cut_as_they_slide() -> None:
    binding = writer(DEPTHWISE, "p16", Home("spad", (1, 4, 4), 1, 4, 1))
    (slide,) = slides(binding)
    for tiling in tilings_in_strips(binding, slide, time_limit_s=0.5):
        pieces = dict(dict(tiling.levels[0].pieces)["I"])
        assert (pieces["p_r"], pieces["q_block"], pieces["q_s"]) == (2, 4, 6)
        more = with_slots(tiling, "I", 5, 7)
        assert (dict(more.levels[0].held)["I"], dict(more.levels[0].buffers)["I"]) == (5, 7)
        assert dict(more.levels[0].buffers) == dict(tiling.levels[0].buffers) | {"I": 7}


def homes(text: str, machine: str, parameters: dict[str, int], tile: dict[str, int]) -> list[dict[str, Home]]:
    work, target = load_workload(text), load_target(machine, parameters)
    units = {einsum: Alone(f"unit of {n % 2}", tile) for n, einsum in enumerate(work.einsums)}
    return list(passing_homes(work, target, units))


def test_strips_are_as_many_tiles_as_fit() -> None:
    """T's rows take 22 bytes: up to 0.6 * 1024 / 22 = 27 of them, 16 at a time; two strips where they fit."""
    found = homes(PRODUCTS, "p16", {"spad_kib": 1}, {"m": 16, "n": 11})
    rows = [one["T"].rows for one in found if one["T"].dimension == 0 and one["T"].memory == "spad"]
    assert rows == [16, 27, 1]
    assert [one["T"].turns for one in found if one["T"].dimension == 0 and one["T"].memory == "spad"] == [1, 1, 2]


def test_blocks_are_those_that_the_writer_makes() -> None:
    found = homes(DEPTHWISE, "p16", {"spad_kib": 4}, {})
    assert {one["T"].blocks for one in found} == {(1, 4, 4)}
    assert {one["T"].rows % 4 for one in found if one["T"].dimension > 0} == {0}


def test_strips_are_carried_on_by_those_who_read_them() -> None:
    found = homes(CHAIN, "tiny", {"local_bytes": 1024}, {"m": 2})
    both = [one for one in found if len(one) == 2]
    assert both
    assert all((one["T"].dimension, one["T"].rows) == (one["U"].dimension, one["U"].rows) for one in both)


def test_given_tensors_and_results_do_not_pass() -> None:
    text = RECTIFIED + "outputs: [T, O]\n"
    assert not list(islice(homes(text, "tiny", {}, {}), 1))
