"""Which kernels are proved optimal over all matches, tilings and schedules, how soon, and how large gaps are elsewhere.

Writes results.json (after every kernel) and the tables of README.md beside this file. ``--again`` begins anew, ``--only
TEXT`` runs the kernels whose name and machine hold it. A kernel's certificate counts once ``verify`` found nothing
wrong with its result file. Cycles are those of the machine's simulator; seconds are of the machine that this runs on.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isamap import Options, compile_workload, load_target, load_workload, read_result, write_result
from isamap.verify import verify

HERE = Path(__file__).parent
LIMIT_S = 60.0
S16 = {"in": "s16", "acc": "s16"}


@dataclass(frozen=True)
class Case:
    """A kernel with sizes, on a machine; large ones are left to the heuristics."""

    target: str
    kernel: str
    sizes: tuple[tuple[str, object], ...]
    is_large: bool = False

    @property
    def name(self) -> str:
        return " ".join([self.kernel, *(f"{name}={size}" for name, size in self.sizes if isinstance(size, int))])


def _case(target: str, kernel: str, **sizes: object) -> Case:
    types = {"in": "s16"} if target == "tiles" else {}
    return Case(target, kernel, tuple({**sizes, **types}.items()))


def _large(target: str, kernel: str, **sizes: object) -> Case:
    return Case(target, kernel, tuple(sizes.items()), is_large=True)


SMALL = (
    _case("tiny", "gemm", M=2, N=2, K=12),
    _case("tiny", "gemm", M=4, N=4, K=8),
    _case("tiny", "gemm", M=4, N=6, K=9),
    _case("tiny", "gemm", M=5, N=3, K=7),
    _case("tiny", "gemv", M=6, K=7),
    _case("tiny", "conv1d", K=4, C=2, P=6, R=3),
    _case("tiny", "conv2d", K=2, C=1, P=3, Q=3, R=2, S=2),
    _case("tiny", "depthwise_conv2d", C=2, P=3, Q=3, R=2, S=2),
    _case("tiny", "gemm_relu", M=4, N=4, K=4),
    _case("tiny", "gru_gate", BATCH=1, INPUTS=2, UNITS=2),
    _case("tiles", "gemm", M=32, N=32, K=16),
    _case("tiles", "gemm", M=16, N=16, K=64),
    _case("tiles", "gemm", M=32, N=32, K=32),
    _case("tiles", "gemm", M=16, N=64, K=32),
    _case("tiles", "gemm", M=48, N=48, K=16),
    _case("tiles", "gemm", M=48, N=32, K=32),
    _case("gemmini", "gemm", M=20, N=20, K=20),
    _case("gemmini", "gemm", M=32, N=32, K=32),
    _case("gemmini", "gemm", M=48, N=32, K=32),
    _case("gemmini", "gemm", M=64, N=16, K=48),
    _case("gemmini", "gemv", M=48, K=32),
    _case("gemmini", "batch_gemm", BATCH=2, M=16, N=16, K=32),
    _case("vliw4", "gemm", M=4, N=3, K=8),
    _case("vliw4", "gemm", M=16, N=3, K=6),
    _case("vliw4", "gemv", M=16, K=8),
    _case("vliw4", "batch_gemm", BATCH=2, M=2, N=4, K=4),
    _case("vliw4", "conv1d", K=2, C=2, P=6, R=2),
    _case("vliw4", "conv2d", K=2, C=2, P=2, Q=4, R=2, S=2),
    _case("vliw4", "pointwise_conv2d", K=4, C=8, P=2, Q=4),
    _case("vliw4", "depthwise_conv2d", C=4, P=2, Q=2, R=2, S=2),
    _case("vliw4", "depthwise_pointwise", C=2, K=2, P=3, R=2),
    _case("vliw4", "depthwise_pointwise", C=2, K=3, P=4, R=2),
    _case("vliw4", "gemm_relu", M=4, N=4, K=4),
    _case("vliw4", "gru_gate", BATCH=2, INPUTS=4, UNITS=4),
    _case("vliw4", "attention_products", M=2, N=2, D=3),
    _case("vliw4", "attention_products", M=4, N=4, D=4),
)
LARGE = (
    *(_large("p16", f"p16/{name}") for name in ("g64", "gmed", "gdb1", "gdb2", "conv", "dw", "pw", "dwpw")),
    _large("p16", "conv2d", K=32, C=16, P=28, Q=28, STRIDE=2, **S16),
    _large("p16", "conv3d", K=16, C=8, P=12, Q=12, **S16),
    _large("p16", "batch_gemm", BATCH=4, M=64, N=64, K=64, **S16),
    _large("p16", "pointwise_conv2d", K=96, C=80, P=28, Q=28, **S16),
    _large("tiles", "gemm", M=160, N=160, K=160, **{"in": "s16"}),
    _large("gemmini", "gemm", M=256, N=256, K=256),
    _large("gemmini", "gemm", M=128, N=512, K=64),
    _large("vliw4", "gemm", M=64, N=64, K=64),
    _large("vliw4", "conv2d", K=16, C=8, P=14, Q=14),
    _large("tiny", "gemm", M=32, N=32, K=32),
)


def measure(case: Case) -> dict[str, Any]:
    """One line of the table; raises AssertionError where the answer or its certificate does not hold."""
    method: Any = "heuristic" if case.is_large else "exact"
    options = Options(method, time_limit_s=LIMIT_S, workers=2, deterministic=case.is_large)
    began = time.perf_counter()
    answer = compile_workload(load_workload(case.kernel, dict(case.sizes)), load_target(case.target), options)
    seconds = time.perf_counter() - began
    assert answer.checked, (case, answer.violations)
    assert answer.certificate is not None
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        write_result(path, answer)
        wrong = verify(read_result(path)).violations
    assert not wrong, (case, wrong)
    return {
        "kernel": case.name,
        "target": case.target,
        "is_large": case.is_large,
        "einsums": len(answer.work.einsums),
        "operations": answer.simulation.issues,
        "cycles": answer.simulation.latency_cycles,
        "bound_cycles": int(answer.certificate.bound or 0),
        "certificate": answer.certificate.kind,
        "candidates": answer.certificate.candidates,
        "closed_by_solver": len(answer.certificate.closed),
        "seconds": round(seconds, 1),
        "verify_seconds": round(time.perf_counter() - began, 1),
    }


def small_table(rows: list[dict[str, Any]]) -> str:
    """Small kernels as Markdown."""
    lines = [
        "| kernel | machine | operations | cycles | bound | proved | candidates | by the solver | seconds | verify |",
        "|---|---|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        if not row["is_large"]:
            proved = row["certificate"] if row["cycles"] == row["bound_cycles"] else "-"
            cells = [row["kernel"], row["target"], row["operations"], row["cycles"], row["bound_cycles"], proved]
            cells += [f"{row['candidates']:,}", row["closed_by_solver"], row["seconds"], row["verify_seconds"]]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def large_table(rows: list[dict[str, Any]]) -> str:
    """Large kernels as Markdown."""
    lines = ["| kernel | machine | cycles | verified bound | gap |", "|---|---|---:|---:|---:|"]
    for row in rows:
        if row["is_large"]:
            gap = 1 - row["bound_cycles"] / row["cycles"]
            cells = [row["kernel"], row["target"], f"{row['cycles']:,}", f"{row['bound_cycles']:,}", f"{gap:.1%}"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    kept = HERE / "results.json"
    known = {} if given.again or not kept.exists() else _by_case(json.loads(kept.read_text())["results"])
    for case in (*SMALL, *LARGE):
        at = case.name, case.target
        if given.only in " ".join(at) and (given.only or at not in known):
            known[at] = measure(case)
            print(*known[at].values(), flush=True)
            rows = [known[one.name, one.target] for one in (*SMALL, *LARGE) if (one.name, one.target) in known]
            kept.write_text(json.dumps({"results": rows}, indent=1) + "\n")
    rows = json.loads(kept.read_text())["results"]
    page = (HERE / "README.md").read_text()
    for name, table in (("small", small_table(rows)), ("large", large_table(rows))):
        page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", rf"\g<1>{table}\n\2", page, flags=re.S)
    (HERE / "README.md").write_text(page)


def _by_case(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["kernel"], row["target"]): row for row in rows}


if __name__ == "__main__":
    main()
