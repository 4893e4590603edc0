"""Tilings under pins: as they are where nothing is open, else the best ones allowed; what cannot be is explained."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TypeVar

import pytest

from isamap.check.tiling import check_tiling
from isamap.errors import Contradiction, Infeasible, NotFound
from isamap.ir.answers import Level, Tiling, sizes
from isamap.ir.fixed import FixedLevel
from isamap.spec import load_target, load_workload
from isamap.tiling import tilings, tilings_under
from tests.nests import S16, binding_of, bindings_of, scheduled
from tests.random_kernels import FAMILIES, random_kernel

GEMM = {"M": 40, "N": 48, "K": 30}
FREE = FixedLevel()
Entry = TypeVar("Entry")


def said(level: Level, rng: Random | None = None) -> FixedLevel:
    """All of a level; with ``rng`` a part of it."""

    def some(table: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(entry for entry in table if rng is None or rng.random() < 0.4)

    def perhaps(value: Entry) -> Entry | None:
        return value if rng is None or rng.random() < 0.4 else None

    return FixedLevel(
        level.memory,
        some(level.tile),
        perhaps(level.order),
        some(level.buffers),
        some(level.pieces),
        some(level.held),
        perhaps(level.turning),
        perhaps(level.backward),
    )


def is_as_said(tiling: Tiling, pins: tuple[FixedLevel, ...]) -> bool:
    for level, pin in zip(tiling.levels, pins, strict=True):
        tables = [(level.tile, pin.tile), (level.buffers, pin.buffers), (level.held, pin.held)]
        tables += [(dict(level.pieces)[label], piece) for label, piece in pin.pieces]
        loops = [x for x in pin.order or level.order if x in level.order]
        if any(dict(table).get(name) != size for table, given in tables for name, size in given):
            return False
        if list(level.order) != loops or pin.turning not in (None, level.turning):
            return False
        if pin.backward is not None and not {*level.backward} <= {*pin.backward}:
            return False
    return True


@pytest.mark.parametrize("machine", FAMILIES)
def test_a_whole_tiling_is_taken_as_it_is(machine: str) -> None:
    _, _, work = random_kernel(machine, 3)
    for binding in bindings_of(work, machine)[:2]:
        for tiling in tilings(binding, most=3):
            (again,) = tilings_under(binding, *map(said, tiling.levels))
            assert replace(again, modelled_cycles=0, modelled_value=0.0) == replace(
                tiling, modelled_cycles=0, modelled_value=0.0
            )


@pytest.mark.parametrize("machine", FAMILIES)
def test_what_is_said_of_a_tiling_holds_of_all_that_are_found(machine: str) -> None:
    rng, found = Random(5), 0
    for seed in range(3):
        _, text, work = random_kernel(machine, seed)
        binding = bindings_of(work, machine)[0]
        for tiling in tilings(binding, most=2):
            pins = tuple(said(level, rng) for level in tiling.levels)
            if None not in (pins[0].turning, pins[1].turning):
                pins = (pins[0], replace(pins[1], turning=None))
            try:
                these = tilings_under(binding, *pins, most=2)
            except NotFound:  # local search meets its own tilings again, but not from everywhere
                continue
            found += 1
            for one in these:
                assert is_as_said(one, pins), f"{pins}\n{one}\n{text}"
                assert check_tiling(one, work, binding.target) == [], f"{pins}\n{one}\n{text}"
    assert found >= 3


def test_nothing_said_changes_nothing() -> None:
    binding = binding_of("gemm", "p16", GEMM | S16)
    assert tilings_under(binding, FREE, FREE) == tilings(binding)


def test_pinned_slots_make_room_for_others() -> None:
    """With one slot for A the model gives B more, and the schedule still runs."""
    binding = binding_of("gemm", load_target("p16", {"spad_kib": 4}), GEMM | S16)
    blocks = FixedLevel(buffers=(("A", 1),))
    best = tilings_under(binding, blocks, FREE)[0]
    assert dict(best.levels[0].buffers)["A"] == 1
    assert best.modelled_value >= tilings(binding)[0].modelled_value
    assert scheduled(binding, best).latency_cycles > 0


def test_an_order_without_an_axis_has_one_block_of_it() -> None:
    binding = binding_of("gemm", "p16", GEMM | S16)
    for tiling in tilings_under(binding, FixedLevel(order=("n",)), FREE):
        assert dict(tiling.levels[0].tile) | {"n": 0} == {"m": 40, "n": 0, "k": 30}
    for tiling in tilings_under(binding, FREE, FixedLevel(order=("k",), tile=(("k", 10),))):
        assert dict(tiling.levels[0].tile)["m"] == dict(tiling.levels[1].tile)["m"]


def test_what_is_held_has_slots() -> None:
    binding, work = binding_of("gemm", "p16", GEMM | S16), load_workload("gemm", GEMM | S16)
    for tiling in tilings_under(binding, FixedLevel(held=(("A", 7), ("B", 1))), FREE):
        assert dict(tiling.levels[0].held) == {"A": 7, "B": 1}
        assert check_tiling(tiling, work, binding.target) == []


def test_each_level_begins_at_the_end_that_is_said() -> None:
    """The loops over k of both levels, or of one of them, begin at the far end."""
    binding = binding_of("gemm", "p16", GEMM | S16)
    cut = sizes({"k": 10}), sizes({"k": 5})
    for outer, inner in (("k",), ("k",)), (("k",), None), ((), None):
        pins = FixedLevel(tile=cut[0], backward=outer), FixedLevel(tile=cut[1], backward=inner)
        for tiling in tilings_under(binding, *pins, most=2):
            assert tiling.levels[0].backward == outer
            assert tiling.levels[1].backward == outer
    with pytest.raises(NotFound):
        tilings_under(binding, FixedLevel(tile=cut[0], backward=("k",)), FixedLevel(tile=cut[1], backward=()))


WRONG = {
    "a tile beyond the instruction": (
        FREE, FixedLevel(tile=(("m", 20),)),
        "levels.1.tile.m: expected at most 16, what mac takes along i = m, got m=20",
    ),
    "a tile beyond its block": (
        FixedLevel(tile=(("m", 8),)), FixedLevel(tile=(("m", 16),)),
        "levels.1.tile.m: expected at most 8, the block of m, got 16",
    ),
    "blocks without a loop": (
        FixedLevel(tile=(("k", 10),), order=("m", "n")), FREE,
        "levels.0.order: expected a loop over k, which takes 3 blocks of 10, got only m n",
    ),
    "tiles without a loop": (
        FixedLevel(order=("n",)), FixedLevel(tile=(("m", 16),), order=("n", "k")),
        "levels.1.order: expected a loop over m, of which a block of 40 takes 3 tiles of 16, got only n k",
    ),
    "another memory": (
        FixedLevel(memory="acc"), FREE, "levels.0.memory: expected spad, which blocks lie in, got 'acc'",
    ),
    "buffers on the wrong level": (
        FREE, FixedLevel(buffers=(("A", 2),)), "levels.1.buffers: expected of C, got 'A'",
    ),
    "more held than there are": (
        FixedLevel(buffers=(("A", 2),), held=(("A", 3),)), FREE,
        "levels.0.held.A: expected at most 2, the buffers of A, got 3",
    ),
    "pieces beside tile and block": (
        FixedLevel(tile=(("k", 30),), pieces=(("A", (("k", 12),)),)), FixedLevel(tile=(("k", 10),)),
        "levels.0.pieces.A.k: expected 10, the tile of k, or 30, its block, got 12",
    ),
    "too many bytes": (
        FixedLevel(buffers=(("A", 3),)), FixedLevel(tile=sizes({"m": 16, "n": 16, "k": 30})),
        "levels.0.buffers: expected at most 2,048 bytes in spad, got 4,352: A 3 x 960, B 1 x 960, C 1 x 512; 2,304",
    ),
    "more slots than there are bytes": (
        FixedLevel(buffers=(("A", 1025),)), FixedLevel(tile=sizes({"m": 1, "n": 1, "k": 1})),
        "levels.0.buffers: expected at most 2,048 bytes in spad, got 2,054: A 1025 x 2, B 1 x 2, C 1 x 2; 6",
    ),
    "one level turning": (
        FixedLevel(turning=True), FixedLevel(turning=False),
        "levels.1.turning: expected true as on the level above, or a complete tiling, got the other",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_contradictions_are_explained(name: str) -> None:
    blocks, issues, message = WRONG[name]
    binding = binding_of("gemm", load_target("p16", {"spad_kib": 2}), GEMM | S16)
    with pytest.raises(Contradiction) as caught:
        tilings_under(binding, blocks, issues)
    assert str(caught.value).removesuffix(" too many") == message


def test_an_axis_that_no_lane_takes_is_done_one_by_one() -> None:
    binding = binding_of("gemv", "p16", {"M": 16, "K": 8} | S16, empty_axes=True)
    loop = next((x for x in binding.extents if x not in binding.match.mapped_axes), None)
    if loop is None:
        binding = binding_of("batch_gemm", "p16", {"BATCH": 3, "M": 8, "N": 8, "K": 8} | S16)
        loop = next(x for x in binding.extents if x not in binding.match.mapped_axes)
    with pytest.raises(Contradiction, match=rf"levels.1.tile.{loop}: expected 1: no axis of mac takes {loop}"):
        tilings_under(binding, FREE, FixedLevel(tile=((loop, 2),)))


def test_exact_extents_have_to_be_met() -> None:
    binding = binding_of("gemm", "tiles", {"M": 32, "N": 32, "K": 32, "in": "s16"})
    with pytest.raises(Contradiction, match=r"levels.1.tile.m: expected issues of at least 16, .*got some of 8"):
        tilings_under(binding, FREE, FixedLevel(tile=(("m", 8),)))


def test_edges_of_blocks_have_to_be_met_too() -> None:
    """48 in blocks of 24 and tiles of 16 leaves tiles of 8."""
    binding = binding_of("gemm", "tiles", {"M": 48, "N": 32, "K": 32, "in": "s16"})
    with pytest.raises(Contradiction, match=r"levels.1.tile.m: expected issues of at least 16, .*got some of 8"):
        tilings_under(binding, FixedLevel(tile=(("m", 24),)), FixedLevel(tile=(("m", 16),)))


def test_blocks_need_not_be_whole_tiles() -> None:
    work, binding = load_workload("gemm", GEMM | S16), binding_of("gemm", "p16", GEMM | S16)
    blocks = FixedLevel("", sizes({"m": 24, "n": 40, "k": 7}), ("m", "k", "n"), (("A", 2), ("B", 3), ("C", 20)))
    issues = FixedLevel("", sizes({"m": 16, "n": 9, "k": 4}), ("m", "n", "k"), (("C", 2),), backward=("m",))
    (tiling,) = tilings_under(binding, blocks, issues)
    assert check_tiling(tiling, work, binding.target) == []
    assert scheduled(binding, tiling).latency_cycles > 0


def test_what_was_not_found_is_not_called_impossible() -> None:
    """Panels of a block's length are nothing that the search makes of its own."""
    binding = binding_of("gemm", "p16", GEMM | S16)
    blocks = FixedLevel(pieces=(("A", (("k", 30),)),))
    with pytest.raises(NotFound, match=r"no tiling of einsum 0 was found with blocks A in k=30") as caught:
        tilings_under(binding, blocks, FixedLevel(tile=(("k", 10),)))
    assert not isinstance(caught.value, Infeasible)


def test_panels_are_taken_where_all_is_said() -> None:
    work, binding = load_workload("gemm", GEMM | S16), binding_of("gemm", "p16", GEMM | S16)
    whole = sizes({"m": 40, "n": 48, "k": 30})
    blocks = FixedLevel("spad", whole, (), (("A", 3), ("B", 3), ("C", 2)), (("A", (("k", 30),)),))
    issues = FixedLevel("acc", sizes({"m": 16, "n": 16, "k": 10}), ("n", "m", "k"), (("C", 1),))
    (tiling,) = tilings_under(binding, blocks, issues)
    assert dict(dict(tiling.levels[0].pieces)["A"])["k"] == 30
    assert dict(tiling.levels[0].held) == {"A": 2, "B": 2}
    assert check_tiling(tiling, work, binding.target) == []
    assert scheduled(binding, tiling).latency_cycles >= 40 * 48 * 30 / 256
