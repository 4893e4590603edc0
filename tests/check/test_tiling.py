"""Right tilings, spoiled once per rule: the checker names the rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from isamap.check.tiling import RULES, check_tiling, intervals, touched
from isamap.ir.answers import Level, Match, Sizes, Tiling
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Tensor, Workload, workload
from tests.machines import bundled

WORK = workload(
    "ragged",
    [
        Tensor("A", DTYPES["s16"], (35, 100)),
        Tensor("B", DTYPES["s16"], (100, 50)),
        Tensor("C", DTYPES["s16"], (35, 50)),
    ],
    [parse_statement("C[m, n] += A[m, k] * B[k, n]", frozenset("ABC"))],
)
MATCH = Match(
    0,
    "mac",
    (("i", ("m",)), ("j", ("n",)), ("k", ("k",))),
    (("A", "A", 1), ("B", "B", 2), ("C", "C", 0)),
    (),
    1.0,
    True,
)


def sizes(**size: int) -> Sizes:
    return tuple(size.items())


BLOCKS = Level("spad", sizes(m=32, n=50, k=40), ("k", "m"), sizes(A=3, B=4, C=3),
               (("A", sizes(m=16, n=16, k=40)), ("B", sizes(m=16, n=16, k=20))), sizes(A=2, B=1))  # fmt: skip
ISSUE = Level("acc", sizes(m=16, n=16, k=20), ("m", "n", "k"), sizes(C=2))
RIGHT = Tiling(MATCH, (BLOCKS, ISSUE))


def rules(tiling: Tiling, work: Workload = WORK, machine: str = "p16") -> set[str]:
    return {violation.rule for violation in check_tiling(tiling, work, bundled(machine))}


def spoiled(level: int, **changed: object) -> Tiling:
    levels = [replace(one, **changed) if n == level else one for n, one in enumerate(RIGHT.levels)]  # type: ignore[arg-type]
    return replace(RIGHT, levels=tuple(levels))


def test_a_right_tiling() -> None:
    assert rules(RIGHT) == set()


SPOILED: list[tuple[str, Callable[[], Tiling]]] = [
    ("match", lambda: replace(RIGHT, match=replace(MATCH, einsum=1))),
    ("match", lambda: replace(RIGHT, match=replace(MATCH, instruction="matmul"))),
    ("match", lambda: replace(RIGHT, levels=())),
    ("axes", lambda: spoiled(1, tile=sizes(m=16, n=16))),
    ("axes", lambda: spoiled(1, tile=sizes(m=16, n=16, k=20, z=1))),
    ("order", lambda: spoiled(1, order=("m", "n", "k", "m"))),
    ("order", lambda: spoiled(1, order=("m", "n", "k", "z"))),
    ("order", lambda: spoiled(0, backward=("n",))),
    ("cover", lambda: spoiled(1, order=("m", "k"))),  # n never moves on
    ("cover", lambda: spoiled(0, order=("m",))),  # nor does the block of k
    ("outer", lambda: replace(RIGHT, match=replace(MATCH, axes=(("i", ("m",)), ("j", ("n",)), ("k", ()))))),
    ("extent", lambda: spoiled(1, tile=sizes(m=17, n=16, k=20))),
    ("memory", lambda: spoiled(0, memory="attic")),
    ("pieces", lambda: spoiled(0, pieces=(("X", sizes(m=16)),))),
    ("pieces", lambda: spoiled(0, pieces=(("A", sizes(z=16)),))),
    ("pieces", lambda: spoiled(0, pieces=(("A", sizes(m=16, k=10)),))),  # less than a tile
    ("pieces", lambda: spoiled(0, pieces=(("A", sizes(m=16, k=100)),))),  # more than a block
    ("buffers", lambda: spoiled(0, buffers=sizes(A=3, C=3))),
    ("buffers", lambda: spoiled(0, buffers=sizes(A=3, B=4, X=3))),
    ("buffers", lambda: spoiled(0, held=sizes(A=4, B=1))),
    ("capacity", lambda: spoiled(0, buffers=sizes(A=60, B=4, C=3))),
    ("capacity", lambda: spoiled(1, buffers=sizes(C=3))),
]


@pytest.mark.parametrize(("rule", "make"), SPOILED)
def test_each_rule_is_named(rule: str, make: Callable[[], Tiling]) -> None:
    assert rule in rules(make())


def test_every_rule_is_spoiled() -> None:
    assert {rule for rule, _ in SPOILED} == set(RULES)


def test_intervals_of_a_ragged_axis() -> None:
    """35 in blocks of 32, in tiles of 16: two tiles, then a block of 3."""
    assert list(intervals(RIGHT, "m", 35)) == [(0, 16), (16, 32), (32, 35)]


def test_tiles_that_are_done_twice() -> None:
    """Blocks of 10 but tiles of 16 without a limit: an inner level must not be larger than the outer one leaves."""
    tiling = Tiling(MATCH, (replace(BLOCKS, order=("m", "m", "k")), ISSUE))
    assert rules(tiling) == {"order"}


@pytest.mark.parametrize(
    ("access", "count"),
    [("T[i, j]", 12), ("T[i + j, 0]", 6), ("T[2*i + 4*j, 0]", 9), ("T[i, i]", 3), ("T[5*i - 3*j, j]", 12)],
)
def test_touched_is_never_more_than_the_elements(access: str, count: int) -> None:
    """i of 3, j of 4: exact where no axis is in two coordinates, else the longest coordinate."""
    statement = parse_statement(f"O[i, j] = {access}", frozenset("OT"))
    read = statement.over({"i": (3, 3), "j": (4, 4)}).reads[0]
    points = [{"i": i, "j": j} for i in range(3) for j in range(4)]
    elements = {tuple(index.evaluate(point) for index in read.affine_indices) for point in points}
    assert touched(read, {"i": 3, "j": 4}) == count <= len(elements)
