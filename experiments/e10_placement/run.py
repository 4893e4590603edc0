"""Addresses for buffers: published instances, perfect packings and networks' activations, against greedy methods.

    python experiments/e10_placement/run.py [FOLDER] [--time-limit S] [--packings N]

FOLDER holds instances of MiniMalloc, NAME.CAPACITY.csv; without it the figures at hand are kept. Writes results.json,
and the tables of README.md, beside this file.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # what lies beside this file

from networks import NETWORKS  # noqa: E402
from packings import perfect_packing  # noqa: E402

from isamap.ir.answers import Lifetime  # noqa: E402
from isamap.ir.effort import Effort  # noqa: E402
from isamap.placement.live_load import live_load  # noqa: E402
from isamap.placing import one_memory, place_buffers  # noqa: E402
from isamap.spec import read_buffers  # noqa: E402

RESULTS = HERE / "results.json"
SIZES = [60 + 240 * n // 39 for n in range(40)]
LARGE = [450, 800]
WORKERS = 2


def instances(folder: Path) -> Iterator[tuple[str, Sequence[Lifetime], int | None]]:
    """Name, buffers and capacity of every instance in the folder."""
    for path in sorted(folder.glob("*.*.csv")):
        name, capacity, _ = path.name.split(".")
        if len(name) == 1:
            yield name, read_buffers(path).lives, int(capacity)


def packings(count: int) -> Iterator[tuple[str, Sequence[Lifetime], int | None]]:
    """Perfect packings of 60 to 300 buffers, then the large ones; their height is not told."""
    for seed, size in enumerate([*SIZES[:count], *(LARGE if count else [])]):
        placement = perfect_packing(size, seed)
        yield f"packing {size}", [life for life, _ in placement.addresses], None


def networks() -> Iterator[tuple[str, Sequence[Lifetime], int | None]]:
    for name, network in NETWORKS.items():
        yield name, network().buffers(), None


def row(name: str, lives: Sequence[Lifetime], capacity: int | None, limit_s: float) -> dict[str, Any]:
    """One instance, placed, checked and timed."""
    memory = one_memory(lives, capacity).memories[0]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    placed = place_buffers(lives, capacity, effort=Effort(limit_s, WORKERS))
    cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    if placed.violations:
        raise SystemExit(f"{name}: {placed.violations}")
    found = {
        "name": name,
        "buffers": len(lives),
        "capacity": capacity,
        "max_live_load": live_load(lives, memory),
        "status": placed.solved.status,
        "height": None if placed.solved.value is None else int(placed.solved.value),
        "bound": int(placed.solved.bound or 0),
        "greedy": dict(placed.greedy),
        "method": placed.solved.method,
        "seconds": round(placed.seconds, 1),
        "cpu_seconds": round(cpu, 1),
    }
    print(found, flush=True)
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "| buffers of | how many | max live load | height | status | best greedy | seconds | CPU seconds |",
        "|---|---:|---:|---:|---|---|---:|---:|",
    ]
    for one in rows:
        method, best = min(one["greedy"].items(), key=lambda entry: entry[1])
        over = f"{best / one['max_live_load']:.2f} ({method})"
        height = "-" if one["height"] is None else f"{one['height']:,}"
        cells = (one["name"], one["buffers"], f"{one['max_live_load']:,}", height, one["status"], over,
                 one["seconds"], one["cpu_seconds"])  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """How many packings of 60 to 300 buffers were solved, and how far greedy methods are off, on average."""
    small = [one for one in rows if one["buffers"] <= SIZES[-1]]
    solved = [one for one in small if one["height"] == one["max_live_load"]]
    seconds = sorted(one["seconds"] for one in solved)
    lines = [
        "| perfect packings of 60 to 300 buffers | |",
        "|---|---:|",
        f"| packed perfectly, proved | {len(solved)} of {len(small)} |",
        f"| seconds: median, longest | {seconds[len(seconds) // 2]}, {seconds[-1]} |",
    ]
    for method in small[0]["greedy"]:
        over = sum(one["greedy"][method] / one["max_live_load"] for one in small) / len(small)
        lines.append(f"| {method}: height over the best, mean | {over:.2f} |")
    return "\n".join(lines)


def texts(results: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """The tables of the README by their names."""
    large = [one for one in results["packings"] if one["buffers"] > SIZES[-1]]
    return {
        "instances": table(results["instances"]),
        "summary": summary(results["packings"]),
        "large": table(large),
        "networks": table(results["networks"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--packings", type=int, default=len(SIZES), help="how many; 0: keep the figures at hand")
    given = parser.parse_args()
    kinds: dict[str, Callable[[], Iterator[tuple[str, Sequence[Lifetime], int | None]]]] = {
        "instances": lambda: instances(given.folder) if given.folder else iter(()),
        "packings": lambda: packings(given.packings),
        "networks": networks,
    }
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {kind: [] for kind in kinds}
    for kind, cases in kinds.items():
        rows = [row(*case, given.time_limit) for case in cases()]
        results[kind] = rows or results[kind]
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    page = (HERE / "README.md").read_text()
    for name, text in texts(results).items():
        page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", rf"\g<1>{text}\n\g<2>", page, flags=re.DOTALL)
    (HERE / "README.md").write_text(page)


if __name__ == "__main__":
    main()
