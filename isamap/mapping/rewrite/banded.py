"""A window turned into a matrix product: the filter becomes a band.

``O[p] += I[s*p + d*r] * W[r]`` has no axis that O and W share and I lacks: on a matrix product one side would stay
empty. In blocks of B outputs, p = g*(B*P + a) + f with g = d / gcd(s, d), a block reads a run of
U = t*(B - 1) + R elements, t = s*g/d, so that with u = t*a + r

    O[g*(B*P + a) + f] += I[s*g*B*P + s*f + d*u] * W[u - t*a]        0 <= a < B, 0 <= u < U

where W is 0 outside its shape: column a of the operand W[u - t*a] holds the filter t*a further down. Now a is in O and
W only, u in I and W, P in O and I: a matrix product, of which R/U is not 0. Several windows at once (p, r and q, s)
give blocks of 4 x 4 outputs: a 3x3 depthwise convolution at 9/36 of a 16x16 array instead of 1/16.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from math import gcd, prod

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine, Quotient, Remainder
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access
from isamap.ir.workload import Workload
from isamap.mapping.rewrite.change import Change, changed, equal, vanishes
from isamap.mapping.rewrite.mask import divisors, extent_of, lane_counts, masked
from isamap.mapping.rewrite.rewritten import Rewritten, fresh_axis, rebuilt

_BEST = 2  # block sizes per number of lanes


@dataclass(frozen=True)
class _Window:
    """Axis ``p`` slides by ``stride`` where ``r`` runs by ``dilation``; both are counted in steps that they share."""

    p: str
    r: str
    stride: int
    dilation: int

    @property
    def phases(self) -> int:
        return self.dilation // gcd(self.stride, self.dilation)

    @property
    def shift(self) -> int:
        """How much further down the filter stands for the next output of a block."""
        return self.stride * self.phases // self.dilation

    def run(self, block: int, taps: int) -> int:
        """Elements that a block reads."""
        return self.shift * (block - 1) + taps


def banded(work: Workload, number: int, target: Target) -> Iterator[Rewritten]:
    """``work`` with the windows of einsum ``number`` turned into bands, in the blocks that fill the target's lanes."""
    einsum = work.einsums[number]
    if einsum.operator != "+=" or len(einsum.outputs) != 1:
        return
    for mask, access in enumerate(einsum.reads, 1):
        tensor = masked(work, access.tensor)
        windows = _windows(einsum, mask, work) if tensor and vanishes(einsum.value, mask) else []
        for size in range(len(windows), 0, -1):
            for chosen in combinations(windows, size):
                if len({w.p for w in chosen}) == len({w.r for w in chosen}) == size:
                    for blocks in _blocks(einsum, mask, chosen, target):
                        yield from _rewritten(work, number, mask, chosen, blocks)


def _windows(einsum: Einsum, mask: int, work: Workload) -> list[_Window]:
    """Pairs of a parallel axis and a reduced one that all other reads have in one sum, and the filter apart."""
    held = einsum.reads[mask - 1]
    others = [a for n, a in enumerate(einsum.reads, 1) if n != mask and a != held]
    found = []
    for p, r in product(einsum.parallel_axes, einsum.reduction_axes):
        slides = [a for a in others if r in a.axes]
        if p in held.axes or not _ends_with(held, r, einsum, work) or not slides:
            continue
        if any(p in a.axes and r not in a.axes for a in others):
            continue
        steps = {_steps(a, p, r) for a in slides}
        if len(steps) == 1 and (step := steps.pop()) is not None:
            found.append(_Window(p, r, *step))
    return found


def _ends_with(held: Access, r: str, einsum: Einsum, work: Workload) -> bool:
    """Does the filter end where ``r`` does, so that beyond it only the border is met?"""
    shape, extent = work.tensor(held.tensor).shape, einsum.extents[r]
    whole = (Affine(((r, 1),)), Affine(((r, -1),), extent - 1))
    return any(index in whole and size == extent for index, size in zip(held.indices, shape, strict=True))


