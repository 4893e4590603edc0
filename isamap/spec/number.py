"""Numbers of a file that may be expressions: of a kernel's sizes, of a machine's parameters, of an issue's extents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

from isamap.errors import Fault, InvalidNoun
from isamap.ir import expression as tree
from isamap.ir.expression import Call, Expression, Name, Number, Value
from isamap.ir.hardware import cycles
from isamap.spec.quantity import UNITS, is_quantity, quantity

Source = int | float | str  # as it stands in the file
Names = Mapping[str, int | float]


def number(source: Source, names: Names) -> Value:
    """The value of ``source`` where ``names`` are known; raises InvalidNoun."""
    return tree.evaluate(_tree(source), names)


def whole(source: Source, names: Names, least: int | None = 1, what: str = "") -> int:
    """The whole number that ``source`` is, not below ``least``; raises InvalidNoun."""
    value = number(source, names)
    expected = f"a whole number{f' of {what}' if what else ''}" + ("" if least is None else f" of at least {least}")
    if value != value or value in (float("inf"), float("-inf")) or value % 1 or (least is not None and value < least):
        mentioned = sorted(tree.names(_tree(source)))
        where = ", ".join(f"{name} = {names[name]}" for name in mentioned)
        raise InvalidNoun([Fault((), expected, str(value), f"{source} where {where}" if where else "")])
    return int(value)


def measure(source: Source, names: Names, measured: str, least: int = 1) -> int:
    """A quantity, or an expression in its base unit: bytes per cycle for a ``rate``; raises InvalidNoun."""
    base = next(iter(UNITS[measured]))
    return whole(quantity(source, measured) if is_quantity(source) else source, names, least, base)


def cost(source: Source, parameters: Names, known: Collection[str]) -> Expression:
    """An expression over ``known`` names, parameters put in; raises InvalidNoun on any other name."""
    found = substitute(_tree(source), parameters)
    unknown = sorted(tree.names(found) - set(known))
    if unknown:
        possible = f"a name of {' '.join(dict.fromkeys([*known, *parameters]))}"
        raise InvalidNoun([Fault((), possible, repr(name), f"in {source!r}") for name in unknown])
    return found


def cost_cycles(source: Source, parameters: Names, samples: Collection[Mapping[str, int]]) -> Expression:
    """A cost in cycles (a quantity or an expression), tried with each of ``samples``.

    Raises InvalidNoun where it is no number or negative.
    """
    if is_quantity(source):
        return Number(quantity(source, "cycles"))
    found = cost(source, parameters, next(iter(samples)))
    for values in samples:
        cycles(found, values)
    return found


def energy_pj(source: Source, parameters: Names, samples: Collection[Mapping[str, int]]) -> Expression:
    """An energy in picojoules, tried with each of ``samples``; raises InvalidNoun where it is no number or negative."""
    found = cost(source, parameters, next(iter(samples)))
    for values in samples:
        if (value := tree.evaluate(found, values)) < 0:
            raise InvalidNoun([Fault((), "an energy of at least 0 pJ", f"{found} = {value}")])
    return found


def substitute(expression: Expression, values: Names) -> Expression:
    """``expression`` with ``values`` put in for their names, and parts without names worked out."""
    match expression:
        case Name(name) if name in values:
            return Number(values[name])
        case Call(function, arguments):
            changed = Call(function, tuple(substitute(argument, values) for argument in arguments))
            if not all(isinstance(argument, Number) for argument in changed.arguments):
                return changed
            value = tree.evaluate(changed, {})
            return changed if isinstance(value, Fraction) else Number(value)
    return expression


def _tree(source: Source) -> Expression:
    if isinstance(source, str) and is_quantity(source):
        raise InvalidNoun([Fault((), "a number or an expression without a unit", repr(source))])
    return tree.parse(source) if isinstance(source, str) else Number(source)
