"""Is the matrix product found by itself, in the layers of real networks and on machines that differ?

Writes results.json and the table of README.md beside this file. Deterministic: the same figures on every machine.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from isamap import load_target, load_workload
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping import MatchSet, composites, map_workload
from isamap.mapping.rewrite import RULES

HERE = Path(__file__).resolve().parent
Found = tuple[tuple[MatchSet, ...], ...]  # per einsum a set per instruction
MACHINES: dict[str, dict[str, object]] = {  # each with the types that it computes in; s8 to s32 where nothing is said
    "p16": {"in": "s16", "acc": "s16"},
    "tiles": {"in": "s16"},
    "gemmini": {},
    "neoverse_v2": {},
    "x86_avx512": {},
}
UNASKED = ("tiles", "x86_avx512")  # not asked for rewrites of depthwise layers: tiles is gemmini again, x86 takes long
# MobileNetV2 (Sandler et al., CVPR 2018), table 2: expansion, channels out, blocks, stride of the first; 224x224
TABLE_2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
STEM = (32, 112)  # channels and rows after the first convolution


@dataclass(frozen=True)
class Part:
    """One einsum of a bundled kernel at the size that it has in a network."""

    network: str
    layer: str
    what: str
    kernel: str
    number: int
    sizes: tuple[tuple[str, int], ...] = ()


def parts() -> Iterator[Part]:
    """The lines of the table."""
    for number, (expansion, channels, out, rows, stride) in enumerate(blocks(), 1):
        sizes = {"C": channels, "E": expansion * channels, "P": rows // stride, "Q": rows // stride}
        kernel = "mobilenet_residual_block" if stride == 1 and out == channels else "mobilenet_block"
        sizes |= {} if kernel == "mobilenet_residual_block" else {"K": out, "STRIDE": stride}
        layer = f"block {number}: {channels} x {rows}x{rows} to {out}"
        for what, at in (("expand", 0), ("depthwise", 2), ("project", 4)):
            if what != "expand" or expansion > 1:  # the first block has nothing to expand
                yield Part("MobileNetV2", layer, what, kernel, at, tuple(sizes.items()))
    for kernel, layer in (("gru_cell", "GRU 1536, batch 32"), ("lstm_cell", "LSTM 1024, batch 16")):
        yield Part("DeepBench", layer, "gates, X W", kernel, 0)
        yield Part("DeepBench", layer, "gates, H U", kernel, 1)
    yield Part("BERT-base", "attention, 12 heads, 128 tokens", "Q K'", "attention", 0)
    yield Part("BERT-base", "attention, 12 heads, 128 tokens", "P V", "attention", 6)
    yield Part("tensors", "MTTKRP 64x64x64, rank 32", "T B C", "mttkrp", 0)


def blocks() -> Iterator[tuple[int, int, int, int, int]]:
    """MobileNetV2's 17 blocks: expansion, channels in and out, rows in, stride."""
    channels, rows = STEM
    for expansion, out, count, first in TABLE_2:
        for n in range(count):
            stride = first if n == 0 else 1
            yield expansion, channels, out, rows, stride
            channels, rows = out, rows // stride


def measure(part: Part) -> dict[str, Any]:
    """One line: for each machine the instructions that do the einsum, or the parts of a rewrite that do it."""
    asked = [name for name in MACHINES if part.what != "depthwise" or name not in UNASKED]
    found = {name: on_machine(part.kernel, part.number, part.sizes, name) for name in asked}
    return {"network": part.network, "layer": part.layer, "what": part.what, "machines": found}


@cache
def on_machine(kernel: str, number: int, sizes: tuple[tuple[str, int], ...], machine: str) -> dict[str, Any]:
    """As ``answer``; where that is empty, ``in_part``: the step of a rewrite most of whose parts have an answer."""
    work, target, every = mapped(kernel, sizes, machine)
    found = answer(work, number, target, every)
    return found if any(found.values()) else {"in_part": in_part(work, number, target)}


