"""Is a match right? Slow and obvious: every rule by itself, then every point of a small version of the kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

from isamap.check.match_case import Case, look_up, name_faults
from isamap.check.match_lanes import moves_in_place, shared_lanes
from isamap.check.match_realisation import realised
from isamap.check.match_store import check_store
from isamap.check.match_tiles import element, issues, small_extents
from isamap.ir.answers import Match, Violation
from isamap.ir.hardware import Target
from isamap.ir.scalar import Apply, Cast, Literal, Read, Scalar, without_identity_casts
from isamap.ir.workload import Workload

RULES: dict[str, str] = {
    "einsum": "The match names an einsum of the workload.",
    "instruction": "The match names an instruction of the target whose meaning is one einsum.",
    "modes": "One choice of each of the machine's modes is made, in a legal combination.",
    "immediates": "The numbers that the instruction's meaning leaves open are given, and no other.",
    "axes": "Every axis of the instruction is listed once, with axes of the kernel, each used at most once.",
    "operands": "Every operand of the instruction holds one access of the kernel, and every access is held.",
    "utilisation": "The utilisation is above 0 and at most 1.",
    "operator": "Kernel and instruction reduce by the same operator; an instruction that starts its reduction afresh "
    "also assigns, where it sums over one point or over zeros.",
    "expression": "With the operands put in, both sides are the same expression.",
    "dtype": "A tensor has the type of the operand that holds it.",
    "kinds": "A parallel axis feeds a parallel one, a reduced axis a reduced one.",
    "dependence": "An operand depends on an axis of the instruction iff its tensor depends on the axes fused into it; "
    "an input that is broadcast or gathered may lack them.",
    "cover": "On small extents, in small tiles with ragged edges, every point is done exactly once.",
    "feed": "In one issue, lanes that share an element of an operand want one element of the tensor.",
    "windowed": "An axis whose lanes share elements with those of another (p + r) takes one axis of the kernel.",
    "strides": "What only copies finds tensors in the outermost memory, or a cache, at strides that it takes.",
    "store": "In one issue, no two results go to one element of the output; what a transfer does on the way out, it "
    "does once to every element of a tensor that nobody else wants.",
    "realisation": "What is called direct has one stride per instruction axis, no element twice; a view has strides.",
}
_NESTING_FREE = ("+", "*", "max", "min", "&", "|", "^")
_ZERO_OF_ZEROS = ("+", "-", "neg", "abs", "max", "min")
_ORDER_FREE = (*_NESTING_FREE, "==", "!=")


def check_match(match: Match, workload: Workload, target: Target) -> list[Violation]:
    """Every rule of the list above that ``match`` breaks; empty: none. Never raises on a wrong match."""
    if match.instruction in [transfer.name for transfer in target.transfers] and match.einsum in range(
        len(workload.einsums)
    ):
        return list(check_store(match, workload, target, _spelt))
    wrong = list(name_faults(match, workload, target))
    if wrong:
        return wrong
    case = look_up(match, workload, target)
    rules = (_computes, _types, _kinds, _dependence, _points, shared_lanes, moves_in_place, realised)
    return [violation for rule in rules for violation in rule(case)]


def _computes(case: Case) -> Iterator[Violation]:
    if case.einsum.operator != case.meaning.operator and not _assigns(case):
        yield Violation("operator", case.instruction.name, f"{case.meaning.operator} is not {case.einsum.operator}")
    types = {operand.name: operand.dtype for operand in case.instruction.operands}
    wanted = _spelt(without_identity_casts(case.meaning.value, types), [a.tensor for a in case.meaning.reads])
    number_of = {number: operand for operand, _, number in case.match.operands}
    by_access = {access: operand for operand, access in case.held.items()}
    names = [number_of.get(n + 1) or by_access.get(access, "?") for n, access in enumerate(case.einsum.reads)]
    found = _spelt(without_identity_casts(case.einsum.value, case.workload.dtype_of), names)
    if wanted != found:
        yield Violation("expression", case.instruction.name, f"{found} is not {wanted}")


def _assigns(case: Case) -> bool:
    """Does an instruction that reduces assign: it begins at the identity and adds one value, or zeros beside it?"""
    summed = case.meaning.reduction_axes
    if case.einsum.operator != "=" or case.instruction.initialise == "never" or any(case.fused[d] for d in summed):
        return False
    filled = any(axis.least > 1 for axis in case.instruction.axes if axis.name in summed)
    return not filled or (case.meaning.operator == "+=" and _vanishes(case.meaning.value))


def _vanishes(value: Scalar) -> bool:
    """Where all reads are 0, is ``value``?"""
    if isinstance(value, Apply):
        parts = list(map(_vanishes, value.arguments))
        return any(parts) if value.function in "*&" else value.function in _ZERO_OF_ZEROS and all(parts)
    return isinstance(value, Read) or (isinstance(value, Cast) and _vanishes(value.argument))


def _spelt(value: Scalar, names: list[str]) -> str:
    """``value`` as text, its reads called by ``names`` in turn, arguments sorted where their order does not matter and
    written side by side where their nesting does not."""
    left = iter(names)

    def listed(function: str, arguments: tuple[Scalar, ...]) -> list[str]:
        found: list[str] = []
        for argument in arguments:
            if function in _NESTING_FREE and isinstance(argument, Apply) and argument.function == function:
                found += listed(function, argument.arguments)
            else:
                found.append(spell(argument))
        return found

    def spell(node: Scalar) -> str:
        match node:
            case Read():
                return next(left, "?")
            case Cast(dtype, argument, saturate):
                return f"{'sat_' if saturate else ''}{dtype}({spell(argument)})"
            case Apply(function, arguments):
                parts = listed(function, arguments)
                return f"{function}({', '.join(sorted(parts) if function in _ORDER_FREE else parts)})"
            case Literal(number):
                return str(int(number)) if number == number // 1 else str(node)  # 1.0 in the type of 1 is 1
        return str(node)

    return spell(value)


def _types(case: Case) -> Iterator[Violation]:
    for operand, tensor, _ in case.match.operands:
        wanted, found = case.instruction.operand(operand).dtype, case.workload.tensor(tensor).dtype
        if wanted != found:
            yield Violation("dtype", operand, f"{tensor} is {found}, not {wanted}")


def _kinds(case: Case) -> Iterator[Violation]:
    for d, fused in case.match.axes:
        for x in fused:
            if (d in case.meaning.parallel_axes) != (x in case.einsum.parallel_axes):
                yield Violation("kinds", f"{x} in {d}", "one is parallel, the other reduced")


def _dependence(case: Case) -> Iterator[Violation]:
    needs = dict(case.match.realisation)
    for operand, access in case.held.items():
        for d, fused in case.match.axes:
            own = d in case.own[operand].axes
            for x in fused:
                repeated = own and operand not in case.instruction.written and needs[operand] in ("broadcast", "gather")
                if (x in access.axes) != own and not repeated:
                    what = "depends on" if own else "does not depend on"
                    yield Violation("dependence", f"{x} in {d}", f"{operand} {what} {d}, {access} is otherwise")


def _points(case: Case) -> Iterator[Violation]:
    extents = small_extents(case.einsum.extents, case.match.mapped_axes)
    done: Counter[tuple[int, ...]] = Counter()
    wrong: set[tuple[str, str]] = set()
    written = case.meaning.output.tensor
    for lanes in issues(case.match, extents, {axis.name: axis.most for axis in case.instruction.axes}):
        tile: dict[tuple[str, tuple[int, ...]], str] = {}
        writer: dict[str, tuple[int, ...]] = {}
        for index, point in lanes:
            done[tuple(point[x] for x in extents)] += 1
            for operand, access in case.held.items():
                at = tuple(i.evaluate(index) for i in case.own[operand].affine_indices)
                meant = element(access, case.at(point))
                if tile.setdefault((operand, at), meant) != meant:
                    wrong.add(("feed", operand))
                if operand == written and writer.setdefault(meant, at) != at:
                    wrong.add(("store", operand))
    for rule, operand in sorted(wrong):
        yield Violation(rule, operand, "lanes disagree about an element of its tensor")
    missed = [point for point in product(*map(range, extents.values())) if done[point] != 1]
    if missed:
        yield Violation("cover", str(missed[0]), f"done {done[missed[0]]} times; {len(missed)} such points")
