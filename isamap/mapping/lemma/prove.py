"""Does an instruction do what it means? For all values of its operands in their ranges, or not, with an example.

    for every element that is written, and all inputs in their ranges:   what is meant = what is done

is asked of Z3 as "is some element different?", which must have no model. The mode that initialises is the other one
with the identity in the accumulator: it is asked by itself only where the identity is out of the accumulator's range.
An axis whose extent has a range stands at its greatest extent; for smaller issues the lanes beyond must hold zeros
that add nothing, or nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import z3

from isamap.errors import Unsupported
from isamap.ir.hardware import Instruction
from isamap.mapping.lemma.bit_vector import BitVectors
from isamap.mapping.lemma.canonical import representatives
from isamap.mapping.lemma.corners import corners, simplified
from isamap.mapping.lemma.idle_lanes import idle_lanes
from isamap.mapping.lemma.interval import Interval, limits
from isamap.mapping.lemma.number import evaluate
from isamap.mapping.lemma.term import Element, Terms
from isamap.mapping.lemma.unroll import Pair, identity, unroll

LIMIT = 100_000_000  # Z3's own deterministic measure of work: about half a minute
Ranges = tuple[tuple[str, Interval], ...]


@dataclass(frozen=True)
class Counterexample:
    """Values of operand elements for which an output element becomes ``done`` where ``meant`` was meant."""

    element: Element
    inputs: tuple[tuple[Element, int], ...]
    meant: int
    done: int
    initialise: bool = False

    def __str__(self) -> str:
        given = [f"{_text(element)} = {value}" for element, value in self.inputs if value]
        where = ", ".join(given) + (", all else 0" if len(given) < len(self.inputs) else "")
        mode = " (from its start)" if self.initialise else ""
        return f"{where}: {_text(self.element)}{mode} should become {self.meant} and becomes {self.done}"


@dataclass(frozen=True)
class Lemma:
    """``equal``: proved for all inputs within ``ranges`` (whole types where none is given). ``differs``: see
    ``counterexample``. ``unknown``: ``reason`` says why. ``none``: the file gives no implementation. ``pairs`` counts
    the different pairs of terms that were proved equal."""

    instruction: str
    verdict: Literal["equal", "differs", "unknown", "none"]
    ranges: Ranges = ()
    counterexample: Counterexample | None = None
    reason: str = ""
    pairs: int = 0

    def __str__(self) -> str:
        where = "".join(f", {name} in [{low}, {high}]" for name, (low, high) in self.ranges)
        found = {
            "equal": f"does what it means{where}",
            "differs": f"does not do what it means{where}: {self.counterexample}",
            "unknown": f"is not decided{where}: {self.reason}",
            "none": "has no implementation to compare with",
        }
        return f"{self.instruction} {found[self.verdict]}"


def lemma(instruction: Instruction, ranges: Mapping[str, Interval] | None = None, limit: int = LIMIT) -> Lemma:
    """Is the implementation equal to the meaning where operands lie in ``ranges`` (default: those of the file)?

    ``limit`` bounds Z3's work on each pair of terms."""
    given = dict(instruction.value_ranges) if ranges is None else dict(ranges)
    if instruction.implementation is None:
        return Lemma(instruction.name, "none")
    try:
        whole = {o.name: limits(o.dtype) for o in instruction.operands}
        found = {name: (int(low), int(high)) for name, (low, high) in given.items() if whole[name] != (low, high)}
        return _proved(instruction, tuple(found.items()), limit)
    except Unsupported as error:
        return Lemma(instruction.name, "unknown", reason=f"{error.feature} is beyond this proof")


@lru_cache(maxsize=4096)
def _proved(instruction: Instruction, ranges: Ranges, limit: int) -> Lemma:
    idle = idle_lanes(instruction, dict(ranges))
    if idle:
        return Lemma(instruction.name, "unknown", ranges, reason=idle)
    found = Lemma(instruction.name, "equal", ranges)
    for initialise in _modes(instruction, dict(ranges)):
        terms, pairs = _unrolled(instruction, initialise)
        for pair in pairs:
            found = _asked(found, terms, pair, initialise, limit)
            if found.verdict != "equal":
                return found
    return found


def _modes(instruction: Instruction, ranges: Mapping[str, Interval]) -> tuple[bool, ...]:
    """Which modes to ask about: initialising (True), accumulating (False)."""
    if instruction.initialise != "optional":
        return (instruction.initialise == "always",)
    written = [(output.tensor, e.operator) for e in instruction.meaning for output in e.outputs]
    for name, operator in written:
        dtype = instruction.operand(name).dtype
        low, high = ranges.get(name, limits(dtype))
        if not low <= identity(operator, dtype) <= high:
            return True, False
    return (False,)


@lru_cache(maxsize=64)
def _unrolled(instruction: Instruction, initialise: bool) -> tuple[Terms, tuple[Pair, ...]]:
    terms = Terms()
    return terms, representatives(terms, unroll(terms, instruction, initialise))


def _asked(so_far: Lemma, terms: Terms, pair: Pair, initialise: bool, limit: int) -> Lemma:
    """The lemma with one more pair asked about."""
    ranges, roots, pairs = so_far.ranges, (pair.meant, pair.done), so_far.pairs + 1
    for corner in corners(terms, roots, dict(ranges)):
        if len(set(evaluate(terms, roots, corner))) == 2:
            return replace(so_far, verdict="differs", counterexample=_example(terms, pair, corner, ranges, initialise))
    verdict, inputs = _solved(terms, pair, ranges, limit)
    if verdict == z3.unsat:
        return replace(so_far, pairs=pairs)
    if verdict != z3.sat:
        return replace(so_far, verdict="unknown", reason=f"Z3 gave up after {limit:,} steps")
    return replace(so_far, verdict="differs", counterexample=_example(terms, pair, inputs, ranges, initialise))


def _example(
    terms: Terms, pair: Pair, inputs: Mapping[Element, int], ranges: Ranges, initialise: bool
) -> Counterexample:
    roots = (pair.meant, pair.done)
    simple = simplified(terms, roots, inputs, dict(ranges))
    meant, done = evaluate(terms, roots, simple)
    assert meant != done, "the formula and the numbers disagree"
    return Counterexample(pair.element, tuple(simple.items()), meant, done, initialise)


def _solved(terms: Terms, pair: Pair, ranges: Ranges, limit: int) -> tuple[z3.CheckSatResult, dict[Element, int]]:
    """Are there inputs for which the two differ? And which."""
    context = z3.Context()
    formulas = BitVectors(terms, (pair.meant, pair.done), dict(ranges), context)
    solver = z3.SolverFor("QF_BV", ctx=context)
    solver.set("rlimit", limit)
    solver.add(*formulas.given, formulas.differ(pair.meant, pair.done))
    verdict = solver.check()
    if verdict != z3.sat:
        return verdict, {}
    model = solver.model()
    found = {e: model.eval(formula, model_completion=True) for e, formula in formulas.inputs.items()}
    return verdict, {element: value.as_signed_long() for element, value in found.items()}


def _text(element: Element) -> str:
    name, place = element
    return f"{name}[{', '.join(map(str, place))}]" if place else name
