"""What instructions and transfers compute, beyond matrix products in plain integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, parse_statement
from isamap.ir.expression import parse
from isamap.ir.hardware import Instruction, Operand, Target, Transfer, Use
from isamap.ir.program import Program
from isamap.ir.workload import Tensor
from isamap.simulate.einsum import apply_einsum
from isamap.simulate.element_types import rounded_to_bf16
from isamap.simulate.machine import simulate
from isamap.simulate.random_inputs import random_inputs
from isamap.simulate.value import Arrays
from tests.machines import bench, bundled
from tests.simulate.tape import Tape, at, operation

S8, S32 = DTYPES["s8"], DTYPES["s32"]
RESULT = "result"


def custom(operands: dict[str, tuple[str, tuple[str, ...]]], *meanings: str, initialise: str = "never") -> Target:
    """``bench`` with an instruction ``do`` of the given meanings; operands: name -> (type, axes)."""
    axes = {a: (1, 64) for _, names in operands.values() for a in names}
    names = frozenset((*operands, "T"))
    one = parse("1")
    do = Instruction(
        "do", "alu", tuple(Axis(axis, *ends) for axis, ends in axes.items()),
        tuple(Operand(n, DTYPES[kind], indexed, "buf", "any") for n, (kind, indexed) in operands.items()),
        tuple(parse_statement(text, names).over(axes) for text in meanings), one, one, one, initialise,  # type: ignore[arg-type]
    )  # fmt: skip
    return replace(bench(), instructions=(do,))


def dense(shape: dict[str, int], pitch: int) -> dict[str, int]:
    steps = {}
    for axis, extent in reversed(shape.items()):
        steps[axis] = pitch
        pitch *= extent
    return steps


def perform(
    target: Target, extents: dict[str, int], mode: str = ""
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Load all operands, do it once, store what it writes: what the machine gives, and what the meaning gives."""
    do = target.instruction("do")
    tensors = [Tensor(o.name, o.dtype, tuple(extents[a] for a in o.axes)) for o in do.operands]
    results = [replace(t, name=f"{t.name}out") for t in tensors if t.name in do.written]
    tape = Tape("one", "bench", (*tensors, *results), tuple(t.name for t in tensors), tuple(t.name for t in results))
    inputs = random_inputs(tensors, 3)
    address = {t.name: t.dtype.address(128 * n) for n, t in enumerate(tensors)}
    views, loads = {}, []
    for operand, tensor in zip(do.operands, tensors, strict=True):
        shape = {axis: extents[axis] for axis in operand.axes}
        steps, size = dense(shape, tensor.dtype.pitch), len(shape)
        unit = {axis: tuple(int(n == d) for d in range(size)) for n, axis in enumerate(shape)}
        views[operand.name] = at("buf", tensor.dtype, **steps)
        load = operation("load", dict(shape), source=at(f"dram.{tensor.name}", tensor.dtype, **unit),
                         destination=at("buf", tensor.dtype, **steps))  # fmt: skip
        loads.append((tape.issue(load, *[0] * size, address[tensor.name]), RESULT))
    done = tape.issue(operation("do", dict(extents), mode, **views), *address.values(), after=loads)
    for result in results:
        shape = {axis: extents[axis] for axis in do.operand(result.name[:-3]).axes}
        unit = {axis: tuple(int(n == d) for d in range(len(shape))) for n, axis in enumerate(shape)}
        store = operation("store", dict(shape), source=views[result.name[:-3]],
                          destination=at(f"dram.{result.name}", result.dtype, **unit))  # fmt: skip
        tape.issue(store, address[result.name[:-3]], *[0] * len(shape), after=[(done, RESULT)])
    run = simulate(tape.program(), target, inputs)
    assert run.violations == ()
    values = {name: values.copy() for name, values in inputs.items()}
    if mode == "initialise":
        values = {n: np.zeros_like(v) if n in do.written else v for n, v in values.items()}
    dtypes = {t.name: t.dtype for t in tensors}
    for einsum in do.meaning:
        if "T" not in values and "T" in (o.tensor for o in einsum.outputs):
            values["T"], dtypes["T"] = np.zeros(tuple(extents.values()), dtype=np.int32), S32
        apply_einsum(einsum, {a: (0, e) for a, e in extents.items()}, Arrays(values, dtypes, {}))
    return run.outputs, {f"{name}out": values[name] for name in do.written if name != "T"}


