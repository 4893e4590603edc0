"""Small compiled kernels as result files that were read again, and their programs run again; each once per process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from isamap.compile import Compiled, Options, compile_workload
from isamap.report.page import Rerun, run_again
from isamap.report.page.trace import Trace
from isamap.result import Result, read_result, write_result
from isamap.spec import load_target, load_workload
from tests.answers import small_gemm, two_einsums

S16 = {"in": "s16", "acc": "s16"}
MACHINES = ("tiny", "tiles", "p16")


@cache
def compiled_on(machine: str) -> Compiled:
    """A small GEMM on a bundled machine."""
    if machine == "tiny":
        return small_gemm()
    sizes = {"M": 48, "N": 32, "K": 32, "in": "s16", "acc": "s16" if machine == "p16" else "s32"}
    return compile_workload(load_workload("gemm", sizes), load_target(machine), Options(method="heuristic"))


@cache
def result_on(machine: str) -> Result:
    return as_read(compiled_on(machine))


def as_read(compiled: Compiled) -> Result:
    """What a result file says, by way of the file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        write_result(path, compiled)
        return read_result(path)


@cache
def rerun_on(machine: str) -> Rerun:
    return run_again(result_on(machine))


@cache
def rerun_of_two() -> Rerun:
    """Two einsums with a tensor between them."""
    return run_again(as_read(two_einsums()))


def trace_on(machine: str) -> Trace:
    trace = rerun_on(machine).trace
    assert trace is not None
    return trace