def answer(work: Workload, number: int, target: Target, every: Found) -> dict[str, Any]:
    """``matches``: per instruction how many, the best utilisation, and whether all are proved. Where there are none,
    ``rewritten``: the rewrite that takes the fewest cycles, all of whose parts have an instruction."""
    matches = in_brief(every[number])
    return {"matches": matches} if matches else {"rewritten": rewritten(work, number, target)}


@cache
def mapped(kernel: str, sizes: tuple[tuple[str, int], ...], machine: str) -> tuple[Workload, Target, Found]:
    work, target = load_workload(kernel, {**dict(sizes), **MACHINES[machine]}), load_target(machine)
    return work, target, map_workload(work, target)


def in_brief(sets: Sequence[MatchSet]) -> list[dict[str, Any]]:
    return [
        {
            "instruction": one.instruction,
            "count": one.count,
            "utilisation": max(match.utilisation for match in one.with_swap),
            "proved": all(match.proved for match in one.with_swap),
        }
        for one in sets
        if one.matches
    ]


def rewritten(work: Workload, number: int, target: Target) -> dict[str, Any] | None:
    best = next(iter(composites(work, number, target, time_limit_s=300)), None)
    if best is None:
        return None
    return {
        "rules": [step.rule for step in best.steps],
        "instructions": [match.instruction for match in best.best],
        "utilisation": best.utilisation,
        "proved": best.proved,
    }


def in_part(work: Workload, number: int, target: Target) -> dict[str, Any] | None:
    """Each part's statement and answer."""
    found = []
    for step in (step for rule in RULES for step in rule(work, number, target)):
        every, numbers = map_workload(step.workload, target), [n for n, o in enumerate(step.origin) if o == number]
        parts = [
            {"statement": step.workload.einsums[n].statement, **answer(step.workload, n, target, every)}
            for n in numbers
        ]
        found.append({"rule": step.rule, "proved": step.proved, "parts": parts})
    return max((one for one in found if done(one)), key=done, default=None)


def done(step: dict[str, Any]) -> int:
    """How many of its parts have an answer."""
    return sum(bool(part.get("matches") or part.get("rewritten")) for part in step["parts"])


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = ["| layer | product | " + " | ".join(MACHINES) + " |", "|---|---|" + "---|" * len(MACHINES)]
    before = None
    for row in rows:
        layer = "" if row["layer"] == before else f"{row['network']}, {row['layer']}"
        before = row["layer"]
        cells = [layer, row["what"], *(cell(row["machines"].get(name)) for name in MACHINES)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(found: dict[str, Any] | None) -> str:
    """``mac 3, 94%``; a rewrite in italics, with - for a part that has no instruction; nothing where nobody asked."""
    if found is None:
        return ""
    if matches := found.get("matches"):
        return "; ".join(f"{m['instruction']} {m['count']}, {m['utilisation']:.0%}" for m in matches)
    if made := found.get("rewritten"):
        return f"*{', '.join(made['rules'])}: {' + '.join(made['instructions'])}, {made['utilisation']:.0%}*"
    if (step := found["in_part"]) is None:
        return "-"
    return f"*{step['rule']}: {' + '.join(map(part_cell, step['parts']))}*"


def part_cell(part: dict[str, Any]) -> str:
    if matches := part.get("matches"):
        return str(matches[0]["instruction"])
    made = part["rewritten"]
    return f"({', '.join(made['rules'])}: {' + '.join(made['instructions'])})" if made else "-"


def main() -> int:
    rows = []
    for part in parts():
        rows.append(measure(part))
        print(rows[-1], file=sys.stderr, flush=True)
    (HERE / "results.json").write_text(json.dumps(rows).replace('}, {"network"', '},\n {"network"') + "\n")
    readme = HERE / "README.md"
    pattern = r"(?s)(<!-- table -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{table(rows)}\n{at[2]}", readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
