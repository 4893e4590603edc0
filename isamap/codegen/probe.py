"""Small loops of given instructions, to measure how long each takes: inline assembly that LLVM leaves as it is.

A loop runs ``times`` times and has one instruction after the other, ``{d}`` standing for the register that it writes.
Where all write one register, which each reads too, the loop measures latency; where each has its own, throughput.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from llvmlite import ir

from isamap.codegen.native import Native, compiled
from isamap.codegen.vectors import I64, POINTER, number

_SPREAD = 12  # registers of a loop that measures throughput
_LONG = 24  # instructions in a loop
_LINE_BYTES = 64


@dataclass(frozen=True)
class Probe:
    """Machine code of a loop of so many ``instructions``; ``run(memory, times)``."""

    native: Native
    instructions: int

    def run(self, address: int, times: int) -> None:
        self.native.call(address, times)


def latency(template: str, before: Sequence[str] = ()) -> Probe:
    """Each instruction waits for the one before."""
    return loop([template.format(d=0, s=14, t=15)] * _LONG, before)


def throughput(template: str, before: Sequence[str] = (), first_byte: int = 0) -> Probe:
    """No instruction waits for another of the same turn; places ``{o}`` are a line apart, from ``first_byte`` on."""
    places = [f"{first_byte + n * _LINE_BYTES}($0)" for n in range(_LONG)]
    return loop([template.format(d=n % _SPREAD, s=14, t=15, o=o) for n, o in enumerate(places)], before)


def round_trip(template: str, back: str) -> Probe:
    """``template`` reads the place ``{o}``, to which ``back`` adds rax, made of what was read: which must be 0.

    What a loop writes to rax is 0 at its beginning, whatever was there, so that no other place is ever met.
    """
    line = f"{template.format(d=0, s=14, t=15, o='($0,%rax)')}; {back}"
    return replace(loop(["andq $$0, %rax", *[line] * _LONG], (), "~{rax}"), instructions=_LONG)


def sweep(template: str, bytes_: int, step: int) -> Probe:
    """Instructions of a turn go through ``bytes_`` of memory, ``step`` apart; ``{o}`` is the place."""
    per_turn = min(32, bytes_ // step)
    lines = [template.format(d=n % _SPREAD, o=f"{n * step}($0)") for n in range(per_turn)]
    return _walking(lines, per_turn * step, bytes_)


def chase() -> Probe:
    """Every load needs the address that the one before brought."""
    return loop(["movq (%rax), %rax"] * _LONG, ["movq $0, %rax"], "~{rax}")


def loop(lines: Sequence[str], before: Sequence[str] = (), clobbers: str = "") -> Probe:
    """``lines`` in a loop; ``before`` are run once. ``$0`` is the address that is passed."""
    module, builder, (address, times) = _function()
    _asm(builder, [*before], address, clobbers) if before else None
    inside, after = builder.append_basic_block("inside"), builder.append_basic_block("after")
    entry = builder.block
    builder.branch(inside)
    builder.position_at_end(inside)
    count = builder.phi(I64)
    count.add_incoming(number(0), entry)
    _asm(builder, lines, address, clobbers)
    following = builder.add(count, number(1))
    count.add_incoming(following, inside)
    builder.cbranch(builder.icmp_signed("<", following, times), inside, after)
    builder.position_at_end(after)
    builder.ret_void()
    return Probe(compiled(str(module), "probe", (POINTER, I64)), len(lines))


def _walking(lines: Sequence[str], stride: int, bytes_: int) -> Probe:
    """``lines`` in a loop over a block of memory, ``stride`` bytes on at a time, from its beginning again and again."""
    module, builder, (address, times) = _function()
    inside, after = builder.append_basic_block("inside"), builder.append_basic_block("after")
    entry = builder.block
    builder.branch(inside)
    builder.position_at_end(inside)
    count, offset = builder.phi(I64), builder.phi(I64)
    count.add_incoming(number(0), entry)
    offset.add_incoming(number(0), entry)
    _asm(builder, lines, builder.gep(address, [offset], source_etype=ir.IntType(8)), "")
    following = builder.add(count, number(1))
    further = builder.add(offset, number(stride))
    is_at_end = builder.icmp_signed(">", builder.add(further, number(stride)), number(bytes_))
    count.add_incoming(following, inside)
    offset.add_incoming(builder.select(is_at_end, number(0), further), inside)
    builder.cbranch(builder.icmp_signed("<", following, times), inside, after)
    builder.position_at_end(after)
    builder.ret_void()
    return Probe(compiled(str(module), "probe", (POINTER, I64)), len(lines))


def _function() -> tuple[ir.Module, ir.IRBuilder, Sequence[ir.Value]]:
    module = ir.Module("probe")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, I64]), "probe")
    return module, ir.IRBuilder(function.append_basic_block("entry")), function.args


def _asm(builder: ir.IRBuilder, lines: Sequence[str], address: ir.Value, clobbers: str) -> None:
    """Assembly in AT&T's spelling; every vector register may change."""
    vectors = ",".join(f"~{{xmm{n}}}" for n in range(16))
    constraints = ",".join(filter(None, ("r", vectors, clobbers, "~{memory},~{dirflag},~{fpsr},~{flags}")))
    text = "\\0A\\09".join(line.replace("%", "%") for line in lines)
    kind = ir.FunctionType(ir.VoidType(), [POINTER])
    builder.call(ir.InlineAsm(kind, text, constraints, side_effect=True), [address])
