"""How many ways are there to do a kernel with a 16x16x16 matrix product? Counted here, and by AMOS's rule.

Writes results.json and the tables of README.md beside this file. Deterministic: the same figures on every machine.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from math import prod
from pathlib import Path
from typing import Any

from isamap import judge_program, load_target, load_workload
from isamap.ir.affine import Affine
from isamap.ir.answers import Match
from isamap.ir.binding import bind_all
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Access
from isamap.lowering import lower
from isamap.mapping import MatchSet, map_einsum
from isamap.plan import place
from isamap.scheduling import list_schedule
from isamap.tiling import tilings

HERE = Path(__file__).resolve().parent
Sets = tuple[frozenset[str], ...]  # the kernel axes that feed each axis of the instruction


@dataclass(frozen=True)
class Case:
    """An einsum of a bundled kernel, with sizes that change something about it."""

    name: str
    kernel: str
    sizes: tuple[tuple[str, object], ...] = ()
    number: int = 0


CASES = (
    Case("conv1d", "conv1d"),
    Case("conv2d", "conv2d"),
    Case("conv2d, stride 2", "conv2d", (("STRIDE", 2), ("PAD", 1))),
    Case("conv2d, dilation 2", "conv2d", (("DILATION", 2), ("PAD", 2))),
    Case("conv2d, 16x16 patches", "conv2d", (("STRIDE", 16), ("R", 16), ("S", 16), ("P", 14), ("Q", 14), ("C", 3))),
    Case("conv3d", "conv3d"),
    Case("transposed conv2d", "transposed_conv2d"),
    Case("grouped conv2d", "grouped_conv2d"),
    Case("depthwise conv2d", "depthwise_conv2d"),
    Case("pointwise conv2d", "pointwise_conv2d"),
    Case("gemm", "gemm"),
    Case("gemv", "gemv"),
    Case("batch gemm", "batch_gemm"),
    Case("mttkrp", "mttkrp"),
    Case("attention, Q K'", "attention", (), 0),
    Case("attention, P V", "attention", (), 6),
)
EXECUTED = (("p", "k", "r"), ("q", "k", "s"))  # of conv2d's matches, two that AMOS's rule leaves out
SMALL = (("K", 20), ("C", 3), ("P", 18), ("Q", 5), ("PAD", 1))  # the conv2d that they are run on


def found(case: Case, **freedom: Any) -> MatchSet:
    """Every match on the tile machine's matmul: C[i,j] += A[i,k] * B[k,j], 16x16x16, s16 to s32."""
    work = load_workload(case.kernel, {"in": "s16", **dict(case.sizes)})
    return map_einsum(work, case.number, load_target("tiles").instruction("matmul"), **freedom)


def measure(case: Case) -> dict[str, Any]:
    """One line of the table."""
    gather, view, empty = found(case), found(case, realise="view"), found(case, empty_axes=True)
    einsum = load_workload(case.kernel, {"in": "s16", **dict(case.sizes)}).einsums[case.number]
    (meaning,) = load_target("tiles").instruction("matmul").meaning
    return {
        "kernel": case.name,
        "count": gather.count,
        "count_with_swap": gather.count_with_swap,
        "view": view.count,
        "empty_axes": empty.count,
        "proved": all(match.proved for one in (gather, view, empty) for match in one.with_swap),
        "amos": len(amos_mappings(einsum, meaning)),
        "matrices": agreeing_matrices(einsum, meaning),
    }


def amos_points(einsum: Einsum, meaning: Einsum) -> Iterator[dict[str, str]]:
    """AMOS's match points: one kernel axis per instruction axis, of its kind, so that with all other loops held at 0
    every operand is indexed as the instruction indexes it. Reads are taken in order, as AMOS compares expressions."""
    accesses = list(zip((einsum.output, *einsum.reads), (meaning.output, *meaning.reads), strict=False))
    if len(einsum.reads) != len(meaning.reads):
        return
    names = [axis.name for axis in meaning.axes]
    for chosen in permutations(einsum.extents, len(names)):
        point = dict(zip(chosen, names, strict=True))
        kinds = all((x in einsum.parallel_axes) == (d in meaning.parallel_axes) for x, d in point.items())
        if kinds and all(_indexed_alike(kernel, own, point) for kernel, own in accesses):
            yield point


