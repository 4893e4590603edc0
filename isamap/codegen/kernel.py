"""A contraction, cut as a blocking says, as one function of LLVM IR.

The function takes a pointer to each tensor's first element (``arguments``) and one to scratch memory for the panels.
Every size and stride is a constant in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from llvmlite import ir

from isamap.codegen.copy import copy
from isamap.codegen.early import Early
from isamap.codegen.finish import Finished
from isamap.codegen.interleave import Interleave
from isamap.codegen.loops import cover
from isamap.codegen.operand import Blocks, Operand, in_panels, in_place
from isamap.codegen.products import Product
from isamap.codegen.refusal import refuse
from isamap.codegen.shift import corrected
from isamap.codegen.sums import Sums
from isamap.codegen.tile import Prefetched, Tile
from isamap.codegen.vectors import POINTER, Vectors, element_type, number
from isamap.ir.blocking import Blocking, Panels
from isamap.ir.contraction import AGAIN, Contraction
from isamap.ir.cpu import MultiplyAdd
from isamap.ir.factors import taken
from isamap.ir.panels import Layout, layout
from isamap.ir.partial import Partial, cut_axes, partial_sums

_PARTIAL = "sums so far"


def arguments(what: Contraction) -> tuple[str, ...]:
    """The tensors whose addresses the kernel takes, in this order; that of the scratch memory comes after them."""
    others = what.finish.others if what.finish else ()
    return tuple(each.tensor.removesuffix(AGAIN) for each in (what.output, *what.factors, *others))


def kernel(what: Contraction, how: Blocking, product: MultiplyAdd, name: str = "kernel") -> ir.Module:
    """The module with function ``name``. Raises Unsupported for what no register tile can do with the instruction."""
    refuse(what, how, product)
    module, builder, pointers = _function(name, len(arguments(what)) + 1, _may_be_one(what))
    does = _product(module, builder, what, how, product)
    before = {panels.tensor for panels in how.panels if panels.before}
    tensors = [replace(each, constant=0) if each.tensor in before else each for each in (what.output, *what.factors)]
    given = zip(tensors, pointers, strict=False)
    operands = {each.tensor: in_place(does.vectors, each, pointer) for each, pointer in given}
    blocks = {axis: (number(0), extent) for axis, extent in what.extents.items()}
    finished = Finished(what, what.finish, pointers[0], pointers[len(tensors) : -1]) if what.finish else None
    _Emitter(what, how, does, operands, pointers[-1], finished).inside(0, blocks, operands)
    builder.ret_void()
    return module


def panels_before(what: Contraction, how: Blocking, tensor: str, product: MultiplyAdd, name: str = "pack") -> ir.Module:
    """The module with function ``name``, which copies a tensor (its first argument) into panels (its second)."""
    refuse(what, how, product)
    module, builder, pointers = _function(name, 2)
    does = _product(module, builder, what, how, product)
    (panels,) = (each for each in how.panels if each.tensor == tensor and each.before)
    blocks = {axis: (number(0), extent) for axis, extent in what.extents.items()}
    lies, source = layout(what, how, panels, product), in_place(does.vectors, what.factor(tensor), pointers[0])
    _copied(does, source, in_panels(does.vectors, lies, pointers[1]), lies, blocks)
    builder.ret_void()
    return module


def _product(
    module: ir.Module, builder: ir.IRBuilder, what: Contraction, how: Blocking, product: MultiplyAdd
) -> Product:
    """The instruction and the vectors that it adds to."""
    vectors = Vectors(module, builder, element_type(what.sums), what.sums.size_bytes, product.lanes)
    return Product(vectors, product, taken(what, how.vector, product))


def _copied(does: Product, source: Operand, target: Operand, lies: Layout, blocks: Blocks) -> None:
    if lies.group == 1:
        copy(does.vectors, source, target, lies, blocks)
    else:
        Interleave(does.vectors, does, source, target, lies).block(blocks)


def _may_be_one(what: Contraction) -> list[int]:
    """Which pointers may be to one memory: the output, and what is read just where it is written."""
    places = [n for n, name in enumerate(arguments(what)) if name in what.in_place]
    return [0, *places] if places else []


def _function(
    name: str, count: int, may_be_one: Sequence[int] = ()
) -> tuple[ir.Module, ir.IRBuilder, Sequence[ir.Value]]:
    module = ir.Module(name)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER] * count), name)
    for n, argument in enumerate(function.args):
        if n not in may_be_one:
            argument.add_attribute("noalias")
    return module, ir.IRBuilder(function.append_basic_block("entry")), function.args


@dataclass
class _Emitter:
    what: Contraction
    how: Blocking
    product: Product
    tensors: Mapping[str, Operand]
    scratch: ir.Value
    finished: Finished | None = None
    places: dict[str, int] = field(default_factory=dict)  # of each tensor's panels in the scratch memory, in bytes
    used: int = 0

    @cached_property
    def sums(self) -> Sums:
        return Sums(self.what, self.vectors, cut_axes(self.what, self.how), self.finished)

    @cached_property
    def partial(self) -> Partial | None:
        return partial_sums(self.what, self.how)

    @property
    def vectors(self) -> Vectors:
        return self.product.vectors

    def inside(self, depth: int, blocks: Blocks, operands: Mapping[str, Operand]) -> None:
        """What goes on inside the first ``depth`` loops."""
        if self.partial and self.partial.depth == depth:
            operands = {**operands, _PARTIAL: self._partial(self.partial, blocks)}
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
        lies = layout(self.what, self.how, panels, self.product.instruction)
        if panels.before:
            return in_panels(self.vectors, lies, source.pointer)
        own = {axis: blocks[axis][0] for axis in source.within}
        target = self._place(panels.tensor, lies.bytes)
        panelled = in_panels(self.vectors, lies, target, own)
        _copied(self.product, source, panelled, lies, blocks)
        return panelled

    def _partial(self, partial: Partial, blocks: Blocks) -> Operand:
        """The sums that are under way inside a loop along a reduced axis."""
        own = {axis: blocks[axis][0] for axis in partial.strides}
        return Operand(self._place(_PARTIAL, partial.bytes), partial.strides, partial.strides, self.what.sums, own)

    def _place(self, name: str, size_bytes: int) -> ir.Value:
        """The address of what is called ``name`` in the scratch memory."""
        if name not in self.places:
            self.places[name] = self.used
            self.used += size_bytes
        return self.vectors.at(self.scratch, self.places[name], ir.IntType(8))

    def _tile(self, blocks: Blocks, operands: Mapping[str, Operand]) -> None:
        started = {name: (operand, operand.start(self.vectors, blocks)) for name, operand in operands.items()}
        fetched = [each for each in self.how.prefetches if each.tensor in started]
        tile = Tile(
            self.vectors,
            self.product,
            {axis: blocks[axis][1] for axis in self.what.parallel},
            {axis: blocks[axis][1] for axis in self.what.reduced},
            self.how.vector,
            self.how.unroll,
            tuple(Prefetched(started[each.tensor], each.ahead, each.level) for each in fetched),
            tuple(self._early(panels, blocks) for panels in self.how.panels if panels.tensor in self.how.early),
        )
        output = started[_PARTIAL if self.partial else self.what.output.tensor]
        sums = self.sums.begun(blocks, tile, output)
        for panels in self.how.panels:
            operand = operands[panels.tensor]
            if operand.sums is not None:
                sums = corrected(tile, operand, blocks, cut_axes(self.what, self.how, panels.depth), sums)
        self.sums.store(blocks, tile, output, tile.sums([started[each.tensor] for each in self.what.factors], sums))

    def _early(self, panels: Panels, blocks: Blocks) -> Early:
        """The tile's part of the block after that in ``panels``: the innermost loop around them goes on."""
        source, product = self.tensors[panels.tensor], self.product.instruction
        start = source.start(self.vectors, blocks)
        for loop in reversed(self.how.loops[: panels.depth]):
            if source.within.get(loop.axis):
                start = self.vectors.at(start, loop.step * source.within[loop.axis], source.element)
                break
        along = layout(self.what, self.how, panels, product).along
        return Early(source, start, along, blocks[along][1], self.what.reduced[-1], product.group)
