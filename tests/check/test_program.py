"""Right operations, spoiled once per rule: the checker names the rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from isamap.check.program import RULES, check_program
from isamap.ir.dtype import DTYPES
from isamap.ir.hardware import Target
from isamap.ir.program import Operation, Program, View
from isamap.ir.workload import Tensor
from tests.machines import bundled
from tests.simulate import programs
from tests.simulate.tape import Tape, at, operation

S16, S32 = DTYPES["s16"], DTYPES["s32"]
P16, TILES = "p16", "tiles"
TENSORS = (Tensor("A", S16, (64, 64)), Tensor("C", S32, (64, 64)), Tensor("F", S16, (8, 8, 8, 8)))


def program(what: Operation) -> Program:
    tape = Tape("one", P16, TENSORS, ("A", "F"), ("C",))
    tape.issue(what, *(0 for _ in range(sum(what.origin_counts))))
    return tape.program()


def rules(what: Operation, target: Target) -> set[str]:
    return {violation.rule for violation in check_program(program(what), target)}


def tile() -> Operation:
    return operation("matmul", {"i": 16, "j": 16, "k": 16}, "initialise", A=at("spad", S16, i=32, k=2),
                     B=at("spad", S16, k=32, j=2), C=at("spad", S32, i=64, j=4))  # fmt: skip


def load(rows: int = 16, columns: int = 16, pitch: int = 32, step: tuple[int, int] = (0, 1)) -> Operation:
    return operation("load", {"r": rows, "c": columns}, source=at("dram.A", S16, r=(1, 0), c=step),
                     destination=at("spad", S16, r=pitch, c=2))  # fmt: skip


def view(what: Operation, operand: str, **changed: object) -> Operation:
    views = tuple(replace(v, **changed) if v.operand == operand else v for v in what.views)  # type: ignore[arg-type]
    return replace(what, views=views)


FIVE = operation("load", dict.fromkeys("abcde", 2), source=at("dram.F", S16, a=(1, 0, 0, 0), b=(0, 1, 0, 0),
                 c=(0, 0, 1, 0), d=(0, 0, 0, 1), e=(0, 0, 0, 2)),
                 destination=at("spad", S16, a=32, b=16, c=8, d=4, e=2))  # fmt: skip
FUSED = operation("mac", {"i": (2, 8), "j": 16, "k": (3, 5)}, "initialise", A=at("spad", S16, k=[500, 2], i=[200, 4]),
                  B=at("spad", S16, k=[160, 32], j=2), C=at("acc", S16, i=[256, 32], j=2))  # fmt: skip
DRAIN = programs.move("drain")


@pytest.mark.parametrize(
    ("what", "machine"),
    [(tile(), TILES), (load(), TILES), (load(step=(0, 2)), P16), (FUSED, P16), (DRAIN, P16), (programs.mac(64), P16)],
)
def test_right_operations(what: Operation, machine: str) -> None:
    assert rules(what, bundled(machine)) == set()


SPOILED: list[tuple[str, str, Callable[[], Operation]]] = [
    ("performs", P16, lambda: replace(load(), performs="carry")),
    ("axes", P16, lambda: replace(DRAIN, extents=(("i", (16,)), ("k", (16,))))),
    ("operands", P16, lambda: replace(DRAIN, views=DRAIN.views[:1])),
    ("operands", P16, lambda: replace(DRAIN, views=(*DRAIN.views, DRAIN.views[0]))),
    ("operands", P16, lambda: replace(load(), views=load().views[:1])),
    ("memory", P16, lambda: view(DRAIN, "D", memory="acc")),
    ("memory", P16, lambda: view(load(), "destination", memory="acc")),
    ("dtype", P16, lambda: view(DRAIN, "D", dtype=DTYPES["u16"])),
    ("dtype", P16, lambda: view(load(), "destination", dtype=DTYPES["u16"])),
    ("tensor", P16, lambda: view(load(), "source", tensor="F")),
    ("tensor", P16, lambda: view(load(), "source", tensor="C")),
    ("tensor", P16, lambda: view(load(), "source", tensor=None, steps=(((32,),), ((2,),)))),
    ("operand-axes", P16, lambda: view(programs.mac(64), "A", steps=(((2,),), ((2,),), ((32,),)))),
    ("operand-axes", P16, lambda: view(programs.mac(64), "A", steps=(((2,),), (), ()))),
    ("extent", P16, lambda: replace(DRAIN, extents=(("i", (17,)), ("j", (16,))))),
    ("extent", P16, lambda: replace(FUSED, extents=(("i", (2, 9)), ("j", (16,)), ("k", (3, 5))))),
    ("extent", TILES, lambda: replace(tile(), extents=(("i", (8,)), ("j", (16,)), ("k", (16,))))),
    ("mode", P16, lambda: replace(programs.mac(64), mode="")),
    ("mode", P16, lambda: replace(DRAIN, mode="initialise")),
    ("mode", P16, lambda: replace(load(), mode="accumulate")),
    ("modes", P16, lambda: replace(DRAIN, modes=(("fast", "yes"),))),
    ("immediates", P16, lambda: replace(DRAIN, immediates=(("scale", 3),))),
    ("immediates", P16, lambda: replace(load(), immediates=(("scale", 3),))),
    ("strides", P16, lambda: view(DRAIN, "C", steps=(((64,),), ((2,),)))),
    ("strides", P16, lambda: replace(DRAIN, extents=(("i", (2, 8)), ("j", (16,))), views=(
        View("C", "acc", S16, (((256,), (32,)), ((2,),))), View("D", "spad", S16, (((512,), (32,)), ((2,),)))))),
    ("strides", TILES, lambda: view(tile(), "A", steps=(((34,),), (), ((2,),)))),
    ("strides", TILES, lambda: load(pitch=64)),
    ("strides", TILES, lambda: load(step=(0, 2))),
    ("dimensions", P16, lambda: FIVE),
    ("block", TILES, lambda: load(rows=8)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "machine", "make"), SPOILED)
def test_each_rule_is_named(rule: str, machine: str, make: Callable[[], Operation]) -> None:
    assert rule in RULES
    assert rule in rules(make(), bundled(machine))


def test_every_rule_is_spoiled() -> None:
    assert {rule for rule, _, _ in SPOILED} == set(RULES)


def test_modes_of_the_machine() -> None:
    target = bundled(P16)
    drain = replace(target.instruction("drain"), modes=(("flow", ("os", "ws")), ("turn", ("no", "yes"))),
                    legal_modes=((("flow", "os"), ("turn", "no")), (("flow", "ws"), ("turn", "yes"))))  # fmt: skip
    others = tuple(i for i in target.instructions if i.name != "drain")
    bent = replace(target, instructions=(*others, drain))
    assert rules(replace(DRAIN, modes=(("turn", "yes"), ("flow", "ws"))), bent) == set()
    assert rules(replace(DRAIN, modes=(("flow", "ws"), ("turn", "no"))), bent) == {"modes"}
    assert rules(replace(DRAIN, modes=(("flow", "xs"), ("turn", "no"))), bent) == {"modes"}
    assert rules(DRAIN, bent) == {"modes"}
