"""Traffic forced by the size of the memories on chip: what a product must move however it is cut.

Take a product Z op= f(X, Y) whose inputs come from and whose output goes to the outermost memory, and any program. List
its elements of X, Y and Z as they come in, and each *birth* of an element of Z: a partial sum of it comes to be on chip
where there was none, without being loaded. Every such stay on chip ends in a store of that element (else its points
were for nothing), so that births are never more than stores and

    bytes moved >= Q = bytes listed

Cut the list into parts of at most T bytes, each as long as it can be: where Q <= j * T - (j - 1) * w they are at most
j, w being the bytes of the largest element. A part's points use elements that were on chip at its beginning (S bytes at
most; none in the first part) or are listed in it: x, y and z of them, x*w(X) + y*w(Y) + z*w(Z) <= T + S at w(X), w(Y)
and w(Z) bytes each. They make at most sqrt(phi * x * y * z) points. So with vol(M), the greatest such root where the
elements take at most M bytes and are no more than there are, either Q > j * T - (j - 1) * w or

    V <= vol(T) + (j - 1) * vol(T + S)

phi: where every axis indexes at least two of the three tensors, any set of v points has v^2 <= x*y*z (L. Loomis and H.
Whitney, 1949). Where the windows of a convolution share elements of X, this holds at each of their phi positions; one
tensor is disjoint for them (W[k,c,r,s]), and by Cauchy's inequality v^2 <= phi*x*y*z over all (else phi^2).

For V = m*n*k large, T = 2*S gives 2*V / sqrt(S) elements, the leading term of T. M. Smith, B. Lowery, J. Langou, R. A.
van de Geijn, "A Tight I/O Lower Bound for Matrix Multiplication" (2019). Parts of equal traffic: J.-W. Hong, H. T.
Kung (STOC 1981); D. Irony, S. Toledo, A. Tiskin (2004). Windows: J. Demmel, G. Dinh, "Communication-Optimal
Convolutional Neural Nets" (2018).

No claim where a transfer computes on the way in (what it brings may be smaller), where bytes are shared (aliases), or
where a tensor between einsums is concerned. Elements that nobody else may bring are added: other tensors once each.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from math import ceil, prod, sqrt

from isamap.bounds.chain import reads_outermost
from isamap.bounds.compulsory import compulsory_bytes
from isamap.bounds.product import Product, points_inside, product_of, projected
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload

_MOST_CHOICES = 64


@dataclass(frozen=True)
class Volume:
    """A product as a volume: ``points`` in all, of which x, y and z elements make at most sqrt(phi * x * y * z)."""

    points: int
    phi: int
    element_bytes: tuple[float, float, float]
    most_bytes: tuple[float, float, float]

    def most_points(self, size_bytes: float) -> float:
        """The most points that ``size_bytes`` of elements make: equal shares are best, what a tensor has no elements
        for goes to the others."""
        left, total = size_bytes, 1.0
        for n, most in enumerate(sorted(self.most_bytes)):
            share = min(most, left / (3 - n))
            total, left = total * share, left - share
        return sqrt(self.phi * total / prod(self.element_bytes))


def volume(work: Workload, einsum: Einsum, target: Target) -> Volume | None:
    """The volume of ``einsum``; None where the argument does not hold."""
    given = product_of(work, einsum)
    outer = target.outermost.name
    on_the_way_in = any(t.meaning is not None and t.source_memory == outer for t in target.transfers)
    if given is None or on_the_way_in or reads_outermost(target):
        return None
    ends = (work.inputs, work.inputs, work.outputs)
    points, phi = points_inside(given), _phi(given)
    if any(f.access.tensor not in end for f, end in zip(given.factors, ends, strict=True)) or not points or not phi:
        return None
    one, two, three = given.factors
    element = (one.element_bytes, two.element_bytes, three.element_bytes)
    most = (one.elements * element[0], two.elements * element[1], three.elements * element[2])
    return Volume(points, phi, element, most)


def _phi(given: Product) -> int | None:
    """The least phi of all choices of one axis per index that is left free; None where an axis then indexes one tensor
    only."""
    indices = [index for factor in given.factors for index in factor.access.affine_indices]
    shared = [axes for axes in ([x for x in index.axes if given.extents[x] > 1] for index in indices) if len(axes) > 1]
    choices = islice(product(*shared), _MOST_CHOICES)
    found = [_phi_at(given, frozenset(x for axes in shared for x in axes) - set(free)) for free in choices]
    return min((phi for phi in found if phi is not None), default=None)


def _phi_at(given: Product, fixed: frozenset[str]) -> int | None:
    """phi at the positions of the ``fixed`` axes."""
    axes = [projected(factor.access, given.extents, fixed) for factor in given.factors]
    known = [names for names in axes if names is not None]
    free = [axis for axis, extent in given.extents.items() if extent > 1 and axis not in fixed]
    if len(known) < 3 or any(sum(axis in names for names in known) < 2 for axis in free):
        return None
    whole = [projected(factor.access, given.extents) for factor in given.factors]
    positions = prod(given.extents[axis] for axis in fixed)
    return positions if any(names is not None and fixed <= names for names in whole) else positions**2


def on_chip_bytes(target: Target) -> int:
    """All memories but the outermost, every copy of each."""
    return sum(memory.capacity_bytes * memory.count for memory in target.memories[1:])


def io_bytes(given: Volume, size_bytes: int) -> int:
    """The greatest Q of all j that are tried, ``size_bytes`` being the S above."""
    around = round(given.points / max(1.0, given.most_points(3 * size_bytes)))
    return max(_parts_bytes(given, size_bytes, j) for j in {1, 2, 3, 4, 6, *range(max(1, around - 1), around + 3)})


def _parts_bytes(given: Volume, size_bytes: int, parts: int) -> int:
    """The Q of so many parts: that of the greatest T of which they are too few."""
    low, high = 0.0, sum(given.most_bytes)
    for _ in range(48):
        middle = (low + high) / 2
        points = given.most_points(middle) + (parts - 1) * given.most_points(middle + size_bytes)
        low, high = (middle, high) if points < given.points * (1 - 1e-9) else (low, middle)
    return max(0, ceil(parts * low - (parts - 1) * max(given.element_bytes) - 1e-6))


def forced_bytes(work: Workload, target: Target) -> int:
    """Bytes that any program for ``work`` moves between the outermost memory and the chip, at least: compulsory ones,
    or what one of the einsums forces with the other tensors' compulsory bytes; 0 where an instruction works on the
    outermost memory itself."""
    if reads_outermost(target):
        return 0
    least = sum(compulsory_bytes(work))
    for einsum in work.einsums:
        given, names = volume(work, einsum, target), {access.tensor for access in (*einsum.outputs, *einsum.reads)}
        if given is not None:
            others = sum(compulsory_bytes(work, frozenset(names)))
            least = max(least, others + io_bytes(given, on_chip_bytes(target)))
    return least
