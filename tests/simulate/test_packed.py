"""Elements narrower than a byte: how they lie, how they travel, and who may touch the other half of a byte."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import InputError, InvalidNoun, Unsupported
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Target
from isamap.ir.program import Operation
from isamap.ir.text import from_text, to_text
from isamap.ir.workload import Tensor, workload
from isamap.simulate.evaluate import evaluate
from isamap.simulate.machine import Simulation, simulate
from isamap.simulate.packed import gather, scatter
from isamap.simulate.random_inputs import random_inputs
from tests.machines import bench
from tests.simulate.brute_force import broken_rules
from tests.simulate.tape import Tape, at, operation

S4, U4, S8, S32 = (DTYPES[name] for name in ("s4", "u4", "s8", "s32"))
RESULT = "result"
packed_types = st.sampled_from([S4, U4])


@cache
def narrow(alignment_bytes: int = 1) -> Target:
    """``bench`` with instructions on elements of half a byte."""
    made = tuple(
        replace(i, operands=tuple(replace(operand, dtype=U4) for operand in i.operands)) for i in bench().instructions
    )
    memories = tuple(replace(memory, alignment_bytes=alignment_bytes) for memory in bench().memories)
    return replace(bench(), instructions=made, memories=memories)


def pack(values: list[int], memory: list[int], start: int) -> list[int]:
    """The bytes of ``memory`` with ``values`` from half byte ``start`` on: the first of a byte in its low bits."""
    found = list(memory)
    for n, value in enumerate(values, start):
        shift = 4 * (n % 2)
        found[n // 2] = found[n // 2] & ~(15 << shift) & 255 | (value & 15) << shift
    return found


def unpack(memory: list[int], start: int, count: int, dtype: DType) -> list[int]:
    halves = [memory[n // 2] >> 4 * (n % 2) & 15 for n in range(start, start + count)]
    return [half - 16 if dtype.kind == "int" and half > 7 else half for half in halves]


@given(packed_types, st.lists(st.integers(0, 255), min_size=9, max_size=9), st.integers(0, 5), st.data())
def test_elements_lie_as_defined(dtype: DType, memory: list[int], start: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(int(dtype.least), int(dtype.most)), max_size=12))
    buffer = np.array(memory, dtype=np.uint8)
    addresses = start + np.arange(len(values))
    scatter(buffer, addresses, np.array(values, dtype=np.int8), dtype)
    assert buffer.tolist() == pack(values, memory, start)
    assert gather(buffer, addresses, dtype).tolist() == values
    assert gather(buffer, np.arange(18), dtype).tolist() == unpack(buffer.tolist(), 0, 18, dtype)


@given(packed_types, st.permutations(range(12)), st.integers(1, 12), st.data())
def test_elements_in_any_order(dtype: DType, order: list[int], count: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(int(dtype.least), int(dtype.most)), min_size=count, max_size=count))
    buffer, addresses = np.full(6, 0xA5, dtype=np.uint8), np.array(order[:count])
    scatter(buffer, addresses, np.array(values, dtype=np.int8), dtype)
    assert gather(buffer, addresses, dtype).tolist() == values
    others = [n for n in range(12) if n not in order[:count]]
    assert unpack(buffer.tolist(), 0, 12, U4) == [
        values[order.index(n)] & 15 if n not in others else [0x5, 0xA][n % 2] for n in range(12)
    ]


# moved about: load a block, store it, compare with what numpy says


def moved(
    dtype: DType,
    shape: tuple[int, int],
    block: tuple[int, int],
    corner: tuple[int, int],
    steps: tuple[int, int],
    address: int,
    border: int | None = None,
    source_steps: tuple[tuple[int, int], tuple[int, int]] = ((1, 0), (0, 1)),
) -> tuple[Simulation, np.ndarray]:
    """Load a block of X at ``corner`` to ``address``, with ``steps`` between elements, and store it as all of Y."""
    tensors = (Tensor("X", dtype, shape, border=border), Tensor("Y", dtype, block))
    tape = Tape("moved", "bench", tensors, ("X",), ("Y",))
    r, c = source_steps
    here = at("buf", dtype, r=steps[0], c=steps[1])
    extents: dict[str, int | tuple[int, ...]] = {"r": block[0], "c": block[1]}
    load = operation("load", extents, source=at("dram.X", dtype, r=r, c=c), destination=here)
    first = tape.issue(load, *corner, address)
    store = operation("store", extents, source=here, destination=at("dram.Y", dtype, r=(1, 0), c=(0, 1)))
    tape.issue(store, address, 0, 0, after=[(first, RESULT)])
    inputs = random_inputs(tensors[:1], 7)
    return simulate(tape.program(), narrow(), inputs), inputs["X"]


@given(
    packed_types,
    st.integers(1, 4),
    st.integers(1, 7),
    st.integers(0, 3),
    st.integers(0, 4),
    st.integers(0, 9),
    st.data(),
)
def test_blocks_travel(
    dtype: DType, rows: int, columns: int, top: int, left: int, address: int, data: st.DataObject
) -> None:
    """Any corner, any half byte, rows close together, apart or interleaved."""
    close = data.draw(st.sampled_from([(columns, 1), (columns + 1, 1), (1, rows), (2 * columns + 1, 2), (1, rows + 2)]))
    run, x = moved(dtype, (7, 11), (rows, columns), (top, left), close, address)
    assert run.violations == ()
    assert (run.outputs["Y"] == x[top : top + rows, left : left + columns]).all()
    size = -(-rows * columns // 2)
    assert run.traffic_bytes == {"load": size, "store": size}
    last = address + (rows - 1) * close[0] + (columns - 1) * close[1]
    assert run.peak_bytes == {"buf": last // 2 + 1}


@given(packed_types, st.integers(-3, 4), st.integers(-4, 8), st.data())
def test_beyond_a_tensor_lies_its_border(dtype: DType, top: int, left: int, data: st.DataObject) -> None:
    border = data.draw(st.integers(int(dtype.least), int(dtype.most)))
    run, x = moved(dtype, (3, 5), (4, 3), (top, left), (3, 1), 1, border)
    assert run.violations == ()
    wide = np.full((20, 20), border)
    wide[6:9, 6:11] = x
    assert (run.outputs["Y"] == wide[6 + top : 10 + top, 6 + left : 9 + left]).all()
    inside = sum(0 <= top + r < 3 and 0 <= left + c < 5 for r in range(4) for c in range(3))
    assert run.traffic_bytes["load"] == -(-inside // 2)


def test_blocks_may_be_turned() -> None:
    run, x = moved(U4, (5, 5), (3, 5), (4, 2), (5, 1), 3, source_steps=((0, 1), (-1, 0)))
    assert run.violations == ()
    assert (run.outputs["Y"] == x[::-1, 2:].T).all()


def test_strided_and_shared_tensors() -> None:
    """Columns of a wider tensor, and a view that begins inside a byte."""
    tensors = (Tensor("X", U4, (3, 4), strides=(7, 2)), Tensor("T", U4, (9,)), Tensor("V", U4, (4,), alias_of=("T", 5)),
               Tensor("Y", U4, (3, 4)), Tensor("Z", U4, (4,)))  # fmt: skip
    tape = Tape("strided", "bench", tensors, ("X", "T"), ("Y", "Z"))
    for given_, result, count in (("X", "Y", 12), ("V", "Z", 4)):
        unit = {"r": (1, 0), "c": (0, 1)} if count == 12 else {"c": (1,)}
        extents: dict[str, int | tuple[int, ...]] = {"r": 3, "c": 4} if count == 12 else {"c": 4}
        here = at("buf", U4, **({"r": 4, "c": 1} if count == 12 else {"c": 1}))
        load = operation("load", extents, source=at(f"dram.{given_}", U4, **unit), destination=here)
        zeros, place = [0] * len(extents), count
        first = tape.issue(load, *zeros, 2 * place)
        store = operation("store", extents, source=here, destination=at(f"dram.{result}", U4, **unit))
        tape.issue(store, 2 * place, *zeros, after=[(first, RESULT)])
    inputs = random_inputs(tensors[:2], 1)
    run = simulate(tape.program(), narrow(), inputs)
    assert run.violations == ()
    assert (run.outputs["Y"] == inputs["X"]).all()
    assert (run.outputs["Z"] == inputs["T"][5:]).all()


def test_constants_are_packed() -> None:
    tensors = (Tensor("K", S4, (5,)), Tensor("Y", S4, (5,)))
    tape = Tape("constant", "bench", tensors, (), ("Y",))
    here = at("buf", S4, n=1)
    first = tape.issue(operation("load", {"n": 5}, source=at("dram.K", S4, n=(1,)), destination=here), 0, 0)
    tape.issue(
        operation("store", {"n": 5}, source=here, destination=at("dram.Y", S4, n=(1,))), 0, 0, after=[(first, RESULT)]
    )
    values = [-8, 7, -1, 0, 3]
    made = replace(tape.program(), constants=(("K", bytes(pack(values, [0, 0, 0], 0))),))
    run = simulate(made, bench(), {})
    assert run.violations == ()
    assert run.outputs["Y"].tolist() == values
    with pytest.raises(InvalidNoun, match="3 bytes"):
        replace(tape.program(), constants=(("K", bytes(5)),))


def test_an_input_of_another_shape_is_refused() -> None:
    tape = Tape("none", "bench", (Tensor("X", U4, (5,)),), ("X",), ())
    with pytest.raises(InputError, match=r"shape \(5,\)"):
        simulate(tape.program(), bench(), {"X": np.zeros(3, dtype=np.uint8)})


def test_views_of_other_types_are_refused() -> None:
    """``evaluate`` keeps an element per byte, so it cannot see two as one."""
    tensors = [Tensor("X", U4, (8,)), Tensor("V", S8, (4,), alias_of=("X", 0)), Tensor("Y", S8, (4,))]
    names = frozenset(tensor.name for tensor in tensors)
    work = workload("view", tensors, [parse_statement("Y[i] = V[i]", names)], inputs=["X"])
    with pytest.raises(Unsupported, match="V, of type s8, as a view of X's bytes"):
        evaluate(work, {"X": np.zeros(8, dtype=np.uint8)})


# who may touch the other half


def line(name: str, count: int, mode: str = "", **names: str) -> Operation:
    return operation(name, {"n": count}, mode, **{o: at(memory, U4, n=1) for o, memory in names.items()})


def load(count: int) -> Operation:
    return operation("load", {"n": count}, source=at("dram.X", U4, n=(1,)), destination=at("buf", U4, n=1))


def store(count: int) -> Operation:
    return operation("store", {"n": count}, source=at("buf", U4, n=1), destination=at("dram.Y", U4, n=(1,)))


def halves(inputs: int = 16, outputs: int = 8) -> Tape:
    return Tape("halves", "bench", (Tensor("X", U4, (inputs,)), Tensor("Y", U4, (outputs,))), ("X",), ("Y",))


def rules(tape: Tape) -> set[str]:
    return {v.rule for v in simulate(tape.program(), narrow(), {"X": np.arange(16, dtype=np.uint8)}).violations}


def test_halves_of_a_byte_are_one_place() -> None:
    """Two loads fill a byte: without a wait the second might put back an old first half."""
    tape = halves(outputs=6)
    first = tape.issue(load(3), 0, 0)
    second = tape.issue(load(3), 3, 3)
    tape.issue(store(6), 0, 0, after=[(first, RESULT), (second, RESULT)])
    assert rules(tape) == {"waw-order"}  # one channel, one after the other: the cycles happen to be right
    tape.entries[1].waits = [(first, RESULT)]
    assert rules(tape) == set()


def test_reading_one_half_while_the_other_is_written() -> None:
    tape = halves(outputs=3)
    first = tape.issue(load(3), 0, 0)
    out = tape.issue(store(3), 0, 0, after=[(first, RESULT)])
    late = tape.issue(load(1), 9, 3, after=[(first, RESULT)])
    assert rules(tape) == {"war-order", "war-cycle"}
    tape.entries[late].waits = [(out, "operands")]
    assert rules(tape) == set()


def test_the_other_half_stays() -> None:
    """A load into the upper half of a byte keeps the lower one."""
    tape = halves(outputs=2)
    first = tape.issue(load(1), 5, 8)
    second = tape.issue(load(1), 11, 9, after=[(first, RESULT)])
    tape.issue(store(2), 8, 0, after=[(second, RESULT), (first, RESULT)])
    run = simulate(tape.program(), narrow(), {"X": np.arange(16, dtype=np.uint8)})
    assert run.violations == ()
    assert run.outputs["Y"].tolist() == [5, 11]
    tape = halves(outputs=2)
    first = tape.issue(load(1), 5, 8)
    tape.issue(store(2), 8, 0, after=[(first, RESULT)])
    assert rules(tape) == {"read-unwritten"}


def test_half_a_byte_may_be_missing_from_an_output() -> None:
    tape = halves(outputs=3)
    first = tape.issue(load(3), 0, 0)
    tape.issue(store(2), 0, 0, after=[(first, RESULT)])
    found = simulate(tape.program(), narrow(), {"X": np.arange(16, dtype=np.uint8)}).violations
    assert [str(violation) for violation in found] == ["output-unwritten at Y: 1 of 3 times 4 bits"]
    tape = halves(outputs=3)
    first = tape.issue(load(3), 0, 0)
    tape.issue(store(3), 0, 0, after=[(first, RESULT)])
    assert rules(tape) == set()


@pytest.mark.parametrize(
    ("rule", "address", "alignment"),
    [("capacity", 2 * 1024 - 2, 1), ("capacity", -1, 1), ("alignment", 2, 4), ("alignment", 1, 2)],
)
def test_places_are_judged(rule: str, address: int, alignment: int) -> None:
    tape = halves()
    tape.issue(load(3), 0, address)
    assert rule in {v.rule for v in simulate(tape.program(), narrow(alignment), {}, execute=False).violations}


@pytest.mark.parametrize(("address", "alignment"), [(2 * 1024 - 3, 1), (8, 4), (1, 1)])
def test_places_that_are_right(address: int, alignment: int) -> None:
    tape = halves()
    tape.issue(load(3), 0, address)
    found = {v.rule for v in simulate(tape.program(), narrow(alignment), {}, execute=False).violations}
    assert found == {"output-unwritten"}


def test_an_element_is_written_once() -> None:
    tape = halves()
    twice = operation("load", {"n": 3}, source=at("dram.X", U4, n=(1,)), destination=at("buf", U4, n=0))
    tape.issue(twice, 0, 0)
    assert "write-twice" in rules(tape)


@pytest.mark.parametrize("waiting", [0.2, 1.0])
def test_verdicts_about_order(waiting: float) -> None:
    """Random issues on few half bytes: the verdict is brute force's."""
    chance = random.Random(str(waiting))
    target, orderly = narrow(), 0
    for _ in range(150):
        tape = halves()
        for n in range(chance.randrange(2, 12)):
            waits = [(on, chance.choice([RESULT, RESULT, "operands"])) for on in range(n) if chance.random() < waiting]
            a, b, c, count = *(chance.randrange(14) for _ in range(3)), chance.randrange(1, 6)
            match chance.randrange(5):
                case 0 | 1:
                    tape.issue(load(count), chance.randrange(16 - count), a, after=waits)
                case 2:
                    tape.issue(store(count), a, chance.randrange(9 - count), after=waits)
                case 3:
                    tape.issue(line("add", count, X="buf", Y="buf", Z="buf"), a, b, c + 20, after=waits)
                case _:
                    mode = chance.choice(["initialise", "accumulate"])
                    tape.issue(line("sum", count, mode, X="buf", Z="buf"), a, b + 20, after=waits)
        found = {v.rule for v in simulate(tape.program(), target, {}, execute=False).violations}
        seen = {"order" if rule in {"raw-order", "waw-order", "war-order"} else rule for rule in found}
        if "operand-overlap" not in found:
            assert seen & {"order", "read-unwritten", "output-unwritten"} == broken_rules(tape, target)
            orderly += "order" not in seen
    assert orderly > 5


def test_the_text_says_what_addresses_count() -> None:
    tape = halves()
    tape.issue(load(3), 0, 5)
    program = tape.program()
    text = to_text(program)
    assert "u4 buf@ of 4 bits {n: 1}" in text
    assert from_text(text) == program
    with pytest.raises(InvalidNoun, match="'of 4 bits': addresses of u4 count elements"):
        from_text(text.replace(" of 4 bits", ""))
    with pytest.raises(InvalidNoun, match="'of 4 bits'"):
        from_text(text.replace(" of 4 bits", " of 8 bits"))
