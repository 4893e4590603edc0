"""Random small kernels on random small instructions: the same matches as by trying everything."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest

from isamap.check.match import check_match
from isamap.ir.answers import Match
from isamap.ir.hardware import Instruction
from isamap.ir.workload import Workload
from isamap.mapping import map_einsum, map_einsum_greedily
from tests.mapping import walking
from tests.mapping.instructions import instruction, kernel, machine
from tests.mapping.random_pairs import pair

Assignment = tuple[tuple[int, ...], tuple[tuple[str, frozenset[str]], ...]]
FORMS = {
    "product": "{0} * {1}",
    "sum": "{0} + {1}",
    "difference": "{0} - {1}",
    "three": "{0} * {1} + {2}",
    "one": "max({0}, 0)",
}
SWAPS = {"product": [(0, 1), (1, 0)], "sum": [(0, 1), (1, 0)], "three": [(0, 1, 2), (1, 0, 2)]}
READS = {"product": 2, "sum": 2, "difference": 2, "three": 3, "one": 1}


def statement(rng: random.Random, axes: str, names: str, form: str, fused_indices: bool) -> str:
    """A random einsum over a subset of ``axes``; ``names``: the output's, then the reads'."""
    left = "".join(sorted(rng.sample(axes, rng.randint(1, len(axes)))))
    used = []
    for _ in range(READS[form]):
        used.append(rng.sample(axes, rng.randint(1, len(axes))))
    missing = [x for x in left if not any(x in some for some in used)]
    used[0] += missing
    reads = [
        f"{name}[{','.join(indices(rng, some, fused_indices))}]" for name, some in zip(names[1:], used, strict=False)
    ]
    operator = "=" if set("".join("".join(some) for some in used)) <= set(left) else "+="
    return f"{names[0]}[{','.join(left)}] {operator} {FORMS[form].format(*reads)}"


def indices(rng: random.Random, axes: list[str], fused: bool) -> list[str]:
    if fused and len(axes) > 1 and rng.random() < 0.4:
        return [f"{rng.choice(('', '2*'))}{axes[0]}+{axes[1]}", *axes[2:]]
    return axes


def naive(work: Workload, one: Instruction, form: str, freedom: dict[str, bool]) -> set[Assignment]:
    """Every orientation and every way to send each kernel axis to an instruction axis or nowhere."""
    einsum, meaning = work.einsums[0], one.meaning[0]
    assigns = einsum.operator == "=" and meaning.operator == "+="  # the instruction can start afresh
    if einsum.operator != meaning.operator and not assigns:
        return set()
    needed = {axis.name for axis in one.axes if not assigns or axis.name in meaning.parallel_axes}
    xs, ds = [axis.name for axis in einsum.axes], [axis.name for axis in one.axes]
    kernel_reads, own_reads = [set(a.axes) for a in einsum.reads], [set(a.axes) for a in meaning.reads]
    found = set()
    for order in permutations(range(READS[form])):
        if order not in SWAPS.get(form, [tuple(range(READS[form]))]):
            continue
        for places in product([None, *ds], repeat=len(xs)):
            pairs = [(x, d) for x, d in zip(xs, places, strict=True) if d is not None]
            fits = all((x in einsum.output.axes) == (d in meaning.output.axes) for x, d in pairs)
            for own, held in zip(own_reads, (kernel_reads[n] for n in order), strict=True):
                if freedom["replicate"]:
                    fits = fits and all(d in own for x, d in pairs if x in held)
                else:
                    fits = fits and all((d in own) == (x in held) for x, d in pairs)
            fed = {d for _, d in pairs}
            enough = bool(pairs) if freedom["empty_axes"] else needed <= fed and bool(pairs)
            if fits and enough:
                sets = tuple((d, frozenset(x for x, to in pairs if to == d)) for d in ds)
                found.add((tuple(n + 1 for n in order), sets))
    return found


def small_pair(seed: int) -> tuple[Workload, Instruction, str, str]:
    rng = random.Random(seed)
    form = rng.choice(list(FORMS))
    other = form if rng.random() < 0.9 else rng.choice(list(FORMS))
    meaning = statement(rng, "ijk"[: rng.randint(1, 3)], "DABC", other, False)
    body = statement(rng, "pqrst"[: rng.randint(1, 5)], "OXYZ", form, True)
    ds, xs = sorted({c for c in meaning if c in "ijk"}), sorted({c for c in body if c in "pqrst"})
    one = instruction("one", meaning, {d: (1, rng.choice((2, 4, 16))) for d in ds}, "s16")
    return kernel("work", body, "s16", **{x: rng.randint(1, 4) for x in xs}), one, form, other


@pytest.mark.parametrize("block", range(5))
def test_as_by_trying_everything(block: int) -> None:
    matched = 0
    for seed in range(40 * block, 40 * block + 40):
        work, one, form, other = small_pair(seed)
        rng = random.Random(-seed - 1)
        freedom = {"replicate": rng.random() < 0.3, "empty_axes": rng.random() < 0.3}
        found = map_einsum(work, 0, one, **freedom)  # type: ignore[arg-type]
        wanted = naive(work, one, form, freedom) if form == other else set()
        got = set()
        for match in found.with_swap:
            number = {operand: n for operand, _, n in match.operands}
            order = tuple(number[access.tensor] for access in one.meaning[0].reads)
            got.add((order, tuple((d, frozenset(fused)) for d, fused in match.axes)))
        assert got == wanted, (seed, str(work.einsums[0]), str(one.meaning[0]), freedom)
        assert len(found.with_swap) == len(wanted)
        assert len({frozenset((d, frozenset(f)) for d, f in m.axes) for m in found.matches}) == found.count
        assert bool(found.reasons) == (not wanted)
        target = machine(one)
        for match in found.with_swap:
            assert check_match(match, work, target) == [], (seed, match)
            assert match.proved, (seed, match)
        greedy = map_einsum_greedily(work, 0, one, **freedom)  # type: ignore[arg-type]
        assert set(greedy.with_swap) <= set(found.with_swap)
        matched += bool(wanted)
    assert matched >= 8


def assignment(match: Match, one: Instruction) -> Assignment:
    number = {operand: n for operand, _, n in match.operands}
    order = tuple(number[access.tensor] for access in one.meaning[0].reads)
    return order, tuple((d, frozenset(fused)) for d, fused in match.axes)


@pytest.mark.parametrize("block", range(5))
def test_as_by_walking_lanes(block: int) -> None:
    """200 pairs with strides, dilations, flips, offsets, tensors read twice, windows on both sides, three factors."""
    matched = 0
    for seed in range(40 * block, 40 * block + 40):
        given, rng = pair(seed), random.Random(-seed - 1)
        freedom = {"replicate": rng.random() < 0.3, "empty_axes": rng.random() < 0.3}
        found = map_einsum(given.work, 0, given.instruction, **freedom)  # type: ignore[arg-type]
        wanted = walking.matches(given, **freedom)
        got = [assignment(match, given.instruction) for match in found.with_swap]
        assert set(got) == wanted, (seed, str(given.einsum), str(given.meaning), freedom, found.reasons)
        assert len(got) == len(wanted)
        assert bool(found.reasons) == (not wanted)
        for match in found.with_swap:
            assert check_match(match, given.work, machine(given.instruction)) == [], (seed, match)
            assert match.proved, (seed, match)
        greedy = map_einsum_greedily(given.work, 0, given.instruction, **freedom)  # type: ignore[arg-type]
        assert set(greedy.with_swap) <= set(found.with_swap)
        matched += bool(wanted)
    assert matched >= 10
