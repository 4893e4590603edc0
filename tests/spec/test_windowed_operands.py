"""Operands whose lanes share elements: ``s16[x+s]``, a row of an image under a sliding filter."""

from __future__ import annotations

import pytest

from isamap.spec import SpecError, load_target

TEXT = """
name: slides
parameters: {stride: 2}
memories: {dram: {capacity: 1 MiB}}
units: {pe: {}}
instructions:
  row:
    unit: pe
    axes: {x: [1, 8], s: [1, 3]}
    operands: {I: "s16[WINDOW] @ dram", W: "s16[s] @ dram", O: "s16[x] @ dram"}
    meaning: O[x] += I[READ] * W[s]
    initiation_interval_cycles: x*s
    latency_cycles: x*s
"""


def text(window: str, read: str) -> str:
    return TEXT.replace("WINDOW", window).replace("READ", read)


@pytest.mark.parametrize(("window", "read"), [("x+s", "s + x"), ("stride*x + s", "2*x+s"), ("s, x", "s,x")])
def test_an_operand_may_be_a_window(window: str, read: str) -> None:
    row = load_target(text(window, read)).instruction("row")
    assert row.operand("I").axes == ("s", "x")
    assert row.meaning[0].reads[0].axes == ("s", "x")


@pytest.mark.parametrize(
    ("window", "read", "message"),
    [
        ("x+s", "x", r"meaning: expected I\[s \+ x\], as under operands, got 'I\[x\]'"),
        ("x+s", "2*x+s", r"meaning: expected I\[s \+ x\], as under operands, got 'I\[s \+ 2\*x\]'"),
        ("x, s", "x+s", r"meaning: expected I\[x, s\], as under operands"),
        ("x+t", "x+s", r"operands.I: expected an axis of x s, got 't'; in 's16\[x\+t\] @ dram'"),
        ("x+x+s, x", "x+s", "operands.I: expected each axis once"),
        ("x+s+1", "x+s", r"operands.I: expected a sum of axes, each times a number of at least 1, got 'x\+s\+1'"),
        ("x+s//2", "x+s", r"operands.I: expected a sum of axes, .*, got 'x\+s//2'"),
        ("x+-1*s", "x+s", r"operands.I: expected a sum of axes, .*, got 'x\+-1\*s'"),
    ],
)
def test_a_wrong_window_is_said(window: str, read: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        load_target(text(window, read))
