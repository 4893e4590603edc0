"""Which einsums have a faster way: sums of products of arrays, and copies."""

from __future__ import annotations

from collections.abc import Mapping

from isamap.ir.dtype import DType
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access, Apply, Cast, Index, Read, Scalar, infer, rebuild


def factors_of(einsum: Einsum, dtypes: Mapping[str, DType]) -> list[Scalar] | None:
    """The factors of a sum of products worth contracting, or None."""
    dtype = infer(einsum.value, dtypes)
    if einsum.operator != "+=" or dtype is None or dtype.kind == "bool":
        return None
    found: list[Scalar] = []
    pending: list[Scalar] = [einsum.value]
    while pending:
        node = pending.pop()
        if isinstance(node, Apply) and node.function == "*":
            pending += reversed(node.arguments)
        else:
            found.append(node)
    covered = {axis for factor in found for axis in axes_of(factor)}
    worthwhile = len(found) > 1 and all(axes_of(factor) for factor in found) and len(covered) <= 50
    return found if worthwhile and set(einsum.reduction_axes) <= covered else None


def axes_of(value: Scalar) -> tuple[str, ...]:
    """The axes that a scalar mentions."""
    found: dict[str, None] = {}

    def note(node: Scalar) -> Scalar:
        if isinstance(node, Index):
            found.update(dict.fromkeys(node.index.axes))
        elif isinstance(node, Read):
            found.update(dict.fromkeys(node.access.axes))
        return node

    rebuild(value, note)
    return tuple(found)


def narrowed(value: Scalar, dtypes: Mapping[str, DType]) -> Scalar:
    """``value`` without casts that change no value."""
    while isinstance(value, Cast):
        source = infer(value.argument, dtypes)
        if source is None or not _holds(value.dtype, source):
            break
        value = value.argument
    return value


def _holds(wide: DType, narrow: DType) -> bool:
    """Is every value of ``narrow`` one of ``wide``, of the same kind of number?"""
    if wide.is_integer and narrow.is_integer:
        return wide.least <= narrow.least and narrow.most <= wide.most
    return wide.is_float and narrow.is_float and (wide.bits > narrow.bits or wide == narrow)


def plain_product(einsum: Einsum, dtypes: Mapping[str, DType]) -> tuple[Access, Access] | None:
    """The two reads of an einsum that adds up products of two arrays, each indexed by plain axes; None for others."""
    factors = factors_of(einsum, dtypes)
    if factors is None or len(factors) != 2:
        return None
    bare = [narrowed(factor, dtypes) for factor in factors]
    accesses = [factor.access for factor in bare if isinstance(factor, Read)]
    if len(accesses) != 2 or not all(map(_is_plain, (*accesses, einsum.output))):
        return None
    if not set(einsum.parallel_axes) <= {axis for access in accesses for axis in access.axes}:
        return None
    return accesses[0], accesses[1]


def is_plain_copy(einsum: Einsum, dtypes: Mapping[str, DType]) -> bool:
    """Does it move every element of one array to another of the same type, each indexed by the same plain axes?"""
    if einsum.operator != "=" or not isinstance(einsum.value, Read):
        return False
    to, source = einsum.output, einsum.value.access
    return (
        _is_plain(to)
        and _is_plain(source)
        and set(to.axes) == set(source.axes)
        and dtypes[to.tensor] == dtypes[source.tensor]
    )


def _is_plain(access: Access) -> bool:
    """Is every index an axis by itself, each once?"""
    names = [str(index) for index in access.indices]
    return len(set(names)) == len(names) and set(names) == set(access.axes)
