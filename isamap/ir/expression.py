"""The one surface syntax: names, numbers, operators, calls and subscripts, as in Python.

Costs in machine files, sizes in kernel files, positions in programs, indices and einsum values are all written in it.
``Expression`` is the plain tree; ``affine`` and ``scalar`` give some trees a stricter meaning. An expression over known
names evaluates exactly (``/`` gives a Fraction where it is not whole).
"""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from isamap.errors import Fault, InvalidNoun

Value = int | float | Fraction


@dataclass(frozen=True)
class Number:
    value: int | float

    def __str__(self) -> str:
        return "1e999".rjust(5 + (self.value < 0), "-") if abs(self.value) == math.inf else repr(self.value)


@dataclass(frozen=True)
class Name:
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Call:
    """A function or an operator (``+ - * / // % << >> < <= > >= == !=``, ``neg``) and its arguments."""

    function: str
    arguments: tuple[Expression, ...]

    def __str__(self) -> str:
        return to_text(self)


@dataclass(frozen=True)
class Subscript:
    """``base[i, j]``: an element of a tensor."""

    base: str
    indices: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.base}[{', '.join(map(str, self.indices))}]"


Expression = Number | Name | Call | Subscript

# operator: (binding strength, how Python's parser names it)
_OPERATORS: dict[str, tuple[int, type]] = {
    "|": (2, ast.BitOr), "^": (3, ast.BitXor), "&": (4, ast.BitAnd), "<<": (5, ast.LShift), ">>": (5, ast.RShift),
    "+": (6, ast.Add), "-": (6, ast.Sub), "*": (7, ast.Mult), "/": (7, ast.Div), "//": (7, ast.FloorDiv),
    "%": (7, ast.Mod), "<": (1, ast.Lt), "<=": (1, ast.LtE), ">": (1, ast.Gt), ">=": (1, ast.GtE), "==": (1, ast.Eq),
    "!=": (1, ast.NotEq),
}  # fmt: skip
_BY_NODE = {node: symbol for symbol, (_, node) in _OPERATORS.items()}
OPERATORS = frozenset(_OPERATORS)
COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
_NEGATION = 8


def is_name(text: str) -> bool:
    """Can ``text`` name a tensor or an axis, so that expressions can mention it? (No marks that combine with letters:
    texts are read back word by word.)"""
    return text.isidentifier() and text.replace("_", "a").isalnum() and not keyword.iskeyword(text)


def parse(text: str) -> Expression:
    """The tree of ``text``; raises InvalidNoun whose fault says at which column (from 1) and what was found there."""
    source = text.strip().replace("[]", "[()]")  # rank 0: Python's grammar has no word for x[]
    try:
        tree = ast.parse(source, mode="eval").body
        return _convert(tree, source)
    except SyntaxError as error:
        column = error.offset or 1
        raise InvalidNoun([Fault((), "an expression", repr(text), f"{error.msg} at column {column}")]) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise InvalidNoun([Fault((), "an expression", repr(text[:80]), str(error) or "nested too deeply")]) from None


def _convert(node: ast.expr, text: str) -> Expression:
    match node:
        case ast.Constant(value=bool(truth)):
            return Number(int(truth))
        case ast.Constant(value=int() | float() as value):
            return Number(value)
        case ast.Name(id=name):
            return Name(name)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Number(-value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Call("neg", (_convert(operand, text),))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BY_NODE:
            return Call(_BY_NODE[type(op)], (_convert(left, text), _convert(right, text)))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BY_NODE:
            return Call(_BY_NODE[type(op)], (_convert(left, text), _convert(right, text)))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return Call(function, tuple(_convert(argument, text) for argument in arguments))
        case ast.Subscript(value=ast.Name(id=base), slice=ast.Tuple(elts=indices)):
            return Subscript(base, tuple(_convert(index, text) for index in indices))
        case ast.Subscript(value=ast.Name(id=base), slice=index):
            return Subscript(base, (_convert(index, text),))
    found = ast.get_source_segment(text, node) or type(node).__name__
    known = "names, numbers, calls, subscripts and the operators " + " ".join(_OPERATORS)
    raise InvalidNoun([Fault((), known, repr(found), f"at column {node.col_offset + 1} of {text!r}")])


def to_text(expression: Expression, around: int = 0) -> str:
    """The text whose tree is ``expression``, with the fewest parentheses that keep it so."""
    match expression:
        case Number(value):
            return f"({expression})" if value < 0 and around > _NEGATION else str(expression)
        case Call("neg", (operand,)) if not isinstance(operand, Number):  # -3 is a number, neg(3) is this call
            text = "-" + to_text(operand, _NEGATION)
            return f"({text})" if around > _NEGATION else text
        case Call(function, (left, right)) if function in _OPERATORS:
            strength = _OPERATORS[function][0]
            inner = strength + 1 if function in COMPARISONS else strength
            text = f"{to_text(left, inner)} {function} {to_text(right, strength + 1)}"
            return f"({text})" if around > strength else text
        case Call(function, arguments):
            return f"{function}({', '.join(map(to_text, arguments))})"
    return str(expression)


def _exact_division(left: Value, right: Value) -> Value:
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    quotient = Fraction(left) / Fraction(right)
    return int(quotient) if quotient.denominator == 1 else quotient


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "neg": lambda a: -a, "ceil": math.ceil, "floor": math.floor, "max": max, "min": min, "abs": abs,
    "round": round, "log2": math.log2, "sqrt": math.sqrt, "select": lambda c, a, b: a if c else b,
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _exact_division,
    "//": lambda a, b: a // b, "%": lambda a, b: a % b, "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b,
    "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
    "<": lambda a, b: int(a < b), "<=": lambda a, b: int(a <= b), ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b), "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b),
}  # fmt: skip


def evaluate(expression: Expression, values: Mapping[str, Value]) -> Value:
    """The number that ``expression`` is where names have ``values``; raises InvalidNoun naming what is not known."""
    match expression:
        case Number(value):
            return value
        case Name(name):
            if name not in values:
                raise InvalidNoun([Fault((), "one of " + (" ".join(sorted(values)) or "no name"), repr(name))])
            return values[name]
        case Call(function, arguments):
            if function not in FUNCTIONS:
                known = " ".join(name for name in FUNCTIONS if name.isalnum())
                raise InvalidNoun([Fault((), f"a function ({known})", repr(function))])
            try:
                return FUNCTIONS[function](*(evaluate(argument, values) for argument in arguments))
            except (ArithmeticError, TypeError, ValueError) as error:
                raise InvalidNoun([Fault((), "a number", repr(str(expression)), str(error))]) from None
    raise InvalidNoun([Fault((), "a number", repr(str(expression)), "tensors have no value here")])


def names(expression: Expression) -> frozenset[str]:
    """Every name that ``expression`` mentions, tensors aside."""
    match expression:
        case Name(name):
            return frozenset((name,))
        case Call(_, parts) | Subscript(_, parts):
            return frozenset().union(*map(names, parts))
    return frozenset()
