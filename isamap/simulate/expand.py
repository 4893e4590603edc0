"""Expressions of loop variables over all iterations at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from isamap.errors import CheckFailed
from isamap.ir.expression import Call, Expression, Name, Number
from isamap.simulate.layout import Integers

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "neg": np.negative, "abs": np.abs, "max": np.maximum, "min": np.minimum, "+": np.add, "-": np.subtract,
    "*": np.multiply, "//": np.floor_divide, "%": np.remainder, "<<": np.left_shift, ">>": np.right_shift,
    "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal, "floor": np.positive,
    "ceil": np.positive, "round": np.positive, "select": lambda c, a, b: np.where(c != 0, a, b),
}  # fmt: skip


def over_iterations(expression: Expression, variables: Mapping[str, Integers]) -> Integers:
    """The whole number that ``expression`` is in every iteration, broadcast to the variables that it mentions.

    Raises CheckFailed on an unknown name, a division by zero, or a number that is not whole.
    """
    match expression:
        case Number(value):
            if value != int(value):
                raise CheckFailed(f"{value} is not a whole number")
            return np.asarray(int(value), dtype=np.int64)
        case Name(name):
            if name not in variables:
                raise CheckFailed(f"{name!r} is no loop variable here ({' '.join(variables) or 'there is none'})")
            return variables[name]
        case Call("/", (left, right)):
            quotient, rest = np.divmod(over_iterations(left, variables), _divisor(right, variables))
            if rest.any():
                raise CheckFailed(f"{expression} is not always whole")
            return np.asarray(quotient, dtype=np.int64)
        case Call("//" | "%" as function, (left, right)):
            found = _FUNCTIONS[function](over_iterations(left, variables), _divisor(right, variables))
            return np.asarray(found, dtype=np.int64)
        case Call(function, arguments) if function in _FUNCTIONS:
            try:
                found = _FUNCTIONS[function](*(over_iterations(part, variables) for part in arguments))
            except (TypeError, ValueError) as error:
                raise CheckFailed(f"{expression}: {error}") from None
            return np.asarray(found, dtype=np.int64)
    raise CheckFailed(f"{expression} is not a whole number made of loop variables")


def _divisor(expression: Expression, variables: Mapping[str, Integers]) -> Integers:
    found = over_iterations(expression, variables)
    if (found == 0).any():
        raise CheckFailed(f"{expression} is zero, and divides")
    return found
