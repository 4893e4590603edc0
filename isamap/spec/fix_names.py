"""Do the names and sizes of a file for ``--fix`` exist in its kernel and on its machine?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.spec.diagnostic import Faults, Where
from isamap.spec.fix_schema import LevelShape, MatchShape


@dataclass(frozen=True)
class Names:
    """What kernel and machine have; whatever else is asked for is noted in ``faults``."""

    work: Workload
    target: Target
    faults: Faults

    def match(self, said: MatchShape, einsum: Einsum) -> None:
        """Instruction, axes and operands, at ``match``."""
        stores = [transfer.name for transfer in self.target.transfers]  # which may do an einsum on the way out
        known = [*(instruction.name for instruction in self.target.instructions), *stores]
        self._one_of(("match", "instruction"), [said.instruction] if said.instruction else [], known, "an instruction")
        able = [one for one in self.target.instructions if said.instruction in ("", one.name)]
        axes = [axis.name for instruction in able for axis in instruction.axes]
        operands = [operand.name for instruction in able for operand in instruction.operands]
        if not able:  # unknown, or a transfer, whose match has names of its own
            return
        self._one_of(("match", "axes"), said.axes, axes, f"an axis ({said.instruction or 'any instruction'})")
        self._one_of(("match", "operands"), said.operands, operands, "an operand")
        for axis, fused in said.axes.items():
            self._axes(("match", "axes", axis), fused, einsum)
        twice = [x for fused in said.axes.values() for x in fused]
        for x in sorted({x for x in twice if twice.count(x) > 1}):
            self.faults.add(("match", "axes"), "each kernel axis at most once", f"{x} again")
        for operand, tensor in said.operands.items():
            self._one_of(("match", "operands", operand), [tensor], _tensors(einsum), "a tensor")

    def level(self, said: LevelShape, einsum: Einsum, path: Where) -> None:
        """Everything that a level says, at ``path``."""
        memories = [memory.name for memory in self.target.memories if memory.kind == "explicit"]
        self._one_of((*path, "memory"), [said.memory] if said.memory else [], memories, "a memory")
        self._sizes((*path, "tile"), said.tile, einsum)
        for key, order in (("order", said.order or []), ("backward", said.backward or [])):
            self._axes((*path, key), order, einsum)
            for x in sorted({x for x in order if order.count(x) > 1}):
                self.faults.add((*path, key), "each axis once", f"{x} again")
        if said.order is not None and said.backward is not None:
            self._one_of((*path, "backward"), said.backward, said.order, "a loop of the order,")
        for key, table in (("buffers", said.buffers), ("held", said.held), ("pieces", said.pieces)):
            self._labels((*path, key), table, einsum)
        for key, counts in (("buffers", said.buffers), ("held", said.held)):
            for label, count in counts.items():
                if count < 1:
                    self.faults.add((*path, key, label), "at least 1", str(count))
        for label, piece in said.pieces.items():
            self._sizes((*path, "pieces", label), piece, einsum)

    def homes(self, said: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """``said``, tensors that one einsum writes and another reads, in memories that have room for them."""
        read = {access.tensor for einsum in self.work.einsums for access in einsum.reads}
        written = {access.tensor for einsum in self.work.einsums for access in einsum.outputs}
        between = sorted((read & written) - {*self.work.inputs, *self.work.outputs})
        self._one_of(("homes",), said, between, "a tensor that one einsum writes and another reads,")
        for tensor, name in said.items():
            memories = [memory for memory in self.target.memories if memory.kind == "explicit"]
            self._one_of(("homes", tensor), [name], [memory.name for memory in memories], "a memory")
            memory = next((one for one in memories if one.name == name), None)
            if memory is None or tensor not in between:
                continue
            needed = self.work.tensor(tensor).size_bytes
            if needed > memory.capacity_bytes:
                what = f"a memory with room for {tensor}, {needed:,} bytes"
                self.faults.add(("homes", tensor), what, f"{name}, which has {memory.capacity_bytes:,}")
        return tuple(said.items())

    def _one_of(self, path: Where, given: Iterable[str], possible: Sequence[str], what: str) -> None:
        expected = f"{what} of {' '.join(dict.fromkeys(possible)) or 'none'}"
        for name in given:
            if name not in possible:
                self.faults.add(path, expected, repr(name))

    def _axes(self, path: Where, given: Iterable[str], einsum: Einsum) -> None:
        self._one_of(path, given, list(einsum.extents), "a kernel axis")

    def _sizes(self, path: Where, given: Mapping[str, int], einsum: Einsum) -> None:
        self._axes(path, given, einsum)
        for x, size in given.items():
            if x in einsum.extents and not 1 <= size <= einsum.extents[x]:
                self.faults.add((*path, x), f"1 to {einsum.extents[x]}, the extent of {x}", str(size))

    def _labels(self, path: Where, given: Iterable[str], einsum: Einsum) -> None:
        tensors = _tensors(einsum)
        for label in given:
            if label.partition(".")[0] not in tensors:
                self.faults.add(path, f"a tensor of {' '.join(tensors)}", repr(label))


def _tensors(einsum: Einsum) -> list[str]:
    return list(dict.fromkeys([einsum.output.tensor, *(access.tensor for access in einsum.reads)]))
