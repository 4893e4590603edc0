"""Instructions of several einsums: which einsums of a kernel they do at once, and which they cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import pytest

from isamap.errors import Unsupported
from isamap.ir.binding import bind
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, parse_statement
from isamap.ir.expression import Number
from isamap.ir.hardware import Instruction, Operand
from isamap.ir.workload import Tensor, Workload, workload
from isamap.mapping import map_einsum
from isamap.mapping.multiple import Group, groups
from tests.mapping.instructions import machine

Shapes = Mapping[str, tuple[int, ...]]


def several(name: str, meanings: Sequence[str], axes: Mapping[str, tuple[int, int]], types: str) -> Instruction:
    """An instruction that means all of ``meanings``; ``types`` is one for all or ``A:s8 B:s16``."""
    text = " ".join(meanings)
    names = sorted({text[n - 1] for n, letter in enumerate(text) if letter == "[" and text[n - 1].isupper()})
    given = dict(pair.split(":") for pair in types.split()) if ":" in types else dict.fromkeys(names, types)
    parsed = [parse_statement(one, frozenset(names)) for one in meanings]
    einsums = tuple(one.over({axis: axes[axis] for axis in one.axis_names}) for one in parsed)
    indexed = {access.tensor: access.axes for einsum in einsums for access in (*einsum.reads, *einsum.outputs)}
    operands = tuple(Operand(n, DTYPES[given[n]], indexed[n], "spad", "per_kernel_axis") for n in names)
    ranges = tuple(Axis(axis, *ends) for axis, ends in axes.items())
    one = Number(1)
    return Instruction(name, "array", ranges, operands, einsums, one, one, one, "optional")


def kernel(lines: Sequence[str], shapes: Shapes, types: str = "s16", **more: tuple[str, ...]) -> Workload:
    given = dict(pair.split(":") for pair in types.split()) if ":" in types else dict.fromkeys(shapes, types)
    tensors = [Tensor(name, DTYPES[given[name]], shape) for name, shape in shapes.items()]
    parsed = [parse_statement(line, frozenset(shapes)) for line in lines]
    return workload("w", tensors, parsed, axes={"a": 10, "c": 10}, **more)


LONG = {"i": (1, 16), "j": (1, 16), "k": (1, 64)}
LINEAR = several("linear", ["C[i,j] += A[i,k] * B[k,j]", "D[i,j] = max(C[i,j] + E[j], 0)"], LONG, "s16")
DEAL = several("deal", ["D[i] = s16(S[2*i])", "E[i] = s16(S[2*i+1])"], {"i": (1, 16)}, "S:s8 D:s16 E:s16")
SHAPES = {"X": (20, 30), "W": (30, 40), "T": (20, 40), "b": (40,), "Y": (20, 40)}
LAYER = ["T[m,n] += X[m,k] * W[k,n]", "Y[m,n] = max(T[m,n] + b[n], 0)"]


def found(lines: Sequence[str], shapes: Shapes, *instructions: Instruction, types: str = "s16") -> tuple[Group, ...]:
    return groups(kernel(lines, shapes, types), machine(*instructions))


def test_a_product_and_what_follows_it() -> None:
    (one,) = found(LAYER, SHAPES, LINEAR, DEAL)
    assert (one.instruction, one.einsums, one.proved) == ("linear", (0, 1), True)
    assert [match.axes for match in one.matches] == [
        (("i", ("m",)), ("j", ("n",)), ("k", ("k",))),
        (("i", ("m",)), ("j", ("n",))),
    ]
    held = {operand: tensor for match in one.matches for operand, tensor, _ in match.operands}
    assert held == {"A": "X", "B": "W", "C": "T", "D": "Y", "E": "b"}


def test_alone_it_does_neither_and_says_so() -> None:
    work = kernel(LAYER, SHAPES)
    assert map_einsum(work, 0, LINEAR).reasons == (
        "linear means 2 einsums: it does as many of the kernel's at once, or none",
    )
    (one,) = groups(work, machine(LINEAR))
    with pytest.raises(Unsupported, match="several einsums"):
        bind(work, one.matches[0], machine(LINEAR))


def test_axes_go_by_what_they_index_not_by_name() -> None:
    lines = ["T[m,n] += X[m,k] * W[k,n]", "Y[n,m] = max(T[n,m] + b[m], 0)"]
    (one,) = found(lines, SHAPES, LINEAR)
    assert dict(one.matches[1].axes) == {"i": ("n",), "j": ("m",)}
    square = dict.fromkeys("XWTY", (20, 20)) | {"b": (20,)}
    (other,) = found([LAYER[0], "Y[m,n] = max(T[n,m] + b[m], 0)"], square, LINEAR)
    assert dict(other.matches[1].axes) == {"i": ("n",), "j": ("m",)}


def test_a_bias_of_rows_turns_the_product_round() -> None:
    (one,) = found([LAYER[0], "Y[m,n] = max(T[m,n] + b[m], 0)"], SHAPES | {"b": (20,)}, LINEAR)
    assert [dict(match.axes)["j"] for match in one.matches] == [("m",), ("m",)]
    assert ("A", "W", 2) in one.matches[0].operands


def test_loops_outside_run_together() -> None:
    shapes = {"X": (3, 20, 30), "W": (30, 40), "T": (3, 20, 40), "b": (40,), "Y": (3, 20, 40)}
    lines = ["T[h,m,n] += X[h,m,k] * W[k,n]", "Y[h,m,n] = max(T[h,m,n] + b[n], 0)"]
    fused = [dict(one.matches[0].axes)["i"] for one in found(lines, shapes, LINEAR)]
    assert fused == [("h",), ("m",), ("h", "m")]
    for one in found(lines, shapes, LINEAR):
        assert dict(one.matches[0].axes)["i"] == dict(one.matches[1].axes)["i"]


def test_loops_outside_may_stand_in_another_order() -> None:
    shapes = {"X": (3, 2, 20, 30), "W": (30, 40), "T": (3, 2, 20, 40), "b": (40,), "Y": (2, 3, 20, 40)}
    lines = ["T[h,g,m,n] += X[h,g,m,k] * W[k,n]", "Y[g,h,m,n] = max(T[h,g,m,n] + b[n], 0)"]
    fused = [dict(one.matches[0].axes)["i"] for one in found(lines, shapes, LINEAR)]
    assert ("m",) in fused
    assert ("h", "g", "m") in fused


def test_loops_run_equally_long() -> None:
    both = several("both", ["C[i] = A[i] + 1", "D[i] = B[i] - 1"], {"i": (1, 8)}, "s16")

    def count(one: tuple[int, int], other: tuple[int, int]) -> int:
        shapes = {"X": one, "U": one, "Y": other, "V": other}
        return len(found(["U[h,m] = X[h,m] + 1", "V[h,m] = Y[h,m] - 1"], shapes, both))

    assert (count((3, 10), (2, 10)), count((3, 10), (3, 9)), count((1, 10), (10, 1))) == (0, 0, 3)
    assert count((3, 10), (3, 10)) == 3


def test_what_is_written_stands_in_its_operand_when_it_is_read() -> None:
    pair = several("pair", ["C[i] = A[i] * B[i]", "D[i] = E[i] + B[i]"], {"i": (1, 8)}, "s16")
    shapes = dict.fromkeys(("X", "w", "T", "V", "Y"), (10,))
    product, read, other = "T[a] = X[a] * w[a]", "Y[a] = T[a] + w[a]", "Y[a] = V[a] + w[a]"
    assert (len(found([product, read], shapes, pair)), len(found([product, other], shapes, pair))) == (0, 1)
    turned = several("turned", ["C[i,j] = A[i,j] * B[j]", "D[i,j] = C[j,i] + E[j]"], LONG, "s16")
    lines = ["T[m,n] = X[m,n] * w[n]", "Y[m,n] = T[n,m] + b[n]"]
    assert found(lines, dict.fromkeys("XTY", (20, 20)) | dict.fromkeys("wb", (20,)), turned) == ()
    twice = several("twice", ["C[i] = A[i] * B[i]", "C[i] += E[i]"], {"i": (1, 8)}, "s16")
    assert found([product, "T[a] += V[a]"], shapes, twice) == ()


def test_the_instructions_order_is_the_kernels() -> None:
    shapes, inputs = SHAPES, ("X", "W", "b", "T")
    before = groups(kernel(LAYER[::-1], shapes, inputs=inputs, outputs=("T", "Y")), machine(LINEAR))
    after = groups(kernel(LAYER, shapes, inputs=inputs, outputs=("T", "Y")), machine(LINEAR))
    assert (len(before), len(after)) == (0, 1)


def test_a_sum_is_complete_before_it_is_read() -> None:
    """k is summed first and then runs along the result: all issues along k would read a part of the sum."""
    along = several("along", ["C[i] += A[i,k] * B[k]", "D[i,k] = C[i] + E[k]"], LONG, "s16")
    lines = ["T[m] += X[m,k] * w[k]", "Y[m,n] = T[m] + b[n]"]

    def count(k: int) -> int:
        return len(found(lines, {"X": (20, k), "w": (k,), "T": (20,), "b": (k,), "Y": (20, k)}, along))

    assert (count(64), count(65)) == (1, 0)


REFUSED = {
    "more than an issue sums": (LAYER, SHAPES | {"X": (20, 65), "W": (65, 40)}),
    "another tensor": (["T[m,n] += X[m,k] * W[k,n]", "Y[m,n] = max(V[m,n] + b[n], 0)"], SHAPES | {"V": (20, 40)}),
    "one between writes": ([LAYER[0], "T[m,n] += b[n]", LAYER[1]], SHAPES),
    "one between reads": ([LAYER[0], "b[n] += T[m,n]", LAYER[1]], SHAPES),
    "a part": ([LAYER[0], "Y[m,n] = max(T[m,2*n] + b[n], 0)"], SHAPES | {"Y": (20, 20), "b": (20,)}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_done_at_once(name: str) -> None:
    lines, shapes = REFUSED[name]
    assert found(lines, shapes, LINEAR) == ()


def test_an_axis_that_one_einsum_lacks_fits_an_issue() -> None:
    """Otherwise the product would be added again with every issue along j."""
    outer = several("outer", ["C[i] += A[i,k] * B[k]", "D[i,j] = C[i] + E[j]"], LONG, "s16")
    lines = ["T[m] += X[m,k] * w[k]", "Y[m,n] = T[m] + b[n]"]

    def count(n: int) -> int:
        shapes = {"X": (20, 30), "w": (30,), "T": (20,), "b": (n,), "Y": (20, n)}
        return len(found(lines, shapes, outer))

    assert (count(16), count(17)) == (1, 0)


def test_lanes_that_are_filled_up_are_not_summed() -> None:
    def count(n: int) -> int:
        exact = {"i": (1, 16), "j": (8, 8)}
        sums = several("sums", ["C[i,j] = A[i,j] + B[j]", "D[i] += C[i,j]"], exact, "s16")
        shapes = {"X": (20, n), "b": (n,), "T": (20, n), "s": (20,)}
        return len(found(["T[m,n] = X[m,n] + b[n]", "s[m] += T[m,n]"], shapes, sums))

    assert (count(16), count(24), count(20)) == (1, 1, 0)


def test_an_issue_starts_all_its_sums_or_none() -> None:
    both = several("both", ["C[i] += A[i,k] * B[k]", "D[i] += A[i,k]"], LONG, "s16")
    lines = ["T[m] += X[m,k] * w[k]", "s[m] += X[m,k]"]

    def count(k: int, instruction: Instruction = both, **more: tuple[str, ...]) -> int:
        work = kernel(lines, {"X": (20, k), "w": (k,), "T": (20,), "s": (20,)}, **more)
        return len(groups(work, machine(instruction)))

    continued = {"inputs": ("X", "w", "s"), "outputs": ("T", "s")}
    assert (count(64), count(65), count(64, **continued)) == (1, 0, 0)
    adding = replace(both, initialise="never")
    assert (count(64, adding), count(65, adding), count(64, adding, **continued)) == (1, 1, 1)


def test_an_immediate_is_one_number() -> None:
    both = several("both", ["C[i] = A[i] * imm(m)", "D[i] = B[i] + imm(m)"], {"i": (1, 8)}, "s16")
    shapes = dict.fromkeys("XYUV", (10,))
    assert len(found(["U[a] = X[a] * 3", "V[a] = Y[a] + 3"], shapes, both)) == 1
    assert found(["U[a] = X[a] * 3", "V[a] = Y[a] + 4"], shapes, both) == ()


@pytest.mark.parametrize(
    ("first", "second", "direct"),
    [
        ("X[2*a]", "X[2*c+1]", "UV"),
        ("X[2*a+1]", "X[2*c]", "VU"),
        ("X[a]", "X[c+10]", ""),
        ("X[2*a]", "X[19-2*c]", ""),
        ("X[2*a]", "X[2*c]", ""),
    ],
)
def test_two_reads_of_one_tensor(first: str, second: str, direct: str) -> None:
    """The instruction deals elements out in turn: as they lie, or after a copy that brings them in turn."""
    shapes = {"X": (20,), "U": (10,), "V": (10,)}
    types = "X:s8 U:s16 V:s16"
    every = found([f"U[a] = s16({first})", f"V[c] = s16({second})"], shapes, DEAL, types=types)
    as_they_lie = {}
    for one in every:
        outputs = "".join(tensor for match in one.matches for _, tensor, number in match.operands if number == 0)
        needs = {dict(match.realisation)["S"] for match in one.matches}
        assert (len(needs), one.proved) == (1, True)
        as_they_lie[outputs] = needs != {"gather"}
    assert set(as_they_lie) == {"UV", "VU"}
    assert [outputs for outputs, lies in as_they_lie.items() if lies] == ([direct] if direct else [])


def test_two_tensors_do_not_go_in_one_operand() -> None:
    shapes = {"X": (20,), "Z": (20,), "U": (10,), "V": (10,)}
    lines = ["U[a] = s16(X[2*a])", "V[c] = s16(Z[2*c+1])"]
    assert found(lines, shapes, DEAL, types="X:s8 Z:s8 U:s16 V:s16") == ()


def test_lanes_that_share_an_element_want_the_same_one() -> None:
    """S[i] for both: U and V must read the same element in each lane."""
    pair = several("pair", ["D[i] = s16(S[i])", "E[i] = abs(s16(S[i]))"], {"i": (1, 16)}, "S:s8 D:s16 E:s16")
    types, shapes = "X:s8 U:s16 V:s16", {"X": (20,), "U": (10,), "V": (10,)}
    reads = ("X[a]", "X[a+3]", "X[2*a]")
    for one, other in product(reads, reads):
        lines = [f"U[a] = s16({one})", f"V[a] = abs(s16({other}))"]
        assert bool(found(lines, shapes, pair, types=types)) == (one == other), lines
