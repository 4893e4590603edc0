"""What a match costs, counted point by point; and that the front keeps what no other beats, the cheapest first."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product
from math import ceil
from random import Random

import pytest

from isamap.ir.affine import Affine
from isamap.ir.answers import Match
from isamap.ir.expression import parse
from isamap.ir.workload import Workload
from isamap.mapping import choose, map_einsum, ranked
from isamap.mapping.pareto import contains, cost
from isamap.mapping.windows import is_injective
from tests.gemmini_kernels import conv2d
from tests.machines import bundled
from tests.mapping.instructions import CONV1D, GEMM, MAC, POINTWISE, instruction, kernel, machine

DENSE = instruction("dense", "C[i,j] += A[k,i] * B[k,j]", dict.fromkeys("ijk", (1, 4)), "s16", strides="contiguous")
VECTOR = instruction("vector", "Y[i,j] += A[i,j] * X[j]", {"i": (1, 4), "j": (1, 8)}, "s16", strides="contiguous")


def copied_point_by_point(work: Workload, match: Match, operand: str) -> int:
    """Elements of an operand's copy: one per value of the coordinates in which windows clash or no stride exists, of
    the axes mapped there; of the other coordinates each value once."""
    einsum = work.einsums[0]
    number = next(n for name, _, n in match.operands if name == operand)
    access = (einsum.output, *einsum.reads)[number]
    own = [x for d, fused in match.axes for x in fused if d in one_of(match).operand(operand).axes]
    lacked = [x for x in own if x not in access.axes]
    axes = [*access.axes, *lacked]
    seen = set()
    for values in product(*(range(einsum.extents[x]) for x in axes)):
        point = dict(zip(axes, values, strict=True))
        key: list[object] = [point[x] for x in lacked]
        for index in access.indices:
            assert isinstance(index, Affine)
            mapped = frozenset(x for x in index.axes if x in match.mapped_axes)
            alone = replace(
                access, indices=(index.substitute({x: Affine((), 0) for x in index.axes if x not in mapped}),)
            )
            extents = tuple((x, einsum.extents[x]) for x in sorted(mapped))
            key += [point[x] for x in index.axes] if not is_injective(alone, extents) else [index.evaluate(point)]
        seen.add(tuple(key))
    return len(seen)


def one_of(match: Match):  # type: ignore[no-untyped-def]
    return {"mac": MAC, "dense": DENSE, "vector": VECTOR}[match.instruction]


@pytest.mark.parametrize("seed", range(12))
def test_bytes_copied_and_issues_are_what_one_counts(seed: int) -> None:
    """Every operand on its own; issues as the boxes of the best factors, tried one by one."""
    rng = Random(seed)
    sizes = {x: rng.randint(1, 5) for x in "nkcpqrs"}
    a, b = rng.choice([1, 2]), rng.choice([1, 2])
    text = rng.choice(
        [f"O[n,k,p] += I[n,c,{a}*p+{b}*r] * W[k,c,r]", f"O[k,p,q] += I[c,{a}*p+{a}*r,q+{b}*s] * W[k,c,r,s]"]
    )
    work = kernel("conv", text, "s16", **{x: e for x, e in sizes.items() if x in text})
    found = map_einsum(work, 0, DENSE)
    assert found.matches
    for match in found.matches:
        worth, needs = cost(work, machine(DENSE), match), dict(match.realisation)
        copied = [operand for operand, need in needs.items() if need == "gather"]
        assert worth.bytes_copied == sum(2 * copied_point_by_point(work, match, operand) for operand in copied)
        assert worth.issues == fewest_issues(work, match)
        copies = worth.bytes_copied  # the load takes a cycle, whatever it carries
        assert worth.cycles >= worth.issues if copies else worth.cycles == worth.issues


def fewest_issues(work: Workload, match: Match) -> int:
    extents, total = work.einsums[0].extents, 1
    most = {axis.name: axis.most for axis in one_of(match).axes}
    for d, fused in match.axes:
        ways = product(*(range(1, extents[x] + 1) for x in fused))
        boxes = [
            [ceil(extents[x] / f) for x, f in zip(fused, way, strict=True)] for way in ways if volume(way) <= most[d]
        ]
        total *= min(map(volume, boxes))
    return total * volume([extent for x, extent in extents.items() if x not in match.mapped_axes])


def volume(sides: object) -> int:
    result = 1
    for side in sides:  # type: ignore[attr-defined]
        result *= side
    return result


def test_a_repeated_input_is_copied_only_where_no_stride_is_0() -> None:
    work = kernel("scaled", "Z[a,b] += V[b] * X[b]", "s16", a=3, b=5)
    dense = map_einsum(work, 0, VECTOR, replicate=True, empty_axes=True).matches
    copied = {(match.axes, cost(work, machine(VECTOR), match).bytes_copied) for match in dense}
    assert ((("i", ("a",)), ("j", ("b",))), 2 * 3 * 5) in copied or not dense
    free = replace(VECTOR, operands=tuple(replace(o, strides="per_kernel_axis") for o in VECTOR.operands))
    repeated = map_einsum(work, 0, free, replicate=True, empty_axes=True).matches
    assert all(cost(work, machine(free), match).bytes_copied == 0 for match in repeated)


def test_copies_take_the_cycles_of_their_way_in() -> None:
    """gemmini carries 16 bytes a cycle in rows of 16: conv2d's rows p and filter rows r, packed, in whole issues."""
    work, target = conv2d("NCHW", K=16, C=16, P=16, Q=16, R=3, S=3), bundled("gemmini")
    found = map_einsum(work, 0, target.instruction("matmul_ws")).matches
    (match,) = (m for m in found if dict(m.axes) == {"i": ("p",), "j": ("k",), "k": ("c", "r")})
    worth = cost(work, target, match)
    assert worth.bytes_copied == 16 * (16 * 3) * 18
    assert worth.issues == 16 * 3 * 3
    assert worth.cycles == pytest.approx(worth.issues * 16 + worth.bytes_copied / 16)


