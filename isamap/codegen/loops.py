"""Loops in LLVM IR: counted ones, those that cover a block with steps and what is left, and nests that carry values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from llvmlite import ir

from isamap.codegen.vectors import I64, number

Values = Sequence[ir.Value]
Body = Callable[[ir.Value, Values], Values]
Place = Mapping[str, ir.Value | int]
"""Where a nest of loops is along each of its axes: a number where it is known."""
Step = Callable[[Place, int, Values], Values]
"""What is done at a place, for so many elements of the innermost axis, with the values that are carried."""


def counted(builder: ir.IRBuilder, stop: int, step: int, body: Body, carried: Values = ()) -> Values:
    """``body(n, carried)`` for n = 0, step, ... below ``stop`` (at least once); what the last one returns."""
    before, inside, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
    builder.branch(inside)
    builder.position_at_end(inside)
    count = builder.phi(I64)
    count.add_incoming(number(0), before)
    state = [builder.phi(value.type) for value in carried]
    for phi, value in zip(state, carried, strict=True):
        phi.add_incoming(value, before)
    values = body(count, state)
    following = builder.add(count, number(step))
    for phi, value in zip((count, *state), (following, *values), strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, number(stop)), inside, after)
    builder.position_at_end(after)
    return values


def cover(builder: ir.IRBuilder, size: int, step: int, body: Callable[[ir.Value, int], None]) -> None:
    """``body(start, size)`` for blocks of ``step`` that cover 0 to ``size``; the last is as large as what is left."""
    whole = size // step
    if whole == 1:
        body(number(0), step)
    elif whole > 1:

        def one(start: ir.Value, carried: Values) -> Values:
            body(start, step)
            return ()

        counted(builder, whole * step, step, one)
    if size % step:
        body(number(whole * step), size % step)


def nest(
    builder: ir.IRBuilder, sizes: Mapping[str, int], step: int, unroll: int, body: Step, carried: Values
) -> Values:
    """``body`` at every place of ``sizes``, the last axis the innermost, in steps of ``step`` along that, ``unroll`` of
    them in the body of its loop; what the last one returns. The last step may be shorter."""
    return _nest(builder, list(sizes.items()), step, unroll, body, {}, carried)


def _nest(
    builder: ir.IRBuilder,
    sizes: Sequence[tuple[str, int]],
    step: int,
    unroll: int,
    body: Step,
    at: Place,
    carried: Values,
) -> Values:
    if not sizes:
        return body(at, step, carried)
    (axis, size), *inner = sizes
    if inner:

        def outer(count: ir.Value, carried: Values) -> Values:
            return _nest(builder, inner, step, unroll, body, {**at, axis: count}, carried)

        return counted(builder, size, 1, outer, carried) if size > 1 else outer(number(0), carried)

    def several(count: ir.Value, carried: Values) -> Values:
        for n in range(unroll):
            carried = body({**at, axis: builder.add(count, number(n * step)) if n else count}, step, carried)
        return carried

    whole = size // (unroll * step) * unroll * step
    if whole > unroll * step:
        carried = counted(builder, whole, unroll * step, several, carried)
    else:
        whole = 0
    for start in range(whole, size, step):
        carried = body({**at, axis: start}, min(step, size - start), carried)
    return carried
