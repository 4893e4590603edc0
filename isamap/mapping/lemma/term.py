"""Integer expressions over input elements, each different one kept once.

A term applies a function to terms; functions are those of ``isamap.ir.scalar``, with ``+ * max min`` of any number of
arguments, and ``input``, ``constant``, ``cast`` (wraps) and ``saturate``. All arguments of an operator have one type.
Terms are numbered, arguments before what uses them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isamap.ir.dtype import DType

Element = tuple[str, tuple[int, ...]]  # a tensor and a position in it


@dataclass(frozen=True)
class Term:
    """``function`` of the terms numbered ``arguments``; an input has its ``element``, a constant its ``value``."""

    function: str
    dtype: DType
    arguments: tuple[int, ...] = ()
    element: Element | None = None
    value: int = 0


class Terms:
    """A table of terms, by number."""

    def __init__(self) -> None:
        self._table: list[Term] = []
        self._number: dict[Term, int] = {}

    def __getitem__(self, number: int) -> Term:
        return self._table[number]

    def __len__(self) -> int:
        return len(self._table)

    def add(self, term: Term) -> int:
        """The number of ``term``, which is the old one where it is there already."""
        number = self._number.setdefault(term, len(self._table))
        if number == len(self._table):
            self._table.append(term)
        return number

    def constant(self, value: int, dtype: DType) -> int:
        return self.add(Term("constant", dtype, value=int(dtype.wrap(value))))

    def input(self, name: str, position: tuple[int, ...], dtype: DType) -> int:
        return self.add(Term("input", dtype, element=(name, position)))

    def reduce(self, function: str, parts: Sequence[int], dtype: DType) -> int:
        """``parts`` joined by a function that may be applied in any order."""
        return parts[0] if len(parts) == 1 else self.add(Term(function, dtype, tuple(parts)))

    def below(self, roots: Sequence[int]) -> list[int]:
        """The terms that ``roots`` are made of, arguments first, in the order in which a walk from left to right
        leaves them: terms that differ in their inputs' names only are met in the same order."""
        order: list[int] = []
        seen: set[int] = set()
        left = [(root, False) for root in reversed(roots)]
        while left:
            number, done = left.pop()
            if done:
                order.append(number)
            elif number not in seen:
                seen.add(number)
                left.append((number, True))
                left += [(argument, False) for argument in reversed(self[number].arguments)]
        return order
