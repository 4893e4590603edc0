"""A sum of products of integers seen as one in which a factor could have the other sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Apply, Cast, Read, Scalar, without_identity_casts
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.rewrite.offset import other_sign
from isamap.mapping.rewrite.rewritten import fresh


@dataclass(frozen=True)
class SignedProduct:
    """One einsum ``output += factor * other`` whose factor, ``access``, is to be shifted: held as ``flipped``, which is
    more by ``k``, in a tensor ``name``."""

    work: Workload
    number: int
    access: Access
    other: Scalar
    flipped: DType
    name: str

    @property
    def einsum(self) -> Einsum:
        return self.work.einsums[self.number]

    @property
    def tensor(self) -> Tensor:
        return self.work.tensor(self.access.tensor)

    @property
    def wanted(self) -> DType:
        return self.work.dtype_of[self.einsum.output.tensor]

    @property
    def k(self) -> int:
        return int(self.flipped.wrap(1 << (self.flipped.bits - 1)))

    @property
    def types(self) -> dict[str, DType]:
        """Of every tensor, the shifted one included."""
        return {**self.work.dtype_of, self.name: self.flipped}

    @property
    def shifted_value(self) -> Scalar:
        return Apply("*", (Cast(self.wanted, Read(Access(self.name, self.access.indices))), self.other))


def signed_products(work: Workload, number: int) -> Iterator[SignedProduct]:
    """The ways to see einsum ``number`` as a sum of products of which one factor can be shifted."""
    einsum = work.einsums[number]
    value = without_identity_casts(einsum.value, work.dtype_of)
    if einsum.operator != "+=" or not isinstance(value, Apply) or value.function != "*" or _meets_itself(work, einsum):
        return
    if not work.dtype_of[einsum.output.tensor].is_integer:
        return
    for factor, other in (value.arguments, value.arguments[::-1]):
        one, two = read_of(factor), read_of(other)
        if one is not None and two is not None:
            flipped = other_sign(work.dtype_of[one.tensor])
            if flipped is not None:
                name = fresh(work, f"{one.tensor}_shifted")
                yield SignedProduct(work, number, one, other, flipped, name)


def read_of(factor: Scalar) -> Access | None:
    """The read that a factor is, wrapped in a type or not."""
    inner = factor.argument if isinstance(factor, Cast) and not factor.saturate else factor
    return inner.access if isinstance(inner, Read) else None


def _meets_itself(work: Workload, einsum: Einsum) -> bool:
    """Does it read what it writes, or meet tensors that share bytes with others?"""
    names = {access.tensor for access in (*einsum.outputs, *einsum.reads)}
    shared = {name for t in work.tensors if t.alias_of is not None for name in (t.name, t.alias_of[0])}
    return bool(names & shared) or einsum.outputs[0].tensor in [access.tensor for access in einsum.reads]