@pytest.mark.parametrize(
    ("initialise", "inputs", "wanted"),
    [
        ("never", False, True),
        ("optional", False, False),
        ("always", False, False),
        ("never", True, True),
        ("optional", True, True),
    ],
)
def test_what_must_be_filled_or_cleared(initialise: str, inputs: bool, wanted: bool) -> None:
    one = replace(MAC, initialise=initialise)  # type: ignore[arg-type]
    work = replace(GEMM, inputs=("A", "B", "C"), outputs=("C",)) if inputs else GEMM
    (match,) = map_einsum(work, 0, one).matches
    assert cost(work, machine(one), match).initialise == wanted


@pytest.mark.parametrize("work", [CONV1D, POINTWISE, GEMM], ids=lambda work: work.name)
@pytest.mark.parametrize("one", [MAC, DENSE], ids=lambda one: one.name)
def test_the_front_is_what_no_other_beats(work: Workload, one) -> None:  # type: ignore[no-untyped-def]
    rows = ranked(work, machine(one), map_einsum(work, 0, one).with_swap)
    assert [row.cost.cycles for row in rows] == sorted(row.cost.cycles for row in rows)
    for row in rows:
        better = [
            other
            for other in rows
            if all(a <= b for a, b in zip(other.cost.criteria, row.cost.criteria, strict=True))
            and (other.cost.criteria != row.cost.criteria or contains(other.match, row.match))
        ]
        assert row.pareto == (not better)
    assert any(row.pareto for row in rows)
    assert rows[0].pareto


def test_one_instruction_does_not_beat_another() -> None:
    slow = replace(MAC, name="slow", initiation_interval_cycles=parse("2*k"))
    rows = ranked(GEMM, machine(MAC, slow), [*map_einsum(GEMM, 0, MAC).matches, *map_einsum(GEMM, 0, slow).matches])
    assert {(row.match.instruction, row.pareto) for row in rows} == {("mac", True), ("slow", True)}


def test_a_larger_match_stands_before_those_in_it() -> None:
    """All seven of a pointwise convolution fill the unit; tiles of size 1 along n, p or q give the others."""
    rows = ranked(POINTWISE, machine(MAC), map_einsum(POINTWISE, 0, MAC).matches)
    assert rows[0].match.axes[0] == ("i", ("n", "p", "q"))
    assert [row.pareto for row in rows] == [True, *[False] * 6]


def test_choose_hands_on_the_front_of_either_orientation() -> None:
    """On a unit of 16 x 4 a 4 x 16 product is turned round; both orientations go to tiling, the cheaper one first."""
    lopsided = replace(MAC, name="lopsided", axes=(MAC.axes[0], replace(MAC.axes[1], most=4), MAC.axes[2]))
    work = kernel("wide", "C[m,n] += A[m,k] * B[k,n]", "s16", m=4, n=16, k=8)
    chosen = choose(work, machine(lopsided))[1][0]
    assert [dict(match.axes)["i"] for match in chosen] == [("n",), ("m",)]
    square = kernel("square", "C[m,n] += A[m,k] * B[k,n]", "s16", m=16, n=16, k=8)
    assert len(choose(square, machine(MAC))[1][0]) == 1, "turned round it is the same"


def test_choose_keeps_copies_only_where_they_save_something() -> None:
    """2 channels leave lanes to filter taps: 18 of 2 x 16 with all of them, 6 of 16 with fewer copies. 16 channels fill
    the lanes, and nothing that transfers carry in full saves anything by copying."""
    target = bundled("gemmini")
    few = conv2d("NCHW", K=16, C=2, P=8, Q=8)
    found = choose(few, target, instruction="matmul_ws")[1][0]
    worth = [cost(few, target, match) for match in found]
    assert [dict(match.axes)["k"] for match in found] == [("c", "r", "s"), ("c", "s")]
    assert [(one.issues, one.bytes_copied) for one in worth] == [(8, 2 * 24 * 24), (12, 2 * 10 * 24)]
    many = conv2d("NHWC", K=16, C=16, P=8, Q=8)
    for match in choose(many, target, instruction="matmul_ws")[1][0]:
        assert cost(many, target, match).bytes_copied == 0


def test_choose_limits_what_it_hands_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"k": 4, "c": 3, "p": 6, "q": 3, "r": 9, "s": 9}
    work = kernel("conv", "O[k,p,q] += I[c,p+r,q+s] * W[k,c,r,s]", "s16", **sizes)
    front = choose(work, machine(DENSE))[1][0]
    assert len(front) == 4
    rows = [cost(work, machine(DENSE), match) for match in front]
    assert [row.rank for row in rows] == sorted(row.rank for row in rows)
    monkeypatch.setattr(sys.modules["isamap.mapping.choose"], "_MOST", 2)
    assert choose(work, machine(DENSE))[1][0] == front[:2]