VECTOR, COLUMN = ("s32", ("i",)), ("s8", ("i",))
CASES = [
    ({"Z": VECTOR, "X": COLUMN}, ("Z[i] = max(s32(X[i]), 0) * 3",), ""),
    ({"Z": ("s4", ("i", "j")), "X": ("s4", ("i", "k")), "Y": ("s4", ("k", "j"))}, ("Z[i,j] += X[i,k] * Y[k,j]",), ""),
    ({"Z": VECTOR, "X": ("s32", ("i", "j"))}, ("Z[i] max= X[i,j]",), ""),
    ({"Z": ("s32", ("j", "i")), "X": ("s32", ("i", "j"))}, ("Z[j,i] = X[i,j]",), ""),
    ({"Z": ("bf16", ("i",)), "X": ("bf16", ("i",)), "Y": ("bf16", ("i",))}, ("Z[i] = X[i] * Y[i] + Z[i]",), ""),
    ({"Z": ("f16", ("i", "j")), "X": ("f16", ("i", "k")), "Y": ("f16", ("k",))}, ("Z[i,j] += X[i,k] * Y[k]",), ""),
    ({"Z": COLUMN, "X": VECTOR, "Y": COLUMN}, ("T[i] = X[i] + s32(Y[i])", "Z[i] = sat_s8(T[i])"), ""),
    ({"M": VECTOR, "P": VECTOR, "X": ("s32", ("i", "k"))}, ("M[i], P[i] argmax= X[i,k]",), ""),
    ({"Z": VECTOR, "X": ("s8", ("i", "k")), "Y": ("u8", ("k",))}, ("Z[i] += s32(X[i,k]) * s32(Y[k])",), "initialise"),
]  # fmt: skip


@pytest.mark.parametrize(("operands", "meanings", "mode"), CASES)
def test_instructions_do_what_they_mean(
    operands: dict[str, tuple[str, tuple[str, ...]]], meanings: tuple[str, ...], mode: str
) -> None:
    extents = {a: {"i": 4, "j": 3, "k": 5}[a] for _, axes in operands.values() for a in axes}
    initialise = "optional" if mode else "never"
    got, wanted = perform(custom(operands, *meanings, initialise=initialise), extents, mode)
    assert sorted(got) == sorted(wanted)
    for name, values in got.items():
        np.testing.assert_allclose(values.astype(float), wanted[name].astype(float), rtol=1e-2)


def test_bf16_lies_in_two_bytes() -> None:
    tensors = (Tensor("X", DTYPES["bf16"], (8,)), Tensor("Y", DTYPES["bf16"], (8,)))
    tape = Tape("copy", "bench", tensors, ("X",), ("Y",))
    ends = at("dram.X", DTYPES["bf16"], n=(-1,)), at("buf", DTYPES["bf16"], n=2)
    first = tape.issue(operation("load", {"n": 8}, source=ends[0], destination=ends[1]), 7, 0)
    back = operation("store", {"n": 8}, source=ends[1], destination=at("dram.Y", DTYPES["bf16"], n=(1,)))
    tape.issue(back, 0, 0, after=[(first, RESULT)])
    values = rounded_to_bf16(np.linspace(-2, 2, 8, dtype=np.float32))
    run = simulate(tape.program(), bench(), {"X": values})
    assert run.violations == ()
    assert (run.outputs["Y"] == values[::-1]).all()
    assert run.traffic_bytes == {"load": 16, "store": 16}


