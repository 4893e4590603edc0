"""Lines of a noun's text, and a cursor that reads one from left to right; every fault names its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun
from isamap.ir.dtype import DType, dtype
from isamap.ir.expression import Call, Expression, is_name, parse

_WORD = re.compile(r"[^\W\d]\w*")
NAME = r'[^\W\d]\w*|"(?:[^"\\]|\\.)*"'  # what ``word`` prints
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|inf\b|nan\b)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
INDENT = "  "


@dataclass(frozen=True)
class Line:
    """``text`` without its indentation; ``number`` counts from 1."""

    number: int
    depth: int
    text: str

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Puts this line's number on the faults of what is read from it."""
        try:
            yield
        except InvalidNoun as error:
            raise located(error, self.number) from None


def located(error: InvalidNoun, number: int | None, *path: str) -> InvalidNoun:
    """``error`` with a line number and a path put before its faults, unless they have a line already."""
    prefix = path if number is None else (f"line {number}", *path)
    return InvalidNoun(f if f.path and str(f.path[0]).startswith("line ") else f.under(*prefix) for f in error.faults)


class Lines:
    """The lines of a text that are not blank, taken one by one."""

    def __init__(self, text: str) -> None:
        self._lines = [line for number, row in enumerate(text.split("\n"), 1) if (line := _line(number, row)).text]
        self._last = Line(text.count("\n") + 1, 0, "")
        self._next = 0

    def peek(self) -> Line | None:
        return self._lines[self._next] if self._next < len(self._lines) else None

    def take(self, expected: str = "a line") -> Line:
        line = self.peek()
        if line is None:
            raise InvalidNoun([Fault((f"line {self._last.number}",), expected, "the end")])
        self._next += 1
        return line

    def at_depth(self, depth: int) -> Iterator[Line]:
        """Takes the lines from here on that lie at ``depth``; refuses one that lies deeper."""
        while (line := self.peek()) and line.depth >= depth:
            if line.depth > depth:
                fault = Fault((f"line {line.number}",), f"{depth} indentation(s) of two blanks", str(line.depth))
                raise InvalidNoun([fault])
            self._next += 1
            yield line

    def finish(self) -> None:
        """Refuses what is left over."""
        if line := self.peek():
            raise InvalidNoun([Fault((f"line {line.number}",), "the end", repr(line.text))])


def _line(number: int, row: str) -> Line:
    text = row.strip()
    blanks = len(row) - len(row.lstrip())
    if text and (blanks % len(INDENT) or row[:blanks].strip(" ")):
        raise InvalidNoun([Fault((f"line {number}",), "an indentation of two, four, ... blanks", repr(row[:blanks]))])
    return Line(number, blanks // len(INDENT), text)


def word(name: str) -> str:
    """A name as the cursor reads it back: bare, or in double quotes where it is more than letters, digits and _."""
    return name if is_name(name) else json.dumps(name)


class Cursor:
    """A position in one line."""

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0

    @property
    def rest(self) -> str:
        return self.text[self.position :].lstrip()

    def fault(self, expected: str) -> InvalidNoun:
        found = repr(self.rest[:40]) if self.rest else "the end"
        return InvalidNoun([Fault((), expected, found, f"at column {len(self.text) - len(self.rest) + 1}")])

    def sees(self, pattern: re.Pattern[str]) -> bool:
        """Does ``pattern`` come next?"""
        return pattern.match(self.rest) is not None

    def accept(self, literal: str) -> bool:
        """Steps over ``literal`` if it comes next (a word only where it ends there)."""
        self.position = len(self.text) - len(self.rest)
        end = self.position + len(literal)
        inside = literal[-1].isalnum() and (self.text[end : end + 1].isalnum() or self.text[end : end + 1] == "_")
        if inside or not self.text.startswith(literal, self.position):
            return False
        self.position = end
        return True

    def expect(self, literal: str) -> None:
        if not self.accept(literal):
            raise self.fault(repr(literal))

    def end(self) -> None:
        if self.rest:
            raise self.fault("the end of the line")

    def match(self, pattern: re.Pattern[str], expected: str) -> str:
        self.position = len(self.text) - len(self.rest)
        found = pattern.match(self.text, self.position)
        if not found:
            raise self.fault(expected)
        self.position = found.end()
        return found.group()

    def word(self, expected: str = "a name") -> str:
        if self.rest.startswith('"'):
            try:
                return str(json.loads(self.match(_STRING, expected)))
            except ValueError:
                raise self.fault(expected) from None
        return self.match(_WORD, expected)

    def words(self) -> tuple[str, ...]:
        """Names up to the end of the line."""
        found = []
        while self.rest:
            found.append(self.word())
        return tuple(found)

    def dtype(self) -> DType:
        return dtype(self.match(_WORD, "a type"))

    def number(self, expected: str = "a number") -> int | float:
        text = self.match(_NUMBER, expected)
        return int(text) if text.lstrip("+-").isdigit() else float(text)

    def integer(self, expected: str = "an integer") -> int:
        value = self.number(expected)
        if not isinstance(value, int):
            raise InvalidNoun([Fault((), expected, repr(value))])
        return value

    def integers(self, opening: str, closing: str) -> tuple[int, ...]:
        """``[1, 2, 3]``."""
        self.expect(opening)
        found: list[int] = []
        while not self.accept(closing):
            if found:
                self.expect(",")
            found.append(self.integer())
        return tuple(found)

    def expressions(self, opening: str, closing: str) -> tuple[Expression, ...]:
        """``(t + 1, 2 * u)``: whatever lies between the brackets, nested ones included."""
        self.expect(opening)
        start, depth = self.position, 1
        while depth:
            if self.position >= len(self.text):
                raise self.fault(repr(closing))
            depth += {opening: 1, closing: -1}.get(self.text[self.position], 0)
            self.position += 1
        tree = parse(f"origin({self.text[start : self.position - 1]})")
        assert isinstance(tree, Call)
        return tree.arguments
