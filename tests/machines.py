"""Small machines for tests: the bundled ones, and one to bend."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, parse_statement
from isamap.ir.expression import parse
from isamap.ir.hardware import Instruction, Memory, Operand, Queue, Resource, Target, Transfer, Use
from isamap.spec import load_target
from isamap.spec.resolve import resolve

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


def p16_text(a: str, b: str, c: str, alignment_bytes: int = 1) -> str:
    """The file of a p16 that multiplies elements of types ``a`` and ``b`` and adds them up in ``c``."""
    text = resolve("p16", "hardware").read_text(encoding="utf-8")
    changes = {
        "alignment: 2 B": f"alignment: {alignment_bytes} B",
        '"s16[k,i] @ spad"': f'"{a}[k,i] @ spad"',
        '"s16[k,i,j] @ spad"': f'"{a}[k,i,j] @ spad"',
        '"s16[k,j] @ spad"': f'"{b}[k,j] @ spad"',
        '"s16[i,j] @ ': f'"{c}[i,j] @ ',
        "+= A[k,i] * B[k,j]": f"+= {c}(A[k,i]) * {c}(B[k,j])",
        "+= A[k,i,j] * B[k,j]": f"+= {c}(A[k,i,j]) * {c}(B[k,j])",
        "2*(2*array_rows*array_columns)": f"2*({DTYPES[c].bits}*array_rows*array_columns // 8)",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@cache
def typed(a: str, b: str, c: str, alignment_bytes: int = 1) -> Target:
    """A p16 of other types."""
    return load_target(p16_text(a, b, c, alignment_bytes))
