"""Loads and stores find tensors where they lie: a stride that they do not take is a reason, and no copy helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.check.match import check_match
from isamap.ir.answers import Match
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Instruction, Memory, Operand, StrideRule, Target
from isamap.ir.workload import Tensor, Workload, workload
from isamap.mapping import map_einsum, map_workload
from tests.mapping.instructions import instruction, kernel, machine

Strides = StrideRule | tuple[int, ...]


def load(strides: Strides, statement: str = "D[i] = S[i]", **axes: tuple[int, int]) -> Instruction:
    """From dram to registers, ``strides`` for what it reads."""
    one = instruction("vload", statement, axes or {"i": (1, 8)}, "s16", initialise="never")
    names = {"S": ("dram", strides), "D": ("registers", "contiguous")}
    operands = (Operand(o.name, o.dtype, o.axes, *names[o.name]) for o in one.operands)  # type: ignore[arg-type]
    return replace(one, operands=tuple(operands))


def target(*instructions: Instruction) -> Target:
    """Tensors lie in dram, which l1 caches; beside them are a scratchpad and registers."""
    memories = (Memory("l1", 1 << 15, "cache"), Memory("registers", 2048))
    base = machine()
    transfers = (*base.transfers, replace(base.transfers[0], name="prefetch", destination_memory="l1"))
    transfers += (replace(base.transfers[0], name="fill", destination_memory="registers"),)
    return replace(base, memories=(*base.memories, *memories), transfers=transfers, instructions=instructions)


def found(statement: str, one: Instruction, **sizes: int) -> tuple[int, tuple[str, ...]]:
    work = kernel("copy", statement, "s16", **sizes)
    ((only,),) = map_workload(work, target(one))
    for match in only.with_swap:
        assert match.proved
        assert check_match(match, work, target(one)) == []
    return only.count, only.reasons


def test_a_stride_of_three_is_no_vector_load() -> None:
    work = kernel("copy", "Y[i] = X[3*i]", "s16", i=20)
    ((only,),) = map_workload(work, target(load("contiguous")))
    assert only.reasons == ("vload reads X contiguous; X[3*i] has stride 3 along i",)
    assert only.repairs == ("pack X beforehand, to lie as vload takes it: 116 bytes",)
    for realise in ("direct", "view", "gather"):
        assert map_workload(work, target(load("contiguous")), realise=realise)[0][0].count == 0  # type: ignore[arg-type]
    assert (
        map_workload(work, target(load("contiguous"), replace(load("one_per_axis"), name="vgather")))[0][1].count == 1
    )


@pytest.mark.parametrize(
    ("rule", "statement", "count"),
    [
        ("contiguous", "Y[i] = X[i]", 1),
        ("contiguous", "Y[i] = X[i+2]", 1),
        ("contiguous", "Y[i] = X[7-i]", 0),
        ("contiguous", "Y[7-i] = X[7-i]", 1),
        ("contiguous", "Y[3*i] = X[i]", 1),  # what it writes are registers
        ("contiguous", "Y[i,j] = X[i,j]", 2),  # j, or rows joined
        ("contiguous", "Y[i,j] = X[j,i]", 2),  # i, the inner one of X, or j outside it
        ("contiguous", "Y[i,j] = X[i,2*j]", 0),
        ("contiguous", "Y[i,j] = X[2*i,j]", 1),
        ("unit_innermost", "Y[i,j] = X[i,j]", 2),
        ("unit_innermost", "Y[i] = X[2*i]", 0),
        ("one_per_axis", "Y[i,j] = X[i,2*j]", 2),
        ("one_per_axis", "Y[i,j] = X[2*i,j]", 2),
        ("per_kernel_axis", "Y[i,j] = X[2*i,j]", 3),
        ("any", "Y[i] = X[3*i]", 1),
        ((3,), "Y[i] = X[3*i]", 1),
        ((3,), "Y[i] = X[i]", 0),
    ],
    ids=str,
)  # fmt: skip
def test_what_each_rule_takes(rule: Strides, statement: str, count: int) -> None:
    extents = {"i": 8, "j": 4} if "j" in statement else {"i": 8}
    got, reasons = found(statement, load(rule), **extents)
    assert got == count
    assert bool(reasons) == (count == 0)


@pytest.mark.parametrize(
    ("rule", "statement", "count"),
    [
        ("contiguous", "Y[a,b] = X[a,b]", 1),  # a block as wide as the tensor
        ("contiguous", "Y[a,b] = X[a,b+1]", 0),  # rows of a wider one
        ("unit_innermost", "Y[a,b] = X[a,b+1]", 1),
        ("unit_innermost", "Y[a,b] = X[b,a]", 1),  # b outside, a inside
        ("unit_innermost", "Y[a,b] = X[a,2*b]", 0),
        ((5, 1), "Y[a,b] = X[a,b+1]", 1),
    ],
    ids=str,
)
def test_blocks(rule: Strides, statement: str, count: int) -> None:
    one = load(rule, "D[i,j] = S[i,j]", i=(1, 8), j=(1, 8))
    assert found(statement, one, a=4, b=4)[0] == count


def test_a_block_is_dense_only_if_the_instruction_takes_whole_rows() -> None:
    one = load("contiguous", "D[i,j] = S[i,j]", i=(1, 8), j=(1, 8))
    assert found("Y[a,b] = X[a,b]", one, a=4, b=8)[0] == 1
    assert found("Y[a,b] = X[a,b]", one, a=4, b=12)[0] == 0


def test_fused_axes_are_in_the_order_in_which_the_tensor_lies() -> None:
    work = kernel("copy", "Y[i,j] = X[j,i]", "s16", i=8, j=4)
    ((only,),) = map_workload(work, target(load("contiguous")))
    assert [match.axes for match in only.matches] == [(("i", ("i",)),), (("i", ("j", "i")),)]


def test_strides_of_the_tensor_itself() -> None:
    statement = parse_statement("Y[i] = X[i]", frozenset("XY"))
    tensors = [Tensor("X", DTYPES["s16"], (8,), strides=(3,)), Tensor("Y", DTYPES["s16"], (8,))]
    ((only,),) = map_workload(workload("copy", tensors, [statement]), target(load("contiguous")))
    assert only.reasons == ("vload reads X contiguous; X[i] has stride 3 along i",)


def test_only_where_tensors_lie() -> None:
    """In a scratchpad a transfer packs them; in a cache it cannot; without a machine nobody knows."""
    work, one = kernel("copy", "Y[i] = X[3*i]", "s16", i=8), load("contiguous")
    for memory, count in (("dram", 0), ("l1", 0), ("spad", 1)):
        operands = tuple(replace(o, memory=memory) if o.name == "S" else o for o in one.operands)
        moved = replace(one, operands=operands)
        assert map_einsum(work, 0, moved, target=target(moved)).count == count
        assert map_einsum(work, 0, moved).count == 0


def test_a_sum_may_be_helped_by_a_copy() -> None:
    """Only pure moves are bound: what computes takes packed operands."""
    one = instruction("add", "D[i] = S[i] + T[i]", {"i": (1, 8)}, "s16", strides="contiguous", initialise="never")
    in_dram = replace(one, operands=tuple(replace(o, memory="dram") for o in one.operands))
    work = kernel("added", "Y[i] = X[3*i] + Z[i]", "s16", i=8)
    assert map_workload(work, target(in_dram))[0][0].count == 1


@pytest.mark.parametrize("rule", ["contiguous", "unit_innermost", (1,)], ids=str)
def test_the_checker_knows_the_rule_itself(rule: Strides) -> None:
    one, work = load(rule), kernel("copy", "Y[i] = X[3*i]", "s16", i=8)
    match = Match(
        0, "vload", (("i", ("i",)),), (("D", "Y", 0), ("S", "X", 1)), (("D", "direct"), ("S", "direct")), 1.0, True
    )
    assert [violation.rule for violation in check_match(match, work, target(one))] == ["strides"]
    right: Workload = kernel("copy", "Y[i] = X[i]", "s16", i=8)
    assert check_match(match, right, target(one)) == []


def test_the_checker_walks_rows_of_a_block() -> None:
    one = load("contiguous", "D[i,j] = S[i,j]", i=(1, 8), j=(1, 8))
    match = Match(
        0, "vload", (("i", ("a",)), ("j", ("b",))), (("D", "Y", 0), ("S", "X", 1)),
        (("D", "direct"), ("S", "direct")), 1.0, True,
    )  # fmt: skip
    for columns, right in ((8, True), (12, False)):
        work = kernel("copy", "Y[a,b] = X[a,b]", "s16", a=4, b=columns)
        assert (check_match(match, work, target(one)) == []) == right
