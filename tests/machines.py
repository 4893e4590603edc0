"""Small machines for tests: the bundled ones, and one to bend."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, parse_statement
from isamap.ir.expression import parse
from isamap.ir.hardware import Instruction, Memory, Operand, Queue, Resource, Target, Transfer, Use
from isamap.spec import load_target

S32 = DTYPES["s32"]


@cache
def bundled(name: str) -> Target:
    """A machine of ``hardware_specs/``."""
    return load_target(name)


def instruction(
    name: str,
    meaning: str,
    axes: dict[str, tuple[int, int]],
    operands: dict[str, str],
    *,
    unit: str = "alu",
    interval: str = "4",
    occupancy: str = "",
    latency: str = "",
    uses: tuple[Use, ...] = (),
    initialise: str = "never",
) -> Instruction:
    """An instruction on s32 operands, ``operands``: name -> memory; operand axes as the meaning indexes them."""
    statement = parse_statement(meaning, frozenset(operands))
    einsum = statement.over(axes)
    indexed = {a.tensor: a.axes for a in (*einsum.outputs, *einsum.reads)}
    return Instruction(
        name,
        unit,
        tuple(Axis(axis, *ends) for axis, ends in axes.items()),
        tuple(Operand(n, S32, indexed[n], memory, "per_kernel_axis") for n, memory in operands.items()),
        (einsum,),
        parse(interval),
        parse(occupancy or interval),
        parse(latency or interval),
        initialise,  # type: ignore[arg-type]
        uses,
    )


@cache
def bench() -> Target:
    """Two units, two channels, a port, a bus and a banked memory; every cost is easy to follow."""
    length = {"n": (1, 64)}
    return Target(
        name="bench",
        memories=(Memory("dram", 1 << 20), Memory("buf", 1024, alignment_bytes=4), Memory("reg", 512, banks=2)),
        ports=(Resource("buf.port", 16),),
        buses=(Resource("bus", 16),),
        channels=(Queue("in"), Queue("out", 2)),
        transfers=(
            Transfer("load", "dram", "buf", "in", (Use("bus"),), parse("ceil(bytes/16)"), dimensions=2),
            Transfer("store", "buf", "dram", "out", (Use("bus", 8),), parse("ceil(bytes/8)"), parse("5"), dimensions=2),
        ),
        units=(Queue("alu"), Queue("copier"), Queue("pair", 2)),
        instructions=(
            instruction("add", "Z[n] = X[n] + Y[n]", length, {"X": "buf", "Y": "buf", "Z": "buf"}, interval="n",
                        occupancy="2*n", latency="3*n", uses=(Use("buf.port", 8),)),
            instruction("negate", "Z[n] = -X[n]", length, {"X": "buf", "Z": "buf"}, unit="copier", interval="n",
                        uses=(Use("buf.port"),)),
            instruction("half", "Z[n] = -X[n]", length, {"X": "buf", "Z": "buf"}, unit="pair", interval="n",
                        uses=(Use("buf.port", 8),)),
            instruction("sum", "Z[n] += X[n]", length, {"X": "buf", "Z": "buf"}, interval="n", initialise="optional"),
            instruction("keep", "R[n] = X[n]", length, {"X": "buf", "R": "reg"}, unit="alu", interval="n"),
            instruction("give", "X[n] = R[n]", length, {"R": "reg", "X": "buf"}, unit="copier", interval="n"),
        ),
    )  # fmt: skip


def lockstep() -> Target:
    """``bench`` where the program says when."""
    return replace(bench(), issue="static")
