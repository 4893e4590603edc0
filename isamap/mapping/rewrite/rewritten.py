"""A workload turned into another of the same meaning, so that instructions match what they did not match before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from isamap.ir.einsum import Einsum
from isamap.ir.workload import Tensor, Workload


@dataclass(frozen=True)
class Rewritten:
    """``workload`` computes the outputs of the original one from the same inputs: ``rule`` says how it was made,
    ``because`` in a sentence what was done, ``proved`` whether its equality was proved for all inputs.

    ``origin`` has the number of the original einsum of each einsum. A tensor of the original keeps its name, type and
    elements in row-major order, its shape may gain dimensions of extent 1 and a border; tensors that are new hold
    values in between, or (inputs that are read outside their shape only) a constant: their border.
    """

    workload: Workload
    rule: str
    because: str
    proved: bool
    origin: tuple[int, ...]


def rebuilt(
    work: Workload, number: int, einsums: Sequence[Einsum], tensors: Mapping[str, Tensor], constants: Sequence[str] = ()
) -> tuple[Workload, tuple[int, ...]]:
    """``work`` with einsum ``number`` replaced by ``einsums`` and the origin of each; ``tensors`` are new or restated,
    ``constants`` names those of them that are inputs. Raises InvalidNoun where that is no workload."""
    kept = [tensors.get(tensor.name, tensor) for tensor in work.tensors]
    known = {tensor.name for tensor in kept}
    added = [tensor for name, tensor in tensors.items() if name not in known]
    whole = (*work.einsums[:number], *einsums, *work.einsums[number + 1 :])
    origin = (*range(number), *(number for _ in einsums), *range(number + 1, len(work.einsums)))
    inputs = (*work.inputs, *constants)
    return replace(work, tensors=(*kept, *added), einsums=whole, inputs=inputs), origin


def fresh(work: Workload, stem: str) -> str:
    """A tensor name that ``work`` does not have."""
    taken = {tensor.name for tensor in work.tensors}
    return next(name for n in range(len(taken) + 1) if (name := f"{stem}{n or ''}") not in taken)


def fresh_axis(einsum: Einsum, stem: str) -> str:
    """An axis name that ``einsum`` does not have."""
    taken = {axis.name for axis in einsum.axes}
    return next(name for n in range(len(taken) + 1) if (name := f"{stem}{n or ''}") not in taken)
