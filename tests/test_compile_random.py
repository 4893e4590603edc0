"""Meaning: small random kernels, compiled, are what they say: every checker, the simulator and ``evaluate`` agree."""

from __future__ import annotations

import pytest

from isamap.compile import Options, compile_workload
from isamap.compiled import Method
from isamap.spec import load_workload
from tests.machines import bundled
from tests.random_kernels import FAMILIES, random_kernel

COUNTS = {"p16": 11, "tiles": 4, "tiny": 13, "vliw4": 10}
CASES = [(machine, seed) for machine, count in COUNTS.items() for seed in range(count)]


@pytest.mark.parametrize(("machine", "seed"), CASES)
def test_random_kernels(machine: str, seed: int) -> None:
    family, text, work = random_kernel(machine, seed)
    method: Method = "auto" if seed % 3 == 0 else "heuristic"
    options = Options(method=method, deterministic=True, seed=seed, time_limit_s=1)
    answer = compile_workload(work, bundled(machine), options)
    what = f"{family}\n{text}"
    assert answer.violations == (), what
    assert answer.simulation.latency_cycles == answer.schedule.latency_cycles, f"a wrong prediction: {what}"
    assert answer.simulation.latency_cycles >= answer.bound_cycles, f"below the bound: {what}"


def test_every_family_comes_up() -> None:
    drawn = {(machine, random_kernel(machine, seed)[0]) for machine, seed in CASES}
    assert drawn == {(machine, family.__name__) for machine, families in FAMILIES.items() for family in families}


@pytest.mark.parametrize("objective", ["energy", "traffic", "edp"])
@pytest.mark.parametrize("seed", range(3))
def test_other_objectives_are_as_right(objective: str, seed: int) -> None:
    _, text, work = random_kernel("tiny", seed, most=12)
    options = Options(objective=objective, deterministic=True)  # type: ignore[arg-type]
    answer = compile_workload(work, bundled("tiny"), options)
    assert answer.violations == (), text
    assert answer.solved.value is not None
    assert answer.solved.bound is None or answer.solved.value >= answer.solved.bound


@pytest.mark.parametrize("dtypes", [("s8", "s32"), ("s16", "s16")], ids=["tiny", "p16"])
def test_axes_of_one_element(dtypes: tuple[str, str]) -> None:
    """A convolution in which every size is 1, and one in which only the filter is not."""
    machine = "tiny" if dtypes[0] == "s8" else "p16"
    for rows in (1, 3):
        text = f"""
name: unit
types: {{in: {dtypes[0]}, acc: {dtypes[1]}}}
sizes: {{N: 1, K: 1, C: 1, P: 1, Q: 1, R: {rows}, S: 1}}
tensors:
  I: {{dtype: in, shape: [N, C, P+R-1, Q+S-1]}}
  W: {{dtype: in, shape: [K, C, R, S]}}
  O: {{dtype: acc, shape: [N, K, P, Q]}}
einsums:
  - O[n,k,p,q] += acc(I[n,c,p+r,q+s]) * acc(W[k,c,r,s])
"""
        answer = compile_workload(load_workload(text), bundled(machine), Options(deterministic=True))
        assert answer.violations == ()
