"""The one surface syntax: precedence, values and refusals."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given

from isamap.errors import InvalidNoun
from isamap.ir.expression import Call, Expression, Name, Number, evaluate, names, parse, to_text
from tests.strategies import AXES, costs, expressions


@given(expressions)
def test_printing_keeps_the_tree(tree: Expression) -> None:
    assert parse(to_text(tree)) == tree
    assert parse(str(tree)) == tree


@given(costs(AXES))
def test_values_are_those_of_python(tree: Expression) -> None:
    point = {axis: n + 2 for n, axis in enumerate(AXES)}
    assert evaluate(tree, point) == eval(str(tree), {"max": max}, dict(point))
    assert names(tree) <= set(AXES)


@pytest.mark.parametrize(
    "text",
    ["a + b * c", "(a + b) * c", "a - (b - c)", "a // b % c", "a // (b % c)", "-a * b", "-(a * b)", "neg(3)", "-3 * a",
     "a * -3", "(a < b) < c", "a < b + 1", "(a < b) + 1", "a | b & c", "(a | b) << 2", "max(a, -b)", "x[]",
     "x[a, y[b]]", "1e999", "-1e999", "--a", "a - -3", "1.5e-07"],
)  # fmt: skip
def test_the_fewest_parentheses(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 / 2", Fraction(7, 2)), ("8 / 2", 4), ("ceil(7 / 2)", 4), ("1 / 3 * 3", 1), ("-7 // 2", -4), ("-7 % 4", 1),
        ("select(2 > 1, 5, 6)", 5), ("min(3, 1.5)", 1.5), ("1 << 10 | 1", 1025), ("log2(8)", 3.0), ("5 != 5", 0),
        ("neg(3)", -3), ("-1e999", -math.inf), ("a * True", 9),
    ],
)  # fmt: skip
def test_values(text: str, value: float) -> None:
    assert evaluate(parse(text), {"a": 9}) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a +", "an expression"), ("a b", "column 3"), ("", "an expression"), ("a ** 2", r"'a \*\* 2'; at column 1"),
        ("a and b", "names, numbers"), ("f(x=1)", "names"), ("'text'", "names"), ("x[0:4]", "names"), ("a.b", "names"),
        ("1 < a < 3", "names"), ("(lambda: 1)()", "names"), ("a\0b", "an expression"), ("1j", "names"),
        ("(" * 300 + ")" * 300, "an expression"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidNoun, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [("b + 1", "one of a, got 'b'"), ("cos(a)", "a function"), ("a / 0", "a number"), ("max()", "a number"),
     ("1 << -1", "a number"), ("A[a]", "no value")],
)  # fmt: skip
def test_what_has_no_value_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidNoun, match=says):
        evaluate(parse(text), {"a": 2})


def test_trees() -> None:
    assert parse("-3") == Number(-3)
    assert parse("-a") == Call("neg", (Name("a"),))
