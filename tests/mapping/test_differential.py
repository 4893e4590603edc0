"""A match, performed: tiles of issues with ragged edges, operands gathered lane by lane, the instruction's meaning
evaluated on them, results put back. What comes out is what the kernel means, on random and on extreme numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from math import prod

import numpy as np
import pytest

from isamap.ir.answers import Match
from isamap.ir.dtype import DType
from isamap.ir.einsum import Axis, Einsum
from isamap.ir.hardware import Instruction
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor, Workload
from isamap.mapping import map_einsum
from isamap.simulate import evaluate
from isamap.simulate.einsum import identity
from isamap.simulate.element_types import Array, storage
from tests.mapping.instructions import instruction, kernel
from tests.mapping.random_pairs import pair

Point = dict[str, int]


def perform(work: Workload, one: Instruction, match: Match, inputs: dict[str, Array], rng: random.Random) -> Array:
    """The kernel's output as the match says: every tile an issue, whatever its size."""
    einsum, meaning = work.einsums[0], one.meaning[0].given(dict(match.immediates))
    accesses = (einsum.output, *einsum.reads)
    held = {operand: accesses[number] for operand, _, number in match.operands}
    name = einsum.output.tensor
    values = {n: np.array(array) for n, array in inputs.items()}
    if name not in values:
        tensor = work.tensor(name)
        values[name] = np.full(tensor.shape, identity(einsum.operator, tensor.dtype), storage(tensor.dtype))
    for origin, size in tiles(einsum.extents, dict(match.axes), one, rng):
        lanes = list(lanes_of(einsum, match, one, origin, size))
        result = issue(one, meaning, einsum, held, values, lanes)
        for index, point in lanes:
            if point is not None:
                values[name][at(einsum.output, point)] = result[at(meaning.output, index)]
    return values[name]


