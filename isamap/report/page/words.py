"""Matches, operands and statuses in words."""

from __future__ import annotations

from isamap.ir.answers import Match
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.report.figures import share

_REALISATIONS = {
    "direct": "as it lies",
    "view": "as a strided view",
    "gather": "as a packed copy",
    "broadcast": "repeated along an axis that it lacks",
    "constant": "made by the compiler",
}
UNITS = {"latency": "cycles", "energy": "pJ", "edp": "pJ cycles", "traffic": "bytes"}
OBJECTIVES = {"latency": "Latency", "energy": "Energy", "edp": "Energy x delay", "traffic": "Bytes moved"}


def axes_in_words(match: Match) -> str:
    """``i runs over p and q, fused; j over k; k stays empty``."""
    found = []
    for axis, fused in match.axes:
        if not fused:
            found.append(f"{axis} stays empty")
        else:
            found.append(f"{axis} runs over {listed(fused)}" + (", fused outer to inner" if len(fused) > 1 else ""))
    return "; ".join(found)


def loops_in_words(match: Match, work: Workload) -> str:
    """Which axes of the einsum are left to loops."""
    left = [axis.name for axis in work.einsums[match.einsum].axes if axis.name not in match.mapped_axes]
    return f"{listed(left)} {'stays' if len(left) == 1 else 'stay'} loops outside" if left else "no axis is left over"


def operands_in_words(match: Match, target: Target) -> list[tuple[str, str, str, str]]:
    """Per operand: its name, what it is, which tensor it holds, how."""
    needs, instruction = dict(match.realisation), target.instruction(match.instruction)
    found = []
    for name, tensor, _ in match.operands:
        operand = instruction.operand(name)
        shape = f"{operand.dtype}[{','.join(operand.axes)}] in {operand.memory}"
        found.append((name, shape, tensor, _REALISATIONS.get(needs[name], needs[name])))
    return found


def use_in_words(match: Match) -> str:
    proved = "proved: no element lost, done twice or fed wrongly" if match.proved else "not proved"
    return f"fills {share(match.utilisation)} of the instruction; {proved}"


def listed(names: tuple[str, ...] | list[str]) -> str:
    """``p``, ``p and q``, ``n, p and q``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
