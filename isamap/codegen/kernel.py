"""A contraction, cut as a blocking says, as one function of LLVM IR.

The function takes a pointer to each tensor's first element (``arguments``) and one to scratch memory for the panels.
Every size and stride is a constant in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from llvmlite import ir

from isamap.codegen.copy import copy
from isamap.codegen.finish import Finished
from isamap.codegen.loops import Values, cover
from isamap.codegen.operand import Blocks, Operand
from isamap.codegen.tile import Prefetched, Tile
from isamap.codegen.vectors import POINTER, Vectors, number
from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking, Panels
from isamap.ir.contraction import AGAIN, Contraction, Strided
from isamap.ir.panels import layout


def arguments(what: Contraction) -> tuple[str, ...]:
    """The tensors whose addresses the kernel takes, in this order; that of the scratch memory comes after them."""
    others = what.finish.others if what.finish else ()
    return tuple(each.tensor.removesuffix(AGAIN) for each in (what.output, *what.factors, *others))


def kernel(what: Contraction, how: Blocking, lanes: int, name: str = "kernel") -> ir.Module:
    """The module with function ``name``. Raises Unsupported for what no register tile can do."""
    _refuse(what, how)
    module, builder, pointers = _function(name, len(arguments(what)) + 1, shared=_shared(what))
    vectors = Vectors(module, builder, ir.FloatType(), what.sums.size_bytes, lanes)
    output, one, other, *others, scratch = pointers
    tensors = (what.output, *what.factors)
    operands = {
        each.tensor: in_place(vectors, each, at) for each, at in zip(tensors, (output, one, other), strict=True)
    }
    blocks = {axis: (number(0), extent) for axis, extent in what.extents.items()}
    finished = Finished(what, what.finish, output, others) if what.finish else None
    _Emitter(what, how, vectors, scratch, finished).inside(0, blocks, operands)
    builder.ret_void()
    return module


def panels_before(what: Contraction, how: Blocking, tensor: str, lanes: int, name: str = "pack") -> ir.Module:
    """The module with function ``name``, which copies a tensor (its first argument) into panels (its second)."""
    module, builder, pointers = _function(name, 2)
    vectors = Vectors(module, builder, ir.FloatType(), what.sums.size_bytes, lanes)
    (panels,) = (each for each in how.panels if each.tensor == tensor and each.before)
    blocks = {axis: (number(0), extent) for axis, extent in what.extents.items()}
    lies, source = layout(what, how, panels), in_place(vectors, what.factor(tensor), pointers[0])
    copy(vectors, source, Operand(pointers[1], lies.between, lies.within), lies, blocks)
    builder.ret_void()
    return module


def in_place(vectors: Vectors, tensor: Strided, pointer: ir.Value) -> Operand:
    """A tensor that is read where it is."""
    return Operand(vectors.at(pointer, tensor.constant), tensor.strides, tensor.strides)


def _shared(what: Contraction) -> range:
    """Which pointers may be to one memory: the output is finished with what it held before."""
    return range(3, len(arguments(what))) if what.finish else range(0)


def _function(name: str, count: int, shared: Sequence[int] = ()) -> tuple[ir.Module, ir.IRBuilder, Sequence[ir.Value]]:
    module = ir.Module(name)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER] * count), name)
    for n, argument in enumerate(function.args):
        if not shared or n not in (0, *shared):
            argument.add_attribute("noalias")
    return module, ir.IRBuilder(function.append_basic_block("entry")), function.args


def _refuse(what: Contraction, how: Blocking) -> None:
    """Raises Unsupported where the lanes would not be next to each other in memory."""
    packed = {panels.tensor for panels in how.panels}
    for each in (what.output, *what.factors):
        step = each.strides.get(how.vector, 0)
        if each.tensor not in packed and step not in (0, 1):
            raise Unsupported("code generation", f"elements of {each.tensor} {step} apart along {how.vector}")
    if how.vector in what.parallel and what.output.strides[how.vector] != 1:
        raise Unsupported("code generation", f"an output whose elements along {how.vector} are not next to each other")
    cut = [axis for axis in what.reduced if how.tile(what.extents)[axis] < what.extents[axis]]
    if what.finish and cut:
        raise Unsupported("code generation", f"a finish of sums that are cut along {' and '.join(cut)}")


@dataclass
class _Emitter:
    what: Contraction
    how: Blocking
    vectors: Vectors
    scratch: ir.Value
    finished: Finished | None = None
    places: dict[str, int] = field(default_factory=dict)  # of each tensor's panels in the scratch memory, in elements
    used: int = 0

    def inside(self, depth: int, blocks: Blocks, operands: Mapping[str, Operand]) -> None:
        """What goes on inside the first ``depth`` loops."""
        for panels in self.how.panels:
            if panels.depth == depth:
                operands = {**operands, panels.tensor: self._panels(panels, blocks, operands[panels.tensor])}
        if depth == len(self.how.loops):
            self._tile(blocks, operands)
            return
        loop = self.how.loops[depth]
        start, size = blocks[loop.axis]

        def body(at: ir.Value, step: int) -> None:
            here = self.vectors.builder.add(start, at)
            self.inside(depth + 1, {**blocks, loop.axis: (here, step)}, operands)

        cover(self.vectors.builder, size, loop.step, body)

    def _panels(self, panels: Panels, blocks: Blocks, source: Operand) -> Operand:
        """The tensor's block in panels, copied unless that was done before."""
        lies = layout(self.what, self.how, panels)
        if panels.before:
            return Operand(source.pointer, lies.between, lies.within)
        if panels.tensor not in self.places:
            self.places[panels.tensor] = self.used
            self.used += lies.elements
        own = {axis: blocks[axis][0] for axis in source.within}
        target = self.vectors.at(self.scratch, self.places[panels.tensor])
        panelled = Operand(target, lies.between, lies.within, own)
        copy(self.vectors, source, panelled, lies, blocks)
        return panelled

    def _tile(self, blocks: Blocks, operands: Mapping[str, Operand]) -> None:
        started = {name: (operand, operand.start(self.vectors, blocks)) for name, operand in operands.items()}
        fetched = [each for each in self.how.prefetches if each.tensor in started]
        tile = Tile(
            self.vectors,
            {axis: blocks[axis][1] for axis in self.what.parallel},
            {axis: blocks[axis][1] for axis in self.what.reduced},
            self.how.vector,
            self.how.unroll,
            tuple(Prefetched(started[each.tensor], each.ahead, each.level) for each in fetched),
        )
        factors = [started[each.tensor] for each in self.what.factors]
        if self.finished:
            self.finished.store(self.vectors, tile, blocks, tile.sums(factors, tile.zeros()))
            return
        output = started[self.what.output.tensor]
        sums = self._begun(blocks, tile, lambda: tile.loaded(output))
        tile.store(output, tile.sums(factors, sums))

    def _begun(self, blocks: Blocks, tile: Tile, loaded: Callable[[], Values]) -> Values:
        """The sums so far: what the output holds, or 0 where nothing was added yet."""
        if self.what.continues:
            return loaded()
        builder = self.vectors.builder
        extents = self.what.extents
        cut = [axis for axis in self.what.reduced if self.how.tile(extents)[axis] < extents[axis]]
        if not cut:
            return tile.zeros()
        later = builder.icmp_signed("!=", blocks[cut[0]][0], number(0))
        for axis in cut[1:]:
            later = builder.or_(later, builder.icmp_signed("!=", blocks[axis][0], number(0)))
        first, again, go = builder.block, builder.append_basic_block("again"), builder.append_basic_block("go")
        builder.cbranch(later, again, go)
        builder.position_at_end(again)
        values = loaded()
        builder.branch(go)
        last = builder.block
        builder.position_at_end(go)
        sums = [builder.phi(self.vectors.type) for _ in values]
        for total, value in zip(sums, values, strict=True):
            total.add_incoming(self.vectors.zero, first)
            total.add_incoming(value, last)
        return sums
