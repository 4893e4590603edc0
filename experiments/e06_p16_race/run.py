"""Eight kernels on p16: isamap's simulated cycles beside what other mappers report, and both beside the bounds.

``python experiments/e06_p16_race/run.py [KERNEL ...]`` compiles all kernels, or only those named and keeps the other
rows; it writes results.json and the tables of README.md beside this file. Peers that can be imported are run as well;
``--peers PYTHON`` names the interpreter in which they are installed, by default this one. Cycles and energies are
deterministic; seconds and MiB are those of the machine it runs on.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from isamap import Options, compile_workload, load_target, load_workload

HERE = Path(__file__).parent
PEERS: dict[str, Any] = json.loads((HERE / "peers.json").read_text())
TIME_LIMIT_S = 180.0
CASES = [(row["kernel"], "latency") for row in PEERS["latency_cycles"]]
CASES += [(row["kernel"], "energy") for row in PEERS["energy_uj"]]

Row = dict[str, Any]


def measure(kernel: str, objective: Any) -> Row:
    """isamap's answer, simulated and checked; run in a fresh process, whose memory is then the compiler's."""
    began = time.process_time()
    options = Options(objective=objective, time_limit_s=TIME_LIMIT_S, deterministic=True)
    answer = compile_workload(load_workload(f"p16/{kernel}"), load_target("p16"), options)
    return {
        "kernel": kernel,
        "objective": objective,
        "latency_cycles": answer.simulation.latency_cycles,
        "energy_pj": round(answer.simulation.energy_pj or 0.0, 1),
        "bound": round(answer.solved.bound or 0.0, 1),
        "gap": round(answer.solved.gap or 0.0, 6),
        "instructions": [binding.instruction.name for binding in answer.bindings],
        "rewritten": list(answer.steps),
        "issues": answer.simulation.issues,
        "checked": answer.checked,
        "seconds": round(time.process_time() - began, 1),
        "memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def run_peers(python: str) -> dict[str, Any]:
    """Per peer the cycles that it reports here, or why there are none."""
    found: dict[str, Any] = {}
    for name, peer in PEERS["versions"].items():
        asked = f"import importlib.util as i, sys; sys.exit(not i.find_spec({peer['module']!r}))"
        if subprocess.run([python, "-c", asked]).returncode:
            found[name] = "not installed"
        elif name == "ZigZag":
            ran = subprocess.run([python, HERE / "run_zigzag.py"], capture_output=True, text=True)
            found[name] = "failed" if ran.returncode else json.loads(ran.stdout.splitlines()[-1])
        else:
            found[name] = "installed, but this script does not know how to run it"
    return found


def tables(results: dict[str, Any]) -> str:
    """All results as Markdown."""
    rows = {(row["kernel"], row["objective"]): row for row in results["isamap"]}
    notes = "; ".join(f"({number}) {note}" for number, note in PEERS["notes"].items())
    here = "; ".join(f"{name}: {_ran(ran)}" for name, ran in results["peers"].items())
    parts = [_race(rows), f"{PEERS['source'][0].upper()}{PEERS['source'][1:]}. {notes}."]
    parts += [_answers(rows), _energy(rows), f"Peers run by this script, where they were last installed: {here}."]
    return "\n\n".join(parts)


def _race(rows: dict[tuple[str, str], Row]) -> str:
    names = [f"{name} {peer['version']}".strip() for name, peer in PEERS["versions"].items()]
    lines = [_line(["kernel", "LB", *names, "isamap, simulated", "of LB", "at most", "stretch"])]
    lines.append("|---|" + "---:|" * (len(names) + 5))
    for given in PEERS["latency_cycles"]:
        row = rows.get((given["kernel"], "latency"))
        ours = ["", ""] if row is None else [f"**{row['latency_cycles']:,}**", _ratio(row, given)]
        peers = [_peer(given.get(name, "-")) for name in PEERS["versions"]]
        aims = [f"{given['at_most']:,}", f"{given['stretch']:,}"]
        lines.append(_line([f"{given['kernel']}: {given['title']}", f"{given['lower_bound']:,}", *peers, *ours, *aims]))
    return "\n".join(lines)


def _answers(rows: dict[tuple[str, str], Row]) -> str:
    heads = ["kernel", "objective", "value", "bound", "gap", "instructions", "issues", "CPU seconds", "MiB"]
    lines = [_line(heads), "|---|---|---:|---:|---:|---|---:|---:|---:|"]
    for case in CASES:
        if (row := rows.get(case)) is not None:
            energy = row["objective"] == "energy"
            worth = row["energy_pj"] / 1e6 if energy else row["latency_cycles"]
            cells = (worth, row["bound"] / 1e6 if energy else round(row["bound"]))
            values = [f"{value:.2f} uJ" if energy else f"{value:,}" for value in cells]
            made = ", ".join(row["instructions"]) + (" (rewritten)" if row["rewritten"] else "")
            figures = [f"{row['gap']:.2%}", made, f"{row['issues']:,}", f"{row['seconds']:.0f}", str(row["memory_mib"])]
            lines.append(_line([row["kernel"], row["objective"], *values, *figures]))
    return "\n".join(lines)


def _energy(rows: dict[tuple[str, str], Row]) -> str:
    names = ("AccelForge", "FactorFlow", "ZigZag, LOMA", "ZigZag, SALSA")
    lines = [_line(["energy, uJ", "floor", *names, "hand-made", "isamap, simulated", "cycles", "at most"])]
    lines.append("|---|" + "---:|" * (len(names) + 5))
    for given in PEERS["energy_uj"]:
        row = rows.get((given["kernel"], "energy"))
        ours = ["", ""] if row is None else [f"**{row['energy_pj'] / 1e6:.2f}**", f"{row['latency_cycles']:,}"]
        peers = [str(given.get(name, "-")) for name in ("floor", *names, "hand_made")]
        lines.append(_line([f"{given['kernel']}: {given['title']}", *peers, *ours, str(given["at_most"])]))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _ratio(row: Row, given: Row) -> str:
    return f"{row['latency_cycles'] / given['lower_bound']:.4f}"


def _peer(figures: str | list[list[Any]]) -> str:
    """``67,584 (1); 69,632 (2)``"""
    if isinstance(figures, str):
        return figures
    return "; ".join(f"{cycles:,}" + "".join(f" ({note})" for note in notes.split()) for cycles, notes in figures)


def _ran(ran: str | dict[str, int]) -> str:
    return ran if isinstance(ran, str) else ", ".join(f"{kernel} {cycles:,}" for kernel, cycles in ran.items())


def write(results: dict[str, Any]) -> None:
    """results.json, and what stands between the markers of README.md."""
    order = {case: n for n, case in enumerate(CASES)}
    results["isamap"].sort(key=lambda row: order[row["kernel"], row["objective"]])
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    readme, pattern = HERE / "README.md", r"(?s)(<!-- tables -->\n).*?(<!-- end -->)"
    made = tables(results)
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{made}\n{at[2]}", readme.read_text()))


def main() -> int:
    parser = argparse.ArgumentParser(description="The P16 race.")
    parser.add_argument(
        "kernels", nargs="*", metavar="KERNEL", help="by default all; a comma and the objective after it"
    )
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON", help="where the peers are installed")
    asked = parser.parse_args()
    cases = [case for case in CASES if not asked.kernels or {case[0], ",".join(case)} & {*asked.kernels}]
    file = HERE / "results.json"
    results = json.loads(file.read_text()) if file.exists() else {"isamap": []}
    before, ran = results.get("peers", {}), run_peers(asked.peers)
    print(json.dumps(ran), file=sys.stderr)
    results["peers"] = {name: before.get(name, one) if one == "not installed" else one for name, one in ran.items()}
    for kernel, objective in cases:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            row = pool.submit(measure, kernel, objective).result()
        print(row, file=sys.stderr, flush=True)
        kept = [one for one in results["isamap"] if (one["kernel"], one["objective"]) != (kernel, objective)]
        results["isamap"] = [*kept, row]
        write(results)
    return 0 if all(row["checked"] for row in results["isamap"]) else 5


if __name__ == "__main__":
    sys.exit(main())