def test_a_transfer_may_compute() -> None:
    ends = frozenset(("D", "S"))
    meaning = parse_statement("D[i] = sat_s8(S[i] >> 4)", ends).over({"i": (1, 64)})
    squeeze = Transfer("squeeze", "buf", "dram", "out", (Use("bus"),), parse("bytes"), meaning=meaning)
    target = replace(bench(), transfers=(bench().transfer("load"), squeeze))
    tensors = (Tensor("X", S32, (16,), value_range=(-4000, 4000)), Tensor("Y", S8, (16,)))
    tape = Tape("squeeze", "bench", tensors, ("X",), ("Y",))
    load = operation("load", {"i": 16}, source=at("dram.X", S32, i=(1,)), destination=at("buf", S32, i=4))
    first = tape.issue(load, 0, 0)
    out = operation("squeeze", {"i": 16}, source=at("buf", S32, i=4), destination=at("dram.Y", S8, i=(1,)))
    tape.issue(out, 0, 0, after=[(first, RESULT)])
    inputs = random_inputs(tensors[:1], 0)
    run = simulate(tape.program(), target, inputs)
    assert run.violations == ()
    assert (run.outputs["Y"] == np.clip(inputs["X"] >> 4, -128, 127)).all()
    assert run.latency_cycles == 4 + 16  # bytes are those of the end in the outermost memory


def test_tensors_may_be_spilled_and_be_views_of_others() -> None:
    tensors = (Tensor("X", S32, (8,)), Tensor("T", S32, (16,)), Tensor("U", S32, (8,), alias_of=("T", 8)),
               Tensor("Y", S32, (8,)))  # fmt: skip
    tape = Tape("spill", "bench", tensors, ("X",), ("Y",))

    def load(tensor: str, place: int, *after: int) -> int:
        what = operation("load", {"n": 8}, source=at(f"dram.{tensor}", S32, n=(1,)), destination=at("buf", S32, n=4))
        return tape.issue(what, 0, place, after=[(x, RESULT) for x in after])

    def store(tensor: str, origin: int, place: int, *after: int) -> int:
        what = operation("store", {"n": 8}, source=at("buf", S32, n=4), destination=at(f"dram.{tensor}", S32, n=(1,)))
        return tape.issue(what, place, origin, after=[(x, RESULT) for x in after])

    spilled = store("T", 8, 0, load("X", 0))
    store("Y", 0, 64, load("U", 64, spilled))
    inputs = random_inputs(tensors[:1], 0)
    run = simulate(tape.program(), bench(), inputs)
    assert run.violations == ()
    assert (run.outputs["Y"] == inputs["X"]).all()
    tape.entries[2].waits = []
    assert {v.rule for v in simulate(tape.program(), bench(), inputs).violations} >= {"raw-order", "raw-cycle"}
    tape.entries[1].origins[1] = 0
    assert "read-unwritten" in {v.rule for v in simulate(tape.program(), bench(), inputs).violations}


def test_constants_lie_in_the_outermost_memory() -> None:
    tensors = (Tensor("K", S32, (4,)), Tensor("Y", S32, (4,)))
    tape = Tape("constant", "bench", tensors, (), ("Y",))
    ends = at("dram.K", S32, n=(1,)), at("buf", S32, n=4)
    first = tape.issue(operation("load", {"n": 4}, source=ends[0], destination=ends[1]), 0, 0)
    store = operation("store", {"n": 4}, source=ends[1], destination=at("dram.Y", S32, n=(1,)))
    tape.issue(store, 0, 0, after=[(first, RESULT)])
    values = np.array([1, -2, 3, -4], dtype="<i4")
    made = replace(tape.program(), constants=(("K", values.tobytes()),))
    run = simulate(made, bench(), {})
    assert run.violations == ()
    assert (run.outputs["Y"] == values).all()


def test_an_empty_program_does_nothing() -> None:
    run = simulate(Program("empty", "p16", (), (), (), ()), bundled("p16"), {})
    assert (run.latency_cycles, run.issues, run.violations, run.energy_pj) == (0, 0, (), 0.0)
