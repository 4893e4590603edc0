"""Real instructions to the last bit: implementations proved or refuted, and operands that lie as the manuals say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from isamap.ir.hardware import Instruction, Target
from isamap.mapping.lemma import lemma
from isamap.spec import load_target

MACHINES = ("x86_avx512", "x86_avx2", "x86_amx", "nvidia_mma", "nvidia_wgmma", "nvidia_dp4a")
TARGETS: dict[str, Target] = {name: load_target(name) for name in MACHINES}
Element = tuple[int, int]


@pytest.mark.parametrize(
    ("machine", "instruction"),
    [(m, one.name) for m, target in TARGETS.items() for one in target.instructions if one.implementation],
)
def test_every_implementation_is_proved(machine: str, instruction: str) -> None:
    found = lemma(TARGETS[machine].instruction(instruction))
    assert found.verdict == "equal", str(found)


@pytest.mark.parametrize(
    ("machine", "instruction"), [("x86_avx512", "vpdpbusds"), ("x86_avx2", "vpmaddubsw_vpmaddwd_vpaddd")]
)
def test_what_saturates_is_refuted_without_its_range(machine: str, instruction: str) -> None:
    found = lemma(TARGETS[machine].instruction(instruction), {})
    assert found.verdict == "differs"
    assert found.counterexample is not None
    assert found.counterexample.meant != found.counterexample.done


def test_the_range_of_vpdpbusds_is_the_widest() -> None:
    one = TARGETS["x86_avx512"].instruction("vpdpbusds")
    ((_, (least, most)),) = one.value_ranges
    for wider in ((int(least) - 1, int(most)), (int(least), int(most) + 1)):
        assert lemma(one, {"C": wider}).verdict == "differs"


def _places(one: Instruction, name: str) -> dict[Element, int]:
    """Where the elements of an operand lie: their number in row-major order of its layout's coordinates."""
    operand = one.operand(name)
    assert operand.layout is not None
    most = {axis.name: axis.most for axis in one.axes}
    points = [dict(zip(operand.axes, at, strict=True)) for at in product(*(range(most[a]) for a in operand.axes))]
    coordinates = [[index.evaluate(point) for index in operand.layout] for point in points]
    extents = [max(column) + 1 for column in zip(*coordinates, strict=True)]
    found = {}
    for point, place in zip(points, coordinates, strict=True):
        number = 0
        for at, extent in zip(place, extents, strict=True):
            number = number * extent + at
        found[tuple(point.values())] = number
    return found  # type: ignore[return-value]


def _lanes(parts: int, per_register: int) -> Iterator[tuple[int, int, int, int]]:
    """(number of the part within a thread, group, thread in group, place) of a warp's registers: PTX's a0, a1, ..."""
    for lane, part in product(range(32), range(parts)):
        register, within = divmod(part, per_register)
        yield part, lane // 4, lane % 4, (register * 32 + lane) * per_register + within


# PTX ISA, "Matrix fragments for mma.m16n8k16" and "for mma.m16n8k32": rows and columns of what a thread holds
FRAGMENTS = {
    ("mma_m16n8k16_f16", "A"): {
        (g + 8 * (n % 4 >= 2), 2 * t + n % 2 + 8 * (n >= 4)): at for n, g, t, at in _lanes(8, 2)
    },
    ("mma_m16n8k16_f16", "B"): {(2 * t + n % 2 + 8 * (n >= 2), g): at for n, g, t, at in _lanes(4, 2)},
    ("mma_m16n8k16_f16", "C"): {(g + 8 * (n >= 2), 2 * t + n % 2): at for n, g, t, at in _lanes(4, 1)},
    ("mma_m16n8k32_s8", "A"): {
        (g + 8 * (n % 8 >= 4), 4 * t + n % 4 + 16 * (n >= 8)): at for n, g, t, at in _lanes(16, 4)
    },
    ("mma_m16n8k32_s8", "B"): {(4 * t + n % 4 + 16 * (n >= 4), g): at for n, g, t, at in _lanes(8, 4)},
    ("mma_m16n8k32_s8", "C"): {(g + 8 * (n >= 2), 2 * t + n % 2): at for n, g, t, at in _lanes(4, 1)},
}


@pytest.mark.parametrize(("instruction", "operand"), FRAGMENTS)
def test_fragments_of_a_warp_are_those_of_ptx(instruction: str, operand: str) -> None:
    assert _places(TARGETS["nvidia_mma"].instruction(instruction), operand) == FRAGMENTS[instruction, operand]


@pytest.mark.parametrize(("load", "use", "operand"), [
    ("ldmatrix_a_f16", "mma_m16n8k16_f16", "A"), ("ldmatrix_a_bf16", "mma_m16n8k16_bf16", "A"),
    ("ldmatrix_a_s8", "mma_m16n8k32_s8", "A"), ("ldmatrix_b_f16", "mma_m16n8k16_f16", "B"),
    ("ldmatrix_b_bf16", "mma_m16n8k16_bf16", "B"), ("ldmatrix_b_s8", "mma_m16n8k32_s8", "B"),
    ("ldmatrix_trans_b_f16", "mma_m16n8k16_f16", "B"), ("ld_global_f32", "mma_m16n8k16_f16", "C"),
])  # fmt: skip
def test_loads_leave_what_products_take(load: str, use: str, operand: str) -> None:
    mma = TARGETS["nvidia_mma"]
    assert _places(mma.instruction(load), "D") == _places(mma.instruction(use), operand)


def test_the_sums_of_a_warpgroup_lie_as_in_ptx() -> None:
    """PTX ISA, "Register Fragments" of wgmma.m64nNk16, at N = 256: 128 sums in each of 128 threads."""
    expected = {}
    for thread, n in product(range(128), range(128)):
        warp, lane = divmod(thread, 32)
        row = 16 * warp + lane // 4 + 8 * (n // 2 % 2)
        expected[row, 8 * (n // 4) + 2 * (lane % 4) + n % 2] = n * 128 + thread
    assert _places(TARGETS["nvidia_wgmma"].instruction("wgmma_f16"), "C") == expected


@pytest.mark.parametrize(("instruction", "packed"), [("tdpbssd", 4), ("tdpbf16ps", 2)])
def test_the_right_tile_holds_groups_of_rows(instruction: str, packed: int) -> None:
    """TDPBSSD and TDPBF16PS of Intel's manual: row r has, for each column, k = packed*r, packed*r + 1, ..."""
    places = _places(TARGETS["x86_amx"].instruction(instruction), "B")
    for row, column, within in product(range(16), range(16), range(packed)):
        assert places[packed * row + within, column] == row * 16 * packed + column * packed + within


def test_vpackssdw_takes_four_numbers_of_each_register_in_turn() -> None:
    """VPACKSSDW of Intel's manual: per 128 bits, four doublewords of the first source, then four of the second."""
    places = _places(TARGETS["x86_avx512"].instruction("vpackssdw"), "X")
    order = [source * 16 + 4 * lane + n for lane in range(4) for source in range(2) for n in range(4)]
    assert [places[(n,)] for n in range(32)] == order  # type: ignore[index]