def _indexed_alike(kernel: Access, own: Access, point: dict[str, str]) -> bool:
    """Of the kernel's indices one is d for each index d of the instruction, up to a positive factor and an offset;
    the others are constant."""
    values = {x: Affine(((point[x], 1),)) if x in point else Affine() for x in kernel.axes}
    indices = [index.substitute(values) for index in kernel.affine_indices]
    running = sorted(str(index.terms[0][0]) for index in indices if len(index.terms) == 1 and index.terms[0][1] > 0)
    return running == sorted(own.axes) and sum(bool(index.terms) for index in indices) == len(running)


def amos_mappings(einsum: Einsum, meaning: Einsum) -> set[Sets]:
    """AMOS's mappings: the distinct unions of one match point or more."""
    unions: set[Sets] = set()
    for point in amos_points(einsum, meaning):
        one = tuple(frozenset(x for x, d in point.items() if d == axis.name) for axis in meaning.axes)
        unions |= {tuple(a | b for a, b in zip(one, other, strict=True)) for other in unions} | {one}
    return unions


def agreeing_matrices(einsum: Einsum, meaning: Einsum) -> int:
    """How many ways to feed every instruction axis agree in the Boolean access matrices alone: operand t is indexed by
    kernel axis x iff it is indexed by the instruction axis that x feeds."""
    if len(einsum.reads) != len(meaning.reads):
        return 0
    used = [[x in access.axes for access in (einsum.output, *einsum.reads)] for x in einsum.extents]
    wanted = [[axis.name in access.axes for access in (meaning.output, *meaning.reads)] for axis in meaning.axes]
    return prod(2 ** used.count(column) - 1 for column in wanted)


def sets(match: Match) -> Sets:
    return tuple(frozenset(fused) for _, fused in match.axes)


def left_out() -> list[str]:
    """conv2d's matches that AMOS's rule does not give."""
    case = CASES[1]
    einsum = load_workload(case.kernel, {"in": "s16"}).einsums[0]
    (meaning,) = load_target("tiles").instruction("matmul").meaning
    known, every = amos_mappings(einsum, meaning), found(case).matches
    assert known <= {sets(match) for match in every}
    missing = (match for match in every if sets(match) not in known)
    return ["; ".join(f"{axis} = {' '.join(fused)}" for axis, fused in match.axes) for match in missing]


def execute(axes: tuple[str, ...]) -> dict[str, Any]:
    """A small conv2d on p16 with the one match that feeds i, j and k from ``axes``: tiled, scheduled, run, compared."""
    work, target = load_workload("conv2d", {"in": "s16", "acc": "s16", **dict(SMALL)}), load_target("p16")
    matches = map_einsum(work, 0, target.instruction("mac")).matches
    (match,) = [one for one in matches if tuple(fused for _, fused in one.axes) == tuple((x,) for x in axes)]
    (binding,) = bind_all(work, [match], target)
    part = (binding, tilings(binding, most=1)[0])
    schedule = list_schedule([part], target)
    program = lower(work, [binding], schedule, place(schedule, [binding], target), target)
    run, violations = judge_program(program, work, target, seed=0)
    return {
        "match": "; ".join(f"{axis} = {' '.join(fused)}" for axis, fused in match.axes),
        "proved": match.proved,
        "issues": run.issues,
        "latency_cycles": run.latency_cycles,
        "checked": not violations,
    }


def tables(results: dict[str, Any]) -> str:
    """The counts, and the programs that were run, as Markdown."""
    lines = [
        "| kernel | matches | with swap | as views | with empty axes | AMOS's rule | access matrices alone |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in results["counts"]:
        keys = ("kernel", "count", "count_with_swap", "view", "empty_axes", "amos", "matrices")
        lines.append("| " + " | ".join(str(row[key]) for key in keys) + " |")
    lines += [
        "",
        "| match of conv2d | proved | issues on p16 | cycles | every element right |",
        "|---|---|---:|---:|---|",
    ]
    for row in results["executed"]:
        cells = (row["match"], _yes(row["proved"]), row["issues"], f"{row['latency_cycles']:,}", _yes(row["checked"]))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def main() -> int:
    counts = []
    for case in CASES:
        counts.append(measure(case))
        print(counts[-1], file=sys.stderr, flush=True)
    executed = [execute(axes) for axes in EXECUTED]
    results = {"counts": counts, "left_out": left_out(), "executed": executed}
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    readme = HERE / "README.md"
    pattern = r"(?s)(<!-- table -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{tables(results)}\n{at[2]}", readme.read_text()))
    return 0 if all(row["proved"] for row in (*counts, *executed)) and all(r["checked"] for r in executed) else 5


if __name__ == "__main__":
    sys.exit(main())
