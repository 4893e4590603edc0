"""Where should the area go: scratchpad, bus or array? Sixty variants of p16 for one matrix multiplication.

``python experiments/e02_scratchpad_sweep/run.py`` compiles all of them and writes results.json, picture.svg and the
table in README.md. Given a file, ``run.py STORE.sqlite``, it keeps results there and goes on where it was stopped.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from isamap import sweep_designs
from isamap.explore import pareto_front
from isamap.report.pareto_picture import Series, picture

HERE = Path(__file__).resolve().parent
MAC_KIB, BUS_KIB = 0.25, 1.0  # what a multiply-accumulate unit and a byte per cycle of bus cost in the area proxy
BUS_PRICES = (0.25, 1.0, 4.0)
BEGIN, END = "<!-- made by run.py: begin -->", "<!-- made by run.py: end -->"
_KEPT = ("latency_cycles", "bound_cycles", "energy_pj", "traffic_bytes", "peak_bytes", "checked")

Design = dict[str, Any]


def main() -> int:
    """Exit code: 0, or 5 where a design has no answer that passed its checks."""
    store = sys.argv[1] if len(sys.argv) > 1 else None
    swept = sweep_designs(HERE / "sweep.yaml", store=store, resume=True, progress=print_progress)
    designs = [
        {**result.job.settings["target"]["set"], **{key: result.record[key] for key in _KEPT}}
        for result in swept.answers
    ]
    write(designs)
    print(f"{len(designs)} of {swept.total} designs have an answer")
    return 0 if len(designs) == swept.total else 5


def print_progress(standing: Any) -> None:
    print(f"{standing.ended}/{standing.total}", file=sys.stderr)


def write(designs: list[Design]) -> None:
    """results.json, picture.svg and the part of README.md between its markers."""
    record = json.dumps(designs).replace("}, {", "},\n {")
    (HERE / "results.json").write_text(record + "\n", encoding="utf-8")
    (HERE / "picture.svg").write_text(drawn(designs), encoding="utf-8")
    path = HERE / "README.md"
    text = path.read_text(encoding="utf-8")
    between = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    path.write_text(between.sub(lambda _: f"{BEGIN}\n{tables(designs)}{END}", text), encoding="utf-8")


def area_kib(design: Design, bus_kib: float = BUS_KIB) -> float:
    """The area proxy: KiB of scratchpad that would be as large."""
    macs = design["array_rows"] * design["array_columns"]
    return float(design["spad_kib"] + MAC_KIB * macs + bus_kib * design["bus_bytes_per_cycle"])


def front(designs: list[Design], bus_kib: float = BUS_KIB) -> list[Design]:
    """The designs that no other beats in area and latency, the smallest first."""
    points = [(area_kib(design, bus_kib), design["latency_cycles"]) for design in designs]
    return [designs[n] for n in sorted(pareto_front(points), key=lambda n: points[n])]


def tables(designs: list[Design]) -> str:
    """The front, and how it changes with the price of the bus."""
    rows = [
        "| area, KiB | array | scratchpad, KiB | bus, B/cycle | cycles | times the bound | energy, uJ |",
        "|---:|---|---:|---:|---:|---:|---:|",
        *(
            f"| {area_kib(d):g} | {array(d)} | {d['spad_kib']} | {d['bus_bytes_per_cycle']} | {d['latency_cycles']:,} "
            f"| {d['latency_cycles'] / d['bound_cycles']:.2f} | {d['energy_pj'] / 1e6:.0f} |"
            for d in front(designs)
        ),
        "",
        "| a byte per cycle of bus costs | designs on the front | of them, by array: scratchpad / bus |",
        "|---:|---:|---|",
        *(
            f"| {price:g} KiB | {len(front(designs, price))} | {by_array(front(designs, price))} |"
            for price in BUS_PRICES
        ),
    ]
    return "\n".join(rows) + "\n"


def array(design: Design) -> str:
    return f"{design['array_rows']} x {design['array_columns']}"


def by_array(designs: list[Design]) -> str:
    """``8 x 8: 8/8 8/16; 16 x 16: ...``."""
    found: dict[str, list[str]] = {}
    for design in designs:
        found.setdefault(array(design), []).append(f"{design['spad_kib']}/{design['bus_bytes_per_cycle']}")
    return "; ".join(f"{name}: {' '.join(each)}" for name, each in found.items())


def drawn(designs: list[Design]) -> str:
    """Area across, cycles upward, a colour per array."""
    series: dict[str, list[tuple[float, float, str]]] = {}
    for d in designs:
        said = f"{array(d)}, {d['spad_kib']} KiB, {d['bus_bytes_per_cycle']} B/cycle: {d['latency_cycles']:,} cycles"
        series.setdefault(array(d), []).append((area_kib(d), d["latency_cycles"], said))
    best = [(area_kib(d), float(d["latency_cycles"])) for d in front(designs)]
    named = [Series(name, tuple(points)) for name, points in series.items()]
    return picture("gmed on 60 variants of p16", "area proxy, KiB", "latency, cycles", named, best)


if __name__ == "__main__":
    sys.exit(main())