def _steps(access: Access, p: str, r: str) -> tuple[int, int] | None:
    """(stride, dilation) where ``p`` and ``r`` move through ``access`` along one line, in one direction."""
    if any(not isinstance(index, Affine) or not index.is_linear for index in access.indices):
        return None
    pairs = [(i.coefficient(p), i.coefficient(r)) for i in access.affine_indices]
    moving = [(a, b) for a, b in pairs if a or b]
    if not moving or any(a * moving[0][1] != b * moving[0][0] for a, b in moving):
        return None
    stride, dilation = moving[0]
    common = gcd(stride, dilation)
    return (stride // common, dilation // common) if stride * dilation > 0 and common else None


def _blocks(einsum: Einsum, mask: int, chosen: tuple[_Window, ...], target: Target) -> list[tuple[int, ...]]:
    """For each number of lanes the block sizes that waste least: of the lanes, and of the products with 0."""
    extents = einsum.extents
    slid = {x for n, a in enumerate(einsum.reads, 1) if n != mask for x in a.axes}
    beside = extent_of(extents, (x for x in einsum.reads[mask - 1].axes if x in einsum.parallel_axes and x not in slid))
    found: dict[tuple[int, ...], None] = {}
    for lanes in lane_counts(target):
        room = max(1, lanes // beside)
        options = [divisors(extents[w.p] // w.phases, room) if extents[w.p] % w.phases == 0 else [] for w in chosen]
        fitting = [blocks for blocks in product(*options) if min(blocks) > 1 and prod(blocks) <= room]

        def waste(blocks: tuple[int, ...], lanes: int = lanes) -> float:
            """Lane cycles per useful product."""
            runs = prod(w.run(block, extents[w.r]) for w, block in zip(chosen, blocks, strict=True))
            return runs / extent_of(extents, (w.r for w in chosen)) * lanes / (prod(blocks) * min(beside, lanes))

        found.update(dict.fromkeys(sorted(fitting, key=waste)[:_BEST]))
    return list(found)


def _rewritten(
    work: Workload, number: int, mask: int, chosen: tuple[_Window, ...], blocks: tuple[int, ...]
) -> Iterator[Rewritten]:
    einsum, held = work.einsums[number], work.einsums[number].reads[mask - 1]
    parts = [_change(einsum, window, block) for window, block in zip(chosen, blocks, strict=True)]
    forward, backward, extents = (tuple(entry for part in parts for entry in part[n]) for n in range(3))
    change = Change(forward, backward, extents)  # type: ignore[arg-type]
    after, tensor = changed(einsum, change, {}), masked(work, held.tensor)
    assert tensor is not None
    try:
        whole, origin = rebuilt(work, number, [after], {tensor.name: tensor})
    except InvalidNoun:  # an access that the language cannot follow
        return
    proved = equal(einsum, after, change, mask, {t.name: t for t in whole.tensors})
    shape = "x".join(map(str, blocks))
    windows = " and ".join(f"{w.p}, {w.r}" for w in chosen)
    yield Rewritten(
        whole, "banded", f"windows over {windows} in blocks of {shape} outputs: {held.tensor} is a band", proved, origin
    )


def _change(
    einsum: Einsum, window: _Window, block: int
) -> tuple[list[tuple[str, Affine]], list[tuple[str, Affine]], list[tuple[str, int]]]:
    """(forward, backward, extents) of one window; axes of extent 1 are left out."""
    p, r, phases, shift = Affine(((window.p, 1),)), Affine(((window.r, 1),)), window.phases, window.shift
    steps = p if phases == 1 else Affine(((Quotient(p, phases), 1),))
    lane = Affine(((Remainder(steps, block), 1),))
    new = {
        fresh_axis(einsum, f"{window.p}_block"): (Affine(((Quotient(steps, block), 1),)), phases * block),
        fresh_axis(einsum, f"{window.p}_lane"): (lane, phases),
        fresh_axis(einsum, f"{window.p}_phase"): (Affine(((Remainder(p, phases), 1),)), 1),
    }
    counts = (einsum.extents[window.p] // (phases * block), block, phases)
    u = fresh_axis(einsum, f"{window.p}_{window.r}")
    kept = [(x, f, weight, count) for (x, (f, weight)), count in zip(new.items(), counts, strict=True) if count > 1]
    whole = Affine.of((x, weight) for x, _, weight, _ in kept)
    inner = next(x for x in new if new[x][0] == lane)
    forward = [(x, f) for x, f, _, _ in kept] + [(u, lane * shift + r)]
    backward = [(window.p, whole), (window.r, Affine(((u, 1),)) - Affine(((inner, 1),)) * shift)]
    extents = [(x, count) for x, _, _, count in kept] + [(u, window.run(block, einsum.extents[window.r]))]
    return forward, backward, extents
