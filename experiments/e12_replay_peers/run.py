"""Loop nests of another mapper's kind on p16, replayed instruction by instruction: do they fit, and what do they take?

``python experiments/e12_replay_peers/run.py`` compiles gmed with each of the files beside it fixed, and without any; it
writes results.json and the table of README.md. Everything in them is deterministic.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from isamap import Options, compile_fixed, compile_workload, load_target, load_workload
from isamap.compile import Compiled
from isamap.errors import InputError

HERE = Path(__file__).parent
KERNEL, TARGET = "p16/gmed", "p16"
HEURISTIC = Options(method="heuristic", deterministic=True, time_limit_s=180.0)
CASES = [  # file, cycles that the peer's own cost model reports
    ("double", 67_584),
    ("single", None),
    ("second_panel", None),
    ("half", 69_632),
    ("half_sizes", None),
    ("", None),
]

Row = dict[str, Any]


def measure(name: str, reported: int | None) -> Row:
    """What the nest in file ``name`` takes, simulated and checked; or why it cannot be. No name: nothing is fixed."""
    work, target = load_workload(KERNEL), load_target(TARGET)
    row: Row = {"file": name, "reported_cycles": reported, "latency_cycles": None, "refused": ""}
    try:
        answer = compile_fixed(HERE / f"{name}.yaml", work, target, HEURISTIC) if name else None
        answer = answer or compile_workload(work, target, HEURISTIC)
    except InputError as error:
        return row | {"refused": str(error.faults[0])}
    return row | _figures(answer)


def _figures(answer: Compiled) -> Row:
    run = answer.simulation
    return {
        "latency_cycles": run.latency_cycles,
        "peak_spad_bytes": dict(run.peak_bytes)["spad"],
        "traffic_bytes": sum(run.traffic_bytes.values()),
        "energy_uj": round((run.energy_pj or 0.0) / 1e6, 2),
        "bound_cycles": answer.bound_cycles,
        "checked": answer.checked,
    }


def table(rows: list[Row]) -> str:
    """All rows as Markdown."""
    lines = ["| fixed | reported | simulated | of the bound | peak of spad, bytes | moved, bytes | energy, uJ |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        title = f"[{row['file']}.yaml]({row['file']}.yaml)" if row["file"] else "nothing"
        cells = [title, f"{row['reported_cycles']:,}" if row["reported_cycles"] else "-"]
        if row["refused"]:
            cells += ["does not fit", *"-" * 4]
        else:
            cells += [f"**{row['latency_cycles']:,}**", f"{row['latency_cycles'] / row['bound_cycles']:.4f}"]
            cells += [f"{row['peak_spad_bytes']:,}", f"{row['traffic_bytes']:,}", f"{row['energy_uj']:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    refusals = [f"{row['file']}.yaml: {row['refused']}." for row in rows if row["refused"]]
    return "\n".join([*lines, "", "```", *refusals, "```"])


def main() -> int:
    rows = [measure(*case) for case in CASES]
    (HERE / "results.json").write_text(json.dumps({"results": rows}, indent=1) + "\n")
    readme = HERE / "README.md"
    pattern = r"(?s)(<!-- table -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{table(rows)}\n{at[2]}", readme.read_text()))
    return 0 if all(row["refused"] or row["checked"] for row in rows) else 5


if __name__ == "__main__":
    sys.exit(main())
