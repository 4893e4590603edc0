"""Operands that a mode turns round, numbers that issues bring: done as the meaning says, and named where wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from isamap.check.program import check_program
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.program import Operation
from isamap.ir.workload import Tensor
from isamap.simulate.machine import simulate
from isamap.simulate.random_inputs import random_inputs
from tests.machines import bench, bundled
from tests.simulate.tape import Entry, Tape, at, operation

S8, S32 = DTYPES["s8"], DTYPES["s32"]
ROWS, DEPTH, COLUMNS = 5, 7, 3
RESULT = "result"
SCALE = 0.003
PLAIN, TURNED = "plain", "transposed"


def product(a: str = PLAIN, b: str = PLAIN, store: str = "mvout_s8", name: str = "matmul_ws") -> Tape:
    """One product of 5 x 7 x 3 on Gemmini, A and B as they lie in these modes, scaled on the way out."""
    tensors = (
        Tensor("A", S8, (ROWS, DEPTH) if a == PLAIN else (DEPTH, ROWS)),
        Tensor("B", S8, (DEPTH, COLUMNS) if b == PLAIN else (COLUMNS, DEPTH)),
        Tensor("C", S8, (ROWS, COLUMNS)),
    )
    tape = Tape("one", "gemmini", tensors, ("A", "B"), ("C",))
    loads = []
    for n, tensor in enumerate(tensors[:2]):
        source = at(f"dram.{tensor.name}", S8, r=(1, 0), c=(0, 1))
        block: dict[str, int | tuple[int, ...]] = dict(zip("rc", tensor.shape, strict=True))
        move = operation("mvin", block, source=source, destination=at("spad", S8, r=16, c=1))
        loads.append((tape.issue(move, 0, 0, 1024 * n), RESULT))
    views = {
        "A": at("spad", S8, **({"i": 16, "k": 1} if a == PLAIN else {"k": 16, "i": 1})),
        "B": at("spad", S8, **({"k": 16, "j": 1} if b == PLAIN else {"j": 16, "k": 1})),
        "C": at("acc", S32, i=64, j=4),
    }
    multiply = operation(name, {"i": ROWS, "j": COLUMNS, "k": DEPTH}, "initialise", **views)
    multiply = replace(multiply, modes=(("A", a), ("B", b)))
    done = tape.issue(multiply, 0, 1024, 0, after=loads)
    out = operation(store, {"i": ROWS, "j": COLUMNS}, source=at("acc", S32, i=64, j=4),
                    destination=at("dram.C", S8, i=(1, 0), j=(0, 1)))  # fmt: skip
    tape.issue(replace(out, immediates=(("scale", SCALE),)), 0, 0, 0, after=[(done, RESULT)])
    return tape


def run(tape: Tape) -> tuple[set[str], dict[str, np.ndarray]]:
    """The rules that the simulator finds broken, and the outputs."""
    inputs = random_inputs(list(tape.tensors[:2]), 11)
    result = simulate(tape.program(), bundled("gemmini"), inputs)
    return {violation.rule for violation in result.violations}, {**inputs, **result.outputs}


def checked(tape: Tape) -> set[str]:
    return {violation.rule for violation in check_program(tape.program(), bundled("gemmini"))}


@pytest.mark.parametrize("store", ["mvout_s8", "mvout_s8_relu"])
@pytest.mark.parametrize(("a", "b"), [(PLAIN, PLAIN), (TURNED, PLAIN), (PLAIN, TURNED)])
def test_what_it_means_is_what_it_does(a: str, b: str, store: str) -> None:
    tape = product(a, b, store)
    assert checked(tape) == set()
    broken, values = run(tape)
    assert broken == set()
    left = values["A"].astype(np.int64) if a == PLAIN else values["A"].astype(np.int64).T
    right = values["B"].astype(np.int64) if b == PLAIN else values["B"].astype(np.int64).T
    scaled = np.clip(np.rint((left @ right).astype(np.float32) * np.float32(SCALE)), -128, 127)
    wanted = np.maximum(scaled, 0) if store == "mvout_s8_relu" else scaled
    assert len(np.unique(wanted)) > 3, "numbers that show something"
    np.testing.assert_array_equal(values["C"], wanted)


MULTIPLY, STORE = 2, 3
Spoil = Callable[[Operation], Operation]
SPOILED: list[tuple[str, int, Spoil]] = [
    ("modes", MULTIPLY, lambda o: replace(o, modes=())),
    ("modes", MULTIPLY, lambda o: replace(o, modes=(("A", PLAIN),))),
    ("modes", MULTIPLY, lambda o: replace(o, modes=(("A", TURNED), ("B", TURNED)))),
    ("modes", MULTIPLY, lambda o: replace(o, modes=(("A", "upside down"), ("B", PLAIN)))),
    ("modes", MULTIPLY, lambda o: replace(o, modes=(*o.modes, ("C", PLAIN)))),
    ("immediates", MULTIPLY, lambda o: replace(o, immediates=(("scale", 2),))),
    ("immediates", STORE, lambda o: replace(o, immediates=())),
    ("immediates", STORE, lambda o: replace(o, immediates=(("shift", 2),))),
    ("immediates", STORE, lambda o: replace(o, immediates=(*o.immediates, ("shift", 2)))),
    ("immediates", STORE, lambda o: replace(o, immediates=o.immediates * 2)),
    ("immediates", STORE, lambda o: replace(o, performs="mvout")),
]


@pytest.mark.parametrize(("rule", "number", "spoil"), SPOILED)
def test_each_rule_is_named_by_both(rule: str, number: int, spoil: Spoil) -> None:
    tape = product()
    entry: Entry = tape.entries[number]
    entry.operation = spoil(entry.operation)
    assert rule in checked(tape)
    broken, values = run(tape)
    assert broken == {rule}
    assert "C" not in values, "what is refused is not run"


def test_a_transfer_has_no_modes() -> None:
    tape = product()
    tape.entries[0].operation = replace(tape.entries[0].operation, modes=(("A", PLAIN),))
    assert checked(tape) == {"mode"}
    assert run(tape)[0] == {"modes"}


def test_a_store_that_computes_has_the_axes_of_its_meaning() -> None:
    tape = product()
    store = tape.entries[STORE].operation
    tape.entries[STORE].operation = replace(store, extents=tuple(zip(("r", "c"), (f for _, f in store.extents))))  # noqa: B905
    assert checked(tape) == {"axes"}
    assert run(tape)[0] == {"operands"}


def test_a_store_that_computes_makes_its_own_type() -> None:
    tape = product()
    tape.tensors = (*tape.tensors[:2], replace(tape.tensors[2], dtype=S32))
    store = tape.entries[STORE].operation
    tape.entries[STORE].operation = replace(store, views=(store.views[0], replace(store.views[1], dtype=S32)))
    assert checked(tape) == {"dtype"}
    assert run(tape)[0] == {"dtype"}


def test_the_wrong_view_of_a_turned_operand_is_seen() -> None:
    """In the mode that turns A, the plain view breaks its strides; the numbers would be wrong as well."""
    tape = product()
    entry = tape.entries[MULTIPLY]
    entry.operation = replace(entry.operation, modes=(("A", TURNED), ("B", PLAIN)))
    assert "strides" in checked(tape)


def test_an_instruction_brings_its_number() -> None:
    """Z = X * imm(a) - imm(b) on ``bench``."""
    text = "Z[n] = X[n] * imm(a) - imm(b)"
    negate = bench().instruction("negate")
    meaning = parse_statement(text, frozenset("XZ")).over({"n": (1, 64)})
    target = replace(bench(), instructions=(replace(negate, name="affine", meaning=(meaning,)),))
    tensors = (Tensor("X", S32, (9,)), Tensor("Z", S32, (9,)))
    tape = Tape("one", "bench", tensors, ("X",), ("Z",))
    flat = at("buf", S32, n=4)
    load = tape.issue(operation("load", {"n": 9}, source=at("dram.X", S32, n=(1,)), destination=flat), 0, 0)
    affine = replace(operation("affine", {"n": 9}, X=flat, Z=flat), immediates=(("a", -3), ("b", 11)))
    done = tape.issue(affine, 0, 64, after=[(load, RESULT)])
    tape.issue(operation("store", {"n": 9}, source=flat, destination=at("dram.Z", S32, n=(1,))), 64, 0,
               after=[(done, RESULT)])  # fmt: skip
    inputs = random_inputs([tensors[0]], 2)
    result = simulate(tape.program(), target, inputs)
    assert result.violations == ()
    np.testing.assert_array_equal(result.outputs["Z"], inputs["X"] * np.int32(-3) - np.int32(11))
    assert check_program(tape.program(), target) == []
