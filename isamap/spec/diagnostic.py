"""Mistakes in files, shown as ``file:line:col: path: expected ..., got ...`` above the source line and a caret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from typing import ParamSpec, TypeVar

from isamap.errors import Fault, InputError, InvalidNoun

P = ParamSpec("P")
T = TypeVar("T")
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Diagnostic:
    """A fault and where it stands: ``line`` and ``column`` count from 1 (0: not in the file but in a setting)."""

    file: str
    line: int
    column: int
    fault: Fault
    source_line: str = ""
    length: int = 1

    def __str__(self) -> str:
        if not self.line:
            return f"{self.file}: {self.fault}"
        margin = "".join("\t" if c == "\t" else " " for c in self.source_line[: self.column - 1])
        room = max(1, min(self.length, len(self.source_line) - self.column + 1))
        at = f"{self.file}:{self.line}:{self.column}: {self.fault}"
        return f"{at}\n  {self.source_line}\n  {margin}^{'~' * (room - 1)}"


class SpecError(InputError):
    """A file of the user's is wrong: ``diagnostics`` holds every mistake found in it, in the order of its lines."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: (d.line, d.column, str(d.fault))))
        super().__init__("\n".join(map(str, self.diagnostics)))
        self.faults = tuple(diagnostic.fault for diagnostic in self.diagnostics)


class Faults:
    """Gathers the faults of a whole file, so that one run reports them all.

    ``broken`` are names whose declaration is wrong and reported: that they are unknown elsewhere is no new mistake.
    """

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self.broken: set[str] = set()
        self.prefix: Where = ()

    def under(self, *prefix: str | int) -> Faults:
        """The same collection seen from a part of the file."""
        part = copy(self)
        part.prefix = (*self.prefix, *prefix)
        return part

    def add(self, path: Where, expected: str, got: str, hint: str = "") -> None:
        self.note(Fault(path, expected, got, hint))

    def note(self, *faults: Fault) -> None:
        """Notes faults under the prefix, but for consequences of those noted before."""
        for fault in faults:
            name = fault.got.strip("'")
            if self.broken.isdisjoint((name, *name.split("."))):  # spad.aread goes with spad
                self.found.append(fault.under(*self.prefix))

    def any_here(self) -> bool:
        """Is something below the prefix wrong already?"""
        return any(fault.path[: len(self.prefix)] == self.prefix for fault in self.found)

    def attempt(self, path: Where, build: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``build`` gives; None where it raises InvalidNoun, its faults noted under ``path``."""
        try:
            return build(*args, **kwargs)
        except InvalidNoun as error:
            self.note(*(fault.under(*path) for fault in error.faults))
            return None


def did_you_mean(word: str, possible: Iterable[str]) -> str:
    """``did you mean 'gemm' or 'gemv'?``, or nothing where no possible word is near."""
    all_ = dict.fromkeys(possible)
    near = get_close_matches(word, all_, n=3)
    # names that differ only in case are near, however short
    near = [other for other in near if _nearness(word, other) == _nearness(word, near[0])] or [
        other for other in all_ if other.lower() == word.lower() and other != word
    ]
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""


def _nearness(word: str, other: str) -> float:
    return SequenceMatcher(None, word, other).ratio()


def with_suggestion(fault: Fault) -> Fault:
    """The fault with a did-you-mean, where it lists words of which one is near to what was given."""
    given = re.fullmatch(r"'([\w./]+)'", fault.got)
    if not given or "did you mean" in fault.hint:
        return fault
    _, _, listed = fault.expected.partition("of ") if "of " in fault.expected else fault.expected.partition("(")
    near = did_you_mean(given[1], re.findall(r"[\w./]+", listed))
    return replace(fault, hint="; ".join(filter(None, (near, fault.hint))))
