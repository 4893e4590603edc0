"""Which of the machine's modes a match uses: the first legal one in which transfers can bring its operands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from isamap.check.match import check_match
from isamap.ir.answers import Match
from isamap.ir.hardware import Instruction, Target
from isamap.mapping import map_workload
from tests.gemmini_kernels import conv2d, gemm
from tests.machines import bundled

WS, OS = "matmul_ws", "matmul_os"
PLAIN, A, B, BOTH = (
    (("A", a), ("B", b)) for a, b in [("plain", "plain"), ("transposed", "plain"), ("plain", "transposed"),
                                      ("transposed", "transposed")]
)  # fmt: skip


def bent(name: str, **changed: object) -> Target:
    """Gemmini with one instruction changed."""
    target = bundled("gemmini")
    instructions = (replace(i, **changed) if i.name == name else i for i in target.instructions)  # type: ignore[arg-type]
    return replace(target, instructions=tuple(instructions))


@pytest.mark.parametrize(
    ("turned", "name", "wanted"),
    [
        ((False, False), WS, [PLAIN]), ((True, False), WS, [A]), ((False, True), WS, [B]), ((True, True), WS, []),
        ((False, False), OS, [PLAIN]), ((True, False), OS, [A]), ((False, True), OS, []), ((True, True), OS, [BOTH]),
    ],
)  # fmt: skip
def test_the_mode_follows_from_how_the_tensors_lie(turned: tuple[bool, bool], name: str, wanted: list[object]) -> None:
    work, target = gemm(20, 37, 18, turned=turned), bundled("gemmini")
    ((found,),) = map_workload(work, target, instruction=name)
    assert [match.modes for match in found.matches] == wanted
    assert found.barred == (not wanted)
    assert bool(found.reasons) == (not wanted)
    for match in found.with_swap:
        assert check_match(match, work, target) == []
        assert match.modes in target.instruction(name).combinations


def test_the_reason_names_what_is_needed_and_what_is_legal() -> None:
    ((found,),) = map_workload(gemm(20, 37, 18, turned=(True, True)), bundled("gemmini"), instruction=WS)
    (reason,) = found.reasons
    assert reason == (
        "the tensors as they lie need matmul_ws with A=transposed B=transposed, which it does not allow "
        "(A=plain B=plain, A=plain B=transposed, A=transposed B=plain)"
    )


def test_where_every_combination_is_legal_none_is_barred() -> None:
    ((found,),) = map_workload(gemm(20, 37, 18, turned=(True, True)), bent(WS, legal_modes=()), instruction=WS)
    assert [match.modes for match in found.matches] == [BOTH]


def test_a_choice_that_turns_nothing_costs_nothing() -> None:
    """Of two legal choices that both do, the first in the file's order is taken."""
    modes = (("speed", ("low", "high")),)
    ((found,),) = map_workload(gemm(20, 37, 18), bent(WS, modes=modes, legal_modes=()), instruction=WS)
    assert {match.modes for match in found.with_swap} == {(("speed", "low"),)}


def test_an_instruction_without_modes_has_one_empty_choice() -> None:
    plain = bent(WS, modes=(), legal_modes=())
    assert plain.instruction(WS).combinations == ((),)
    ((found,),) = map_workload(gemm(20, 37, 18), plain, instruction=WS)
    assert [match.modes for match in found.matches] == [()]


def under(name: str, modes: tuple[tuple[str, str], ...]) -> Instruction:
    return bundled("gemmini").instruction(name).under(modes)


def test_an_operand_lies_as_its_order_says() -> None:
    assert under(WS, PLAIN) is bundled("gemmini").instruction(WS)
    turned = under(WS, A)
    assert (turned.operand("A").axes, turned.operand("B").axes) == (("k", "i"), ("k", "j"))
    assert turned.meaning[0].statement == "C[i, j] += s32(A[k, i]) * s32(B[k, j])"
    assert under(OS, BOTH).meaning[0].statement == "C[i, j] += s32(A[k, i]) * s32(B[j, k])"


def classes(matches: Iterable[Match]) -> set[frozenset[frozenset[str]]]:
    """The sets of kernel axes, whichever instruction axis they feed."""
    return {frozenset(frozenset(fused) for _, fused in match.axes) for match in matches}


@pytest.mark.parametrize(("layout", "left_out"), [("NCHW", 0), ("NHWC", 0)])
@pytest.mark.parametrize("name", [WS, OS])
def test_modes_are_not_counted(layout: str, left_out: int, name: str) -> None:
    """Every set of axes counts once, whichever orientation of it has a mode; only what would need an illegal
    combination is left out."""
    work = conv2d(layout, K=18, C=5, P=5, Q=6)
    ((here,),) = map_workload(work, bundled("gemmini"), instruction=name)
    ((free,),) = map_workload(work, bent(name, modes=(), legal_modes=()), instruction=name)
    assert here.count == free.count - left_out == len(classes(here.matches))
    assert set(here.matches) <= set(here.with_swap)
    assert classes(here.with_swap) == classes(here.matches) <= classes(free.matches)
