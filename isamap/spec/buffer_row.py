"""A row of a CSV file of buffers: from its fields to a Lifetime, with the mistakes in it."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from isamap.errors import Fault
from isamap.ir.answers import Lifetime
from isamap.spec.diagnostic import Diagnostic, with_suggestion

MEMORY = "memory"
"""The name of the one memory that all buffers of a file lie in."""

_LEAST = {"size": 0, "alignment": 1, "offset": 0, "hint": -1}
_TEXT = ("id", "in_place", "gaps")
_NEEDED = ("lower", "upper", "end", "size")
_MOST_DIGITS = 15  # so that sums and products of a file's numbers stay far from what the solver can count to


class Row:
    """A line and its mistakes; ``name`` is the buffer's, ``columns`` are the header's once they are known."""

    def __init__(self, file: str, line: int, text: str) -> None:
        self.file, self.line, self.text = file, line, text
        self.fields = [field.strip() for field in next(csv.reader([text]))]
        self.columns: Sequence[str] = ()
        self.mistakes: list[Diagnostic] = []
        self.name = ""

    def note(self, column: str, expected: str, got: str, hint: str = "") -> None:
        """A mistake in the field of a column, or in the line where it has none."""
        parts = self.text.split(",")
        plain = column in self.columns and len(parts) == len(self.fields)
        at = self.columns.index(column) if plain else 0
        place, length = sum(len(part) + 1 for part in parts[:at]) + 1, len(parts[at] if plain else self.text)
        fault = with_suggestion(Fault((column,) if column else (), expected, got, hint))
        self.mistakes.append(Diagnostic(self.file, self.line, place, fault, self.text, max(1, length)))

    def entry(self, columns: Sequence[str]) -> tuple[Lifetime | None, int | None]:
        """The buffer and the address to begin from; none where there is none, or where something is wrong."""
        self.columns = columns
        if len(self.fields) != len(columns):
            self.note("", f"{len(columns)} fields, one per column", str(len(self.fields)))
            return None, None
        given = dict(zip(columns, self.fields, strict=True))
        self.name = given["id"]
        if not self.name:
            self.note("id", "a name", "an empty field")
        if given.get("gaps"):
            self.note("gaps", "no gaps, which are not supported yet", repr(given["gaps"]))
        number = {name: self._number(name, text) for name, text in given.items() if name not in _TEXT}
        start, size, end = number["lower"], number["size"], self._end(number)
        if self.mistakes or start is None or end is None or size is None:
            return None, None
        alignment, hint = number.get("alignment"), number.get("hint")
        life = Lifetime(
            self.name,
            MEMORY,
            start,
            end,
            size,
            alignment_bytes=1 if alignment is None else alignment,
            address=number.get("offset"),
            in_place=given.get("in_place", ""),
        )
        return life, None if hint == -1 else hint

    def _end(self, number: dict[str, int | None]) -> int | None:
        """The first cycle after the buffer's life."""
        start, upper, last = number["lower"], number.get("upper"), number.get("end")
        if start is not None and upper is not None and upper <= start:
            self.note("upper", f"more than lower, {start}", str(upper))
        if start is not None and last is not None and last < start:
            self.note("end", f"at least the first cycle, {start}", str(last))
        return upper if last is None else last + 1

    def _number(self, column: str, text: str) -> int | None:
        """The field as an integer; none where it is empty or wrong."""
        if not text and column not in _NEEDED:
            return None
        if not re.fullmatch(rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}", text):
            self.note(column, f"an integer of at most {_MOST_DIGITS} digits", repr(text))
            return None
        if int(text) < _LEAST.get(column, int(text)):
            self.note(column, f"at least {_LEAST[column]}", text)
            return None
        return int(text)
