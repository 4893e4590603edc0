"""The sizes that the axes of one issue may take: maximal products, whole inner reductions, equal parts."""

from __future__ import annotations

from math import ceil, prod

from isamap.ir.binding import Binding

MOST_OPTIONS = 40


def equal_parts(extent: int, limit: int) -> list[int]:
    """Sizes up to ``limit`` that cut ``extent`` into equal parts (the last may be smaller), largest first."""
    fewest = ceil(extent / limit)
    counts = [*range(fewest, fewest + 24), *(fewest * 2**n for n in range(5, 12))]
    found = dict.fromkeys(ceil(extent / count) for count in counts if count <= extent)
    return list(found)[:MOST_OPTIONS] + ([1] if 1 not in found else [])


def factorisations(extents: list[int], most: int) -> list[tuple[int, ...]]:
    """Sizes of fused axes whose product is at most ``most`` and that no axis could grow within."""
    if not extents:
        return [()]
    found = []

    def extend(chosen: tuple[int, ...], room: int) -> None:
        if len(chosen) == len(extents):
            if all(s == e or prod(chosen) // s * (s + 1) > most for s, e in zip(chosen, extents, strict=True)):
                found.append(chosen)
            return
        for size in range(1, min(extents[len(chosen)], room) + 1):
            extend((*chosen, size), room // size)

    extend((), most)
    return found


def _reduction_options(extents: list[int], most: int) -> list[tuple[int, ...]]:
    """Whole inner axes, the innermost first, and equal parts of the next one out."""
    found: list[tuple[int, ...]] = []
    whole = 1
    for n in range(len(extents) - 1, -1, -1):
        if whole > most:
            break
        for size in equal_parts(extents[n], min(extents[n], most // whole)):
            found.append((*(1,) * n, size, *extents[n + 1 :]))
        whole *= extents[n]
    return list(dict.fromkeys(found)) or [()]


def tile_options(binding: Binding) -> dict[str, list[tuple[int, ...]]]:
    """For each instruction axis, the sizes that its fused kernel axes may take in one issue, best guess first."""
    extents, options = binding.extents, {}
    for axis, fused in binding.match.axes:
        found = next(a for a in binding.instruction.axes if a.name == axis)
        lengths = [extents[x] for x in fused]
        reduced = all(x not in binding.einsum.parallel_axes for x in fused)
        if reduced and found.most > 64:
            choices = _reduction_options(lengths, found.most)
        else:
            choices = factorisations(lengths, found.most)
            choices.sort(
                key=lambda c: (prod(ceil(e / s) for e, s in zip(lengths, c, strict=True)), [-s for s in c[::-1]])
            )
        options[axis] = choices[:MOST_OPTIONS]
    return options
