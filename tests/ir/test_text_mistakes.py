"""Broken text is refused with its line, what was expected and what was found; and never with another exception."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isamap.errors import InvalidNoun
from isamap.ir.answers import Lifetime, Match, Placement
from isamap.ir.text import from_text, to_text
from tests import strategies

KERNEL = """\
kernel sum
tensor X s32[4, 3]
tensor Y s32[4]
einsum Y[i] += X[i, j] for i=4, j=3
inputs X
outputs Y
"""
MACHINE = """\
target m
memory dram, capacity_bytes=1024
memory spad, capacity_bytes=64
channel dma
unit alu
transfer load, source_memory=dram, destination_memory=spad, channel=dma, uses=(), cost_cycles=ceil(bytes / 4)
instruction mac, unit=alu, initiation_interval_cycles=1, occupancy_cycles=1, latency_cycles=i
  axis i=1..4
  operand A, dtype=s8, axes=(i,), memory=spad
  meaning A[i] = 2 * A[i] for i=1..4
"""
PROGRAM = """\
program p on m
tensor C s16[16, 128]
inputs
outputs C
constant C hex %s
%%z clear i=4 A=s16 spad@0 {i: 2}
for t in 0..8:
  %%s store r=16 c=2 s16 spad@(64 * t) {r: 32, c: 2} -> s16 dram.C[0, 16 * t] {r: (1, 0), c: (0, 1)} after %%z.result
segment
  op0 clear i=4 A=s16 spad@ {i: 2}
  #9 op0 @ 64 after 3.operands
