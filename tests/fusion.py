"""Einsums fused by hand: kernels in which a tensor passes on chip, and what is wrong with the program made of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice

from isamap.ir.answers import Home, Placement, Schedule, Tiling, Violation
from isamap.ir.binding import Binding, matches_of
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.judge import judge_answers, judge_program
from isamap.lowering import lower
from isamap.mapping.choose import choose
from isamap.plan import place
from isamap.plan.apart import bindings_of
from isamap.plan.fusing import fused
from isamap.scheduling import list_schedule
from isamap.spec import load_target, load_workload

PARTS = tuple[tuple[Binding, Tiling], ...]


@dataclass(frozen=True)
class FusedKernel:
    """A kernel whose einsums work in turns on strips, with every answer on the way to its program."""

    work: Workload
    target: Target
    parts: PARTS
    schedule: Schedule
    placement: Placement

    @property
    def bindings(self) -> list[Binding]:
        return [binding for binding, _ in self.parts]

    def violations(self) -> tuple[Violation, ...]:
        """What the checkers, the simulator and the comparison with the meaning find."""
        program = lower(self.work, self.bindings, self.schedule, self.placement, self.target)
        run, found = judge_program(program, self.work, self.target)
        assert run.latency_cycles == self.schedule.latency_cycles
        tilings = [tiling for _, tiling in self.parts]
        return found + judge_answers(
            matches_of(self.bindings), tilings, self.schedule, self.placement, self.work, self.target
        )


@cache
def fused_kernel(
    text: str, machine: str, parameters: tuple[tuple[str, int], ...], homes: tuple[tuple[str, Home], ...], rank: int = 0
) -> FusedKernel:
    """The kernel on ``machine`` with tensors in the given homes, in the ``rank``-th tilings that are proposed."""
    work, target = load_workload(text), load_target(machine, dict(parameters))
    _, candidates, _ = choose(work, target)
    choices = [bindings[:1] for bindings in bindings_of(work, candidates, target, dict(homes))]
    parts = next(islice(fused(choices, "latency", 1.0), rank, None)).parts
    schedule = list_schedule(parts, target)
    placement = place(schedule, [binding for binding, _ in parts], target)
    return FusedKernel(work, target, parts, schedule, placement)


def kernel(sizes: str, tensors: dict[str, str], *einsums: str, axes: str = "") -> str:
    """The YAML of a kernel; ``tensors`` are name -> "dtype [shape]"."""
    lines = ["name: fused", f"sizes: {{{sizes}}}", f"axes: {{{axes}}}", "tensors:"]
    for name, held in tensors.items():
        dtype, shape = held.split(" ", 1)
        lines.append(f"  {name}: {{dtype: {dtype}, shape: {shape}}}")
    return "\n".join([*lines, "einsums:", *(f"  - {einsum}" for einsum in einsums), ""])


DEPTHWISE = kernel(  # 3 x 3 windows in bands of 4 x 4 outputs
    "K: 5, C: 3, P: 12, Q: 16, R: 3, S: 3",
    {
        "I": "s16 [C, P, Q], border: 0",
        "D": "s16 [C, R, S], border: 0",
        "T": "s16 [C, P, Q]",
        "W": "s16 [K, C]",
        "O": "s16 [K, P, Q]",
    },
    "T[c,4*p_block+p_lane,4*q_block+q_lane] += I[c,4*p_block+p_r-1,4*q_block+q_s-1] * D[c,p_r-p_lane,q_s-q_lane]",
    "O[k,p,q] += T[c,p,q] * W[k,c]",
    axes="p_block: 3, p_lane: 4, q_block: 4, q_lane: 4, p_r: 6, q_s: 6",
)
PRODUCTS = kernel(
    "M: 37, N: 11, K: 9, L: 18",
    {"A": "s16 [M, K]", "B": "s16 [K, N]", "T": "s16 [M, N]", "E": "s16 [N, L]", "O": "s16 [M, L]"},
    "T[m,n] += A[m,k] * B[k,n]",
    "O[m,l] += T[m,n] * E[n,l]",
)
WINDOWS = kernel(
    "K: 6, C: 5, P: 7, Q: 11, R: 3, S: 3, L: 9",
    {
        "I": "s16 [C, P+R-1, Q+S-1]",
        "F": "s16 [K, C, R, S]",
        "T": "s16 [K, P, Q]",
        "W": "s16 [L, K]",
        "O": "s16 [L, P, Q]",
    },
    "T[k,p,q] += I[c,p+r,q+s] * F[k,c,r,s]",
    "O[l,p,q] += T[k,p,q] * W[l,k]",
)
RECTIFIED = kernel(
    "M: 13, N: 18, K: 10",
    {"A": "s8 [M, K]", "B": "s8 [K, N]", "T": "s32 [M, N]", "O": "s32 [M, N]"},
    "T[m,n] += s32(A[m,k]) * s32(B[k,n])",
    "O[m,n] = max(T[m,n], 0)",
)
CHAIN = kernel(
    "M: 13, N: 9, K: 6",
    {"A": "s8 [M, K]", "B": "s8 [K, N]", "T": "s32 [M, N]", "X": "s32 [M, N]", "U": "s32 [M, N]", "O": "s32 [M, N]"},
    "T[m,n] += s32(A[m,k]) * s32(B[k,n])",
    "U[m,n] = T[m,n] + X[m,n]",
    "O[m,n] = max(U[m,n], 0)",
)
