"""What cannot be compared at all: an einsum and an instruction of other forms, operators or expressions."""

from __future__ import annotations

from isamap.errors import Unsupported
from isamap.ir.einsum import IDENTITIES, Einsum
from isamap.ir.hardware import Instruction
from isamap.ir.workload import Workload, is_copy
from isamap.mapping.orientation import laid, uses_index, without_casts
from isamap.mapping.padding import is_harmless
from isamap.mapping.windows import greatest, lane_windows


def refusals(workload: Workload, number: int, instruction: Instruction) -> tuple[str, ...]:
    """Why the two cannot be compared at all, in sentences; empty: they can."""
    einsum, name = workload.einsums[number], instruction.name
    if len(instruction.meaning) != 1:
        return (f"{name} means {len(instruction.meaning)} einsums: it does as many of the kernel's at once, or none",)
    (meaning,) = instruction.meaning
    for side, what in ((einsum, f"einsum {number}"), (meaning, name)):
        if len(side.outputs) != 1:
            return (f"{what} has two outputs ({side.statement}): these are not matched yet",)
        if uses_index(side.value):
            return (f"{what} uses an index or a tensor's value as an index ({side.value}): not matched yet",)
    unlike = _unlike_windows(instruction, meaning)
    if unlike:
        return (unlike,)
    reasons = []
    if einsum.operator != meaning.operator:
        reasons += _operator_reasons(einsum, instruction, meaning)
    try:
        if not laid(einsum, meaning):
            reasons.append(f"{name} computes {without_casts(meaning.value)}, the kernel {without_casts(einsum.value)}")
    except Unsupported as error:
        return (f"{name}: {error}",)
    return tuple(reasons)


def _unlike_windows(instruction: Instruction, meaning: Einsum) -> str:
    """Why the instruction's accesses say more than its operands' lanes; empty: they do not."""
    most, own = greatest(instruction), (meaning.output, *meaning.reads)
    for access in own:
        window = lane_windows(access, most)
        if window is None or (window and access == meaning.output):
            return f"{instruction.name} meets elements of {access} in several lanes at once: not matched yet"
    for access in own:
        if any(access.tensor == other.tensor and access != other for other in own):
            return f"{instruction.name} reads {access.tensor} at two places at once ({access}): not matched yet"
        if is_copy(meaning) and [str(index) for index in access.indices] != list(access.axes):
            return f"{instruction.name} copies {access}, whose indices are not axes alone: not matched yet"
    return ""


def _operator_reasons(einsum: Einsum, instruction: Instruction, meaning: Einsum) -> list[str]:
    """Why an instruction of another operator cannot do it: one that reduces does ``=`` where it can start afresh."""
    name, kernel = instruction.name, f"the kernel {einsum.operator} ({einsum.statement})"
    if einsum.operator != "=" or IDENTITIES[meaning.operator] is None:
        return [f"{name} computes {meaning.operator}, {kernel}"]
    if instruction.initialise == "never":
        return [
            f"{name} computes {meaning.operator} onto what {meaning.output.tensor} holds and never afresh, {kernel}"
        ]
    long = [a for a in instruction.axes if a.name in meaning.reduction_axes and a.least > 1]
    if not long or is_harmless(meaning):
        return []
    taken = ", ".join(f"{a.least} or more of {a.name}" for a in long)
    return [f"{name} takes {taken}, {kernel} has one, and what fills it up would change {meaning.operator}"]
