"""The main job: two layers of real networks on one machine, compiled, simulated, checked and shown.

``make demo`` runs it: DeepBench's GEMM 1760x128x1760 and MobileNet's pointwise layer (32 -> 64 channels, 112x112) on
p16. Result files go to ``results/`` in the current folder.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rich.console import Console
from rich.rule import Rule

from isamap import Compiled, Options, compile_workload, load_target, load_workload, write_result
from isamap.report.answer import answer_report

LAYERS = {
    "p16/gdb1": "DeepBench: GEMM 1760x128x1760",
    "p16/pw": "MobileNet: pointwise layer, 32 to 64 channels, 112x112 pixels",
}
TARGET = "p16"
RESULTS = Path("results")


def main() -> int:
    """Exit code: 0, or 5 where a check failed."""
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = 120
    RESULTS.mkdir(exist_ok=True)
    answers = [demonstrate(name, title, console) for name, title in LAYERS.items()]
    return 0 if all(answer.checked for answer in answers) else 5


def demonstrate(name: str, title: str, console: Console) -> Compiled:
    """Compiles one layer, writes its result file and shows everything that was found."""
    console.print(Rule(title, characters="=", align="left"))
    began = time.monotonic()
    answer = compile_workload(load_workload(name), load_target(TARGET), Options(seed=0))
    path = RESULTS / f"{answer.work.name}_{TARGET}.json"
    write_result(path, answer)
    console.print(answer_report(answer, path))
    console.print(f"took: {time.monotonic() - began:.1f} s; again, with every check: isamap simulate {path}\n")
    return answer


if __name__ == "__main__":
    sys.exit(main())
