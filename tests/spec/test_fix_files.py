"""Files for ``--fix``: what one says, and each mistake that one can hold, with line, column and message."""

from __future__ import annotations

import pytest

from isamap.errors import Fault
from isamap.ir.fixed import Fixed, FixedEinsum, FixedLevel
from isamap.ir.workload import Workload
from isamap.spec import SpecError, load_fix, load_target, load_workload

CHAIN = """
name: chain
sizes: {M: 4, N: 6, K: 9}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
  Y: {dtype: s32, shape: [M, N]}
einsums:
  - C[m,n] += s32(A[m,k]) * s32(B[k,n])
  - Y[m,n] = max(C[m,n], 0)
"""
LINES = [
    "name: f",  # 1
    "match: {instruction: mm2, axes: {i: [m]}, operands: {A: A}}",
    "tiling:",
    "  levels:",
    "    - {memory: local, tile: {m: 4}, order: [m, k], buffers: {A: 3}, held: {A: 2}, backward: [k]}",  # 5
    "    - {tile: {m: 2}, pieces: {A: {m: 2}}, turning: true}",
    "einsums:",
    "  Y: {match: {instruction: relu}}",
    "homes: {C: local}",
]


def chain() -> Workload:
    return load_workload(CHAIN)


def mistakes(*changes: tuple[int, str]) -> list[str]:
    lines = list(LINES)
    for number, line in changes:
        lines[number - 1] = line
    with pytest.raises(SpecError) as caught:
        load_fix("\n".join(lines) + "\n", chain(), load_target("tiny"))
    return [f"{d.line}:{d.column}: {d.fault}" for d in caught.value.diagnostics]


def test_all_that_can_be_said() -> None:
    file = load_fix("\n".join(LINES) + "\n", chain(), load_target("tiny"))
    blocks = FixedLevel(
        "local", (("m", 4),), ("m", "k"), (("A", 3),), held=(("A", 2),), backward=("k",)
    )  # fmt: skip
    issues = FixedLevel(tile=(("m", 2),), pieces=(("A", (("m", 2),)),), turning=True)
    first = FixedEinsum("mm2", (("i", ("m",)),), (("A", "A"),), blocks, issues)
    assert file.fixed == Fixed(((0, first), (1, FixedEinsum("relu"))), (("C", "local"),))
    assert str(file.fixed) == (
        "einsum 0: mm2 i=m A=A; blocks in local, m=4, order m k, buffers A=3, held A=2, backward k; "
        "issues m=2, A in m=2, turning true | einsum 1: relu | C in local"
    )


def test_nothing_has_to_be_said() -> None:
    file = load_fix("name: f\ntiling: {levels: [{}, {}]}\n", chain(), load_target("tiny"))
    assert not file.fixed
    assert str(file.fixed) == ""


def test_einsums_go_by_number_too() -> None:
    file = load_fix("einsums:\n  1: {match: {instruction: relu}}\n", chain(), load_target("tiny"))
    assert file.fixed == Fixed(((1, FixedEinsum("relu")),))


WRONG = {
    "instruction": (2, "match: {instruction: mm3}", "2:22: match.instruction: expected an instruction of"),
    "instruction axis": (2, "match: {instruction: mm2, axes: {x: [m]}}", "2:34: match.axes: expected an axis (mm2) of"),
    "kernel axis": (
        2, "match: {axes: {i: [p]}}", "2:20: match.axes.i: expected a kernel axis of m n k, got 'p'",
    ),
    "axis twice": (
        2, "match: {axes: {i: [m], j: [m]}}", "2:15: match.axes: expected each kernel axis at most once, got m again",
    ),
    "operand": (2, "match: {operands: {Q: A}}", "2:20: match.operands: expected an operand of"),
    "tensor": (2, "match: {operands: {A: Y}}", "2:23: match.operands.A: expected a tensor of C A B, got 'Y'"),
    "levels": (
        6, "    - {}\n    - {}",
        "4:3: tiling.levels: expected two levels, blocks and issues, got 3; a deeper nest is said in two by merging",
    ),
    "memory": (5, "    - {memory: lokal}", "5:16: tiling.levels.0.memory: expected a memory of dram local, got"),
    "size": (5, "    - {tile: {m: 5}}", "5:18: tiling.levels.0.tile.m: expected 1 to 4, the extent of m, got 5"),
    "axis of a tile": (5, "    - {tile: {q: 1}}", "5:15: tiling.levels.0.tile: expected a kernel axis of m n k, got"),
    "order": (5, "    - {order: [m, p]}", "5:19: tiling.levels.0.order: expected a kernel axis of m n k, got 'p'"),
    "order twice": (5, "    - {order: [m, m]}", "5:15: tiling.levels.0.order: expected each axis once, got m again"),
    "backward": (
        5, "    - {order: [m], backward: [k]}",
        "5:31: tiling.levels.0.backward: expected a loop of the order, of m, got 'k'",
    ),
    "buffers": (5, "    - {buffers: {Y: 1}}", "5:18: tiling.levels.0.buffers: expected a tensor of C A B, got 'Y'"),
    "no buffers": (5, "    - {buffers: {A: 0}}", "5:21: tiling.levels.0.buffers.A: expected at least 1, got 0"),
    "pieces": (6, "    - {pieces: {A: {m: 9}}}", "6:24: tiling.levels.1.pieces.A.m: expected 1 to 4, the extent of m"),
    "key": (6, "    - {tiles: {m: 2}}", "6:8: tiling.levels.1.tiles: expected a key of"),
    "type": (6, "    - {turning: sometimes}", "6:17: tiling.levels.1.turning: expected true or false, got 'sometimes'"),
    "einsum": (
        8, "  Z: {}", "8:3: einsums: expected a tensor that an einsum writes, of C Y, or its number, got 'Z'",
    ),
    "einsum twice": (8, "  C: {match: {instruction: mm2}}", "8:6: einsums.C: expected each einsum once, got einsum 0"),
    "home": (
        9, "homes: {A: local}",
        "9:9: homes: expected a tensor that one einsum writes and another reads, of C, got 'A'",
    ),
    "home's memory": (9, "homes: {C: acc}", "9:12: homes.C: expected a memory of dram local, got 'acc'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_stand_at_their_place(name: str) -> None:
    number, line, message = WRONG[name]
    found = mistakes((number, line))
    assert any(one.startswith(message) for one in found), found


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes((2, "match: {instruction: mm3}"), (6, "    - {tile: {m: 9}}"), (9, "homes: {B: local}"))
    assert [one.split(":")[0] for one in found] == ["2", "6", "9"]


def test_a_home_too_large_for_its_memory() -> None:
    work = load_workload(CHAIN.replace("M: 4, N: 6", "M: 8, N: 12"))
    with pytest.raises(
        SpecError, match=r"homes.C: expected a memory with room for C, 384 bytes, got local, which has 2"
    ):
        load_fix("homes: {C: local}\n", work, load_target("tiny"))


def test_faults_of_planning_find_their_place() -> None:
    """Of the first einsum as of one under ``einsums``."""
    file = load_fix("\n".join(LINES) + "\n", chain(), load_target("tiny"))
    path = ("tiling", "levels", 1, "tile", "m")
    error = file.located([Fault(("einsums", 0, *path), "1", "2"), Fault(("einsums", 1, "match"), "mm2", "relu")])
    assert [(d.line, d.column) for d in error.diagnostics] == [(6, 18), (8, 14)]