""" % ("00" * 4096)  # fmt: skip
RECORD = to_text(Match(0, "mac", (("i", ("n",)),), (("A", "I", 1),), (("A", "view"),), 0.5, True))


@pytest.mark.parametrize("text", [KERNEL, MACHINE, PROGRAM, RECORD])
def test_the_texts_to_be_spoiled_are_sound(text: str) -> None:
    assert from_text(to_text(from_text(text))) == from_text(text)


@pytest.mark.parametrize(
    ("text", "old", "new", "says"),
    [
        (KERNEL, "kernel sum", "kernel", "line 1: expected a name, got the end"),
        (KERNEL, "s32[4, 3]", "int32[4, 3]", r"line 2: expected a type \(.* s32 .*'int32'"),
        (KERNEL, "[4, 3]", "[4 3]", r"line 2: expected ',', got '3\]'; at column 16"),
        (KERNEL, "[4, 3]", "[4, 3] boundary 0", "line 2: expected border, strides, alias_of, range"),
        (KERNEL, "[4, 3]", "[4, 0]", "line 2.tensors.X.shape.1: expected a positive extent, got 0"),
        (KERNEL, "[4, 3]", "[4, 3.5]", "line 2: expected an integer, got 3.5"),
        (KERNEL, "j=3", "j=5", "line 1.einsums.0: expected an index in 0..2"),
        (KERNEL, "j=3", "j", "line 4: expected axis=extent or axis=least..most, got 'j'"),
        (KERNEL, "Y[i] +=", "Z[i] +=", "line 4: expected a tensor of X Y, got 'Z'"),
        (KERNEL, "X[i, j]", "X[i, j", r"line 4: expected an expression, got 'X\[i, j'"),
        (KERNEL, "inputs X", "inputs X,", "line 5: expected a name, got ','"),
        (KERNEL, "inputs", "input", "line 5: expected tensor, einsum, inputs, outputs or repeat, got 'input X'"),
        (KERNEL, "tensor Y", " tensor Y", "line 3: expected an indentation of two, four"),
        (KERNEL, "tensor Y", "  tensor Y", r"line 3: expected 0 indentation\(s\) of two blanks, got 1"),
        (MACHINE, "capacity_bytes=1024", "capacity=1024", "line 2: expected each field of Memory .*capacity_bytes"),
        (MACHINE, ", capacity_bytes=1024", "", "line 2: expected capacity_bytes of Memory, got '_.dram.'"),
        (MACHINE, "=1024", "=-1", "line 2.memories.dram.capacity_bytes: expected at least 1, got -1"),
        (MACHINE, "=64", "='64'", "line 3.capacity_bytes: expected a number, got \"'64'\""),
        (MACHINE, "unit alu", "units alu", "line 5: expected parameter memory port .*got 'units'"),
        (MACHINE, "ceil(bytes / 4)", "ceil(bytes / )", "line 6: expected a record"),
        (MACHINE, "uses=()", "uses=(bus)", "line 6.uses: expected a tuple, got 'bus'"),
        (MACHINE, "uses=()", "uses=(Use(bus, 3),)", "line 6: expected each field of Use"),
        (
            MACHINE,
            "memory=spad\n",
            "memory=spad, strides=some\n",
            "line 9.strides: expected one of .*got 'some'",
        ),
        (MACHINE, "dtype=s8", "dtype=int8", "line 9.dtype: expected a type .*'int8'"),
        (MACHINE, "  axis", "  axes", "line 8: expected axis, operand or meaning, got 'axes'"),
        (MACHINE, "unit alu\n", "unit alu\n  axis i=3\n", "line 6: expected no indented line, got 'axis'"),
        (MACHINE, "unit=alu", "unit=fpu", "line 1.instructions.mac.unit: expected a unit of alu dma, got 'fpu'"),
        (PROGRAM, " on m", "", "line 1: expected 'on', got the end"),
        (PROGRAM, "hex 00", "hex 0", "line 5: expected pairs of hexadecimal digits"),
        (PROGRAM, "hex 00", "packed 00", "line 5.column: expected a packed column"),
        (PROGRAM, "hex 00", "hex ", "line 1.constants.C: expected 4096 bytes, got 4095"),
        (PROGRAM, "%z clear", "z clear", "line 6: expected tensor, inputs, outputs, constant, for, segment or %label"),
        (PROGRAM, "spad@0 {i", "spad@0 {j", "line 6: expected each of the axes i at most once, got 'j'"),
        (PROGRAM, "spad@0 {i: 2}", "spad@0 {i: 2 2}", "line 6.clear.A.steps: expected 0 or so many per axis"),
        (PROGRAM, "spad@0 {i: 2}", "spad@0", "line 6: expected '{', got the end"),
        (PROGRAM, "for t in 0..8:", "for t in 0..8", "line 7: expected ':', got the end"),
        (PROGRAM, "for t in 0..8:", "for t in 1..8:", "line 7: expected '0..', got '1..8:'"),
        (PROGRAM, "64 * t)", "64 * t", r"line 8: expected '\)', got the end"),
        (PROGRAM, "64 * t)", "64 * )", "line 8: expected an expression"),
        (PROGRAM, " -> ", " ", "line 8: expected '->', got 's16 dram"),
        (PROGRAM, "%z.result", "%z.start", "line 8: expected result or operands, got 'start'"),
        (PROGRAM, "%z.result", "%y.result", "line 1.s.waits: expected a label of the program, got 'y'"),
        (PROGRAM, "after %z", "behind %z", "line 8: expected the end of the line, got 'behind"),
        (PROGRAM, "op0 clear", "op1 clear", "line 10: expected operation 0, got 1"),
        (PROGRAM, "#9", "#8", "line 11: expected issue 9, got 8"),
        (PROGRAM, "3.operands", "3.starts", "line 11: expected result or operands, got 'starts'"),
        (PROGRAM, "#9 op0 @ 64", "#9 op0 @ x", "line 11: expected #issue opN"),
        (PROGRAM, "#9 op0 @ 64", "#9 op3 @ 64", "line 9.operation: expected numbers below 1, got 3..3"),
        (PROGRAM, "#9 op0 @ 64", "#9 op0", "line 9.origin: expected 1 numbers, got 0"),
        (PROGRAM, "#9 op0 @ 64", f"#9 op0 @ {1 << 70}", "line 11: expected numbers of 64 bits"),
        (RECORD, "Match", "Patch", "line 1: expected a record: one of .*Match"),
        (RECORD, "True", "1", "line 1.proved: expected True or False, got '1'"),
        (RECORD, "'view'", "'copy'", "line 1.realisation: expected one of direct view gather"),
        (RECORD, "einsum=0", "einsum=0.5", "line 1.einsum: expected an integer, got '0.5'"),
        (RECORD, "einsum=0", "einsum=exit()", "line 1.einsum: expected a number, got 'exit.."),
        (RECORD, "einsum=0,", "", "line 1: expected einsum of Match"),
        (RECORD, "einsum=0", "einsum=0, einsum=1", "line 1: expected each field of Match at most once"),
        (RECORD, "('n',)", "('n', 'n')", "line 1.axes: expected each kernel axis at most once, got n"),
        ("", "", "", "line 1: expected a record"),
        ("einsum", "", "", "line 1: expected"),
        ("index i*j", "", "", "line 1: expected an affine index"),
        ("kernel k", "", "", "line 1.einsums: expected at least one einsum, got none"),
        ("program p on m extra", "", "", "line 1: expected the end of the line, got 'extra'"),
        ("kernel a\nkernel b", "", "", "line 2: expected tensor, einsum"),
    ],
)
def test_a_mistake_is_named(text: str, old: str, new: str, says: str) -> None:
    assert old in text
    with pytest.raises(InvalidNoun, match=says):
        from_text(text.replace(old, new, 1))


def test_a_mistake_deep_in_a_record_names_its_own_line() -> None:
    text = to_text(Placement(tuple((Lifetime(f"buffer{n}", "spad", 0, 9, 64), n) for n in range(9))))
    assert text.count("\n") > 9
    number = next(n for n, row in enumerate(text.split("\n"), 1) if "buffer5" in row)
    with pytest.raises(InvalidNoun, match=f"line {number}.buffer5: expected start before end"):
        from_text(text.replace("'buffer5', memory='spad', start_cycles=0", "'buffer5', memory='spad', start_cycles=10"))


@given(st.sampled_from([KERNEL, MACHINE, PROGRAM.replace("00" * 4000, ""), RECORD]), st.data())
@settings(max_examples=150)
def test_no_spoiled_text_raises_anything_else(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 6)))
    marks = st.sampled_from(["", "(", ")", "[", "=", "'", '"', "1e999", "-", " ", "\n", "{", ".", "%"])
    new = data.draw(st.one_of(marks, st.text(max_size=3)))
    with contextlib.suppress(InvalidNoun):
        noun: Any = from_text(text[:start] + new + text[end:])
        assert from_text(to_text(noun)) == noun


@given(st.one_of(strategies.workloads(), strategies.targets(), strategies.programs()), st.data())
@settings(max_examples=30)
def test_every_line_is_needed_or_optional_but_never_a_crash(noun: Any, data: st.DataObject) -> None:
    rows = to_text(noun).split("\n")
    del rows[data.draw(st.integers(0, len(rows) - 1))]
    with contextlib.suppress(InvalidNoun):
        from_text("\n".join(rows))