def tiles(
    extents: Point, fused: dict[str, tuple[str, ...]], one: Instruction, rng: random.Random
) -> Iterator[tuple[Point, Point]]:
    """(origin, size) of each tile: sizes at random, as large as the instruction takes; edges are shorter."""
    most, tile = {axis.name: axis.most for axis in one.axes}, dict.fromkeys(extents, 1)
    for d, xs in fused.items():
        for x in rng.sample(xs, len(xs)):
            tile[x] = rng.randint(1, min(extents[x], most[d] // prod(tile[y] for y in xs)))
    for corner in product(*(range(0, extent, tile[x]) for x, extent in extents.items())):
        origin = dict(zip(extents, corner, strict=True))
        yield origin, {x: min(tile[x], extents[x] - start) for x, start in origin.items()}


def lanes_of(
    einsum: Einsum, match: Match, one: Instruction, origin: Point, size: Point
) -> Iterator[tuple[Point, Point | None]]:
    """(index on the instruction's axes, point of the kernel); no point: a lane that is only there to fill up."""
    indices = [index for access in (einsum.output, *einsum.reads) for index in access.affine_indices]
    extents = einsum.extents
    backward = [x for x in extents if all(index.coefficient(x) < 0 for index in indices if x in index.axes)]
    least = {axis.name: axis.least for axis in one.axes}
    counts = {d: prod(size[x] for x in xs) for d, xs in match.axes}
    for lane in product(*(range(max(count, least[d])) for d, count in counts.items())):
        index, point = dict(zip(counts, lane, strict=True)), dict(origin)
        for d, xs in match.axes:
            left = index[d]
            for x in reversed(xs):
                left, step = divmod(left, size[x])
                point[x] += step
        point |= {x: extents[x] - 1 - point[x] for x in backward}  # as a match counts what every index counts down
        yield index, point if all(index[d] < count for d, count in counts.items()) else None


def issue(
    one: Instruction,
    meaning: Einsum,
    einsum: Einsum,
    held: dict[str, Access],
    values: dict[str, Array],
    lanes: list[tuple[Point, Point | None]],
) -> Array:
    """One issue on operands gathered from ``values``; zeros where nothing lies."""
    own = {access.tensor: access for access in (meaning.output, *meaning.reads)}
    extents = {d: max(index[d] for index, _ in lanes) + 1 for d in lanes[0][0]}
    inputs: dict[str, Array] = {}
    for operand, access in own.items():
        shape = tuple(max(i.evaluate(index) for index, _ in lanes) + 1 for i in access.affine_indices)
        inputs[operand] = np.zeros(shape, storage(one.operand(operand).dtype))
        for index, point in lanes:
            if point is not None:
                inputs[operand][at(access, index)] = values[held[operand].tensor][at(held[operand], point)]
    output = meaning.output.tensor
    continues = meaning.operator != "=" and einsum.operator != "="  # an assignment starts the reduction afresh
    tensors = tuple(Tensor(n, one.operand(n).dtype, array.shape) for n, array in inputs.items())
    fixed = Einsum(meaning.outputs, meaning.operator, meaning.value, tuple(Axis(d, extents[d], extents[d]) for d in
                   (axis.name for axis in meaning.axes)))  # fmt: skip
    given = tuple(n for n in inputs if n != output or continues)
    work = Workload("issue", tensors, (fixed,), given, (output,))
    return evaluate(work, {n: inputs[n] for n in given})[output]


def at(access: Access, point: Point) -> tuple[int, ...]:
    return tuple(index.evaluate(point) for index in access.affine_indices)


def data(work: Workload, kind: str, rng: np.random.Generator) -> dict[str, Array]:
    """For every input: ``random`` over the whole range, or the least, the greatest or either."""
    found = {}
    for name in work.inputs:
        tensor = work.tensor(name)
        low, high = limits(tensor.dtype)
        ends = {"least": [low], "greatest": [high], "ends": [low, high, -1 if low < 0 else 1, 0]}
        if kind == "random":
            found[name] = rng.integers(low, high, tensor.shape, endpoint=True).astype(storage(tensor.dtype))
        else:
            found[name] = rng.choice(ends[kind], tensor.shape).astype(storage(tensor.dtype))
    return found


def limits(dtype: DType) -> tuple[int, int]:
    assert not dtype.is_float
    return int(dtype.least), int(dtype.most)


def compare(work: Workload, one: Instruction, match: Match, seed: int, kind: str) -> None:
    inputs = data(work, kind, np.random.default_rng(seed))
    name = work.einsums[0].output.tensor
    meant = evaluate(work, inputs)[name]
    done = perform(work, one, match, inputs, random.Random(seed))
    assert np.array_equal(done, meant), (seed, kind, str(work.einsums[0]), str(one.meaning[0]), match)


@pytest.mark.parametrize("dtype", ["s16", "u8", "s8", "s32"])
def test_random_matches(dtype: str) -> None:
    performed = 0
    for seed in range(1000, 1025):
        given, rng = pair(seed, dtype), random.Random(seed)
        freedom = {"replicate": rng.random() < 0.3, "empty_axes": rng.random() < 0.3}
        found = map_einsum(given.work, 0, given.instruction, **freedom).with_swap  # type: ignore[arg-type]
        for match in rng.sample(found, min(2, len(found))):
            assert match.proved
            compare(given.work, given.instruction, match, seed, rng.choice(("random", "random", "least", "ends")))
            performed += 1
    assert performed >= 10


TYPES = {"A": "u8", "B": "s8", "C": "s32"}
DOT = instruction("dot", "C[i] += s32(A[k]) * s32(B[i,k])", {"i": (1, 8), "k": (1, 4)}, TYPES)
EXACT = instruction("exact", "C[i,j] += s32(A[i,k]) * s32(B[k,j])", dict.fromkeys("ijk", (4, 4)), TYPES)
ROW = instruction("row", "C[p] += s32(A[p+r]) * s32(B[r])", {"p": (1, 5), "r": (1, 3)}, TYPES)
GEMM = kernel("gemm", "O[m,n] += s32(I[m,k]) * s32(W[k,n])", {"I": "u8", "W": "s8", "O": "s32"}, m=5, n=6, k=7)
CONV = kernel(
    "conv", "O[k,p] += s32(I[c,p+2*r]) * s32(W[k,c,2-r])", {"I": "u8", "W": "s8", "O": "s32"}, k=3, c=2, p=7, r=3
)  # fmt: skip
ROWS = kernel("rows", "O[k,p] += s32(I[c,p+r]) * s32(W[k,c,r])", {"I": "u8", "W": "s8", "O": "s32"}, k=2, c=2, p=7, r=3)
BACK = kernel("back", "O[6-p] += s32(I[6-p+r]) * s32(W[r])", {"I": "u8", "W": "s8", "O": "s32"}, p=7, r=3)
OUTER = kernel("outer", "O[m,n] = s32(I[m]) * s32(W[n])", {"I": "u8", "W": "s8", "O": "s32"}, m=5, n=6)


@pytest.mark.parametrize("kind", ["random", "least", "greatest", "ends"])
@pytest.mark.parametrize(
    ("work", "one", "count"),
    [
        (GEMM, DOT, 1),
        (GEMM, EXACT, 1),
        (CONV, DOT, 3),
        (CONV, EXACT, 3),
        (ROWS, ROW, 1),
        (BACK, ROW, 1),
        (OUTER, EXACT, 1),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_products_of_bytes(work: Workload, one: Instruction, count: int, kind: str) -> None:
    found = map_einsum(work, 0, one)
    assert found.count == count
    for seed, match in enumerate(found.with_swap):
        assert match.proved
        compare(work, one, match, seed, kind)


def test_what_is_no_match_would_give_other_numbers() -> None:
    """The window of a strided convolution on an unstrided row, claimed all the same."""
    strided = kernel("strided", "O[p] += s32(I[2*p+r]) * s32(W[r])", {"I": "u8", "W": "s8", "O": "s32"}, p=5, r=3)
    (match,) = map_einsum(ROWS, 0, ROW).matches
    assert map_einsum(strided, 0, ROW).count == 0
    with pytest.raises(AssertionError):
        compare(strided, ROW, match, 3, "random")
