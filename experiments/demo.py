"""The main job: layers of real networks on two machines, compiled, simulated, checked and shown.

``make demo`` runs it: DeepBench's GEMM 1760x128x1760 and MobileNet's pointwise layer (32 -> 64 channels, 112x112) on
p16; then MobileNet's first depthwise-separable block (32x112x112 -> 64) on gemmini, by heuristics and by the solvers,
side by side. Result files go to ``results/`` in the current folder.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rich.console import Console
from rich.rule import Rule

from isamap import Compiled, Options, compare_methods, compile_workload, load_target, load_workload, write_result
from isamap.report.answer import answer_report
from isamap.report.comparison import comparison_report

LAYERS = {
    "p16/gdb1": "DeepBench: GEMM 1760x128x1760",
    "p16/pw": "MobileNet: pointwise layer, 32 to 64 channels, 112x112 pixels",
}
BLOCK = "depthwise_separable"
RESULTS = Path("results")


def main() -> int:
    """Exit code: 0, or 5 where a check failed."""
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = 120
    RESULTS.mkdir(exist_ok=True)
    answers = [layer(name, title, console) for name, title in LAYERS.items()]
    answers += block(console)
    return 0 if all(answer.checked for answer in answers) else 5


def layer(name: str, title: str, console: Console) -> Compiled:
    """Compiles one layer for p16 and shows everything that was found."""
    console.print(Rule(title, characters="=", align="left"))
    began = time.monotonic()
    answer = compile_workload(load_workload(name), load_target("p16"), Options(method="heuristic"))
    show(answer, began, console)
    return answer


def block(console: Console) -> list[Compiled]:
    """Compiles the block for gemmini by both methods; its depthwise half fits the matmul with empty axes only."""
    title = "MobileNet: depthwise-separable block, 32 to 64 channels, 112x112 pixels, requantised to s8 between"
    console.print(Rule(title, characters="=", align="left"))
    began = time.monotonic()
    options = Options(time_limit_s=30)
    found = compare_methods(load_workload(BLOCK), load_target("gemmini"), options, ("list", "exact"))
    best = found.best.answer
    for note in best.notes:
        console.print(f"note: {note}")
    show(best, began, console)
    console.print(comparison_report(found))
    return [run.answer for run in found.runs]


def show(answer: Compiled, began: float, console: Console) -> None:
    """Writes the result file, and says what is in it."""
    path = RESULTS / f"{answer.work.name}_{answer.target.name}.json"
    write_result(path, answer)
    console.print(answer_report(answer, path))
    console.print(f"took: {time.monotonic() - began:.1f} s; again, with every check: isamap simulate {path}\n")


if __name__ == "__main__":
    sys.exit(main())
