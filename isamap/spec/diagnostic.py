"""Mistakes in files, shown as ``file:line:col: path: expected ..., got ...`` above the source line and a caret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeVar

from isamap.errors import Fault, InputError

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
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: (d.line, d.column)))
        super().__init__("\n".join(map(str, self.diagnostics)))
        self.faults = tuple(diagnostic.fault for diagnostic in self.diagnostics)


class Faults:
    """Gathers the faults of a whole file, so that one run reports them all."""

    def __init__(self, found: Iterable[Fault] = ()) -> None:
        self.found: list[Fault] = list(found)

    def add(self, path: Where, expected: str, got: str, hint: str = "") -> None:
        self.found.append(Fault(path, expected, got, hint))

    def attempt(self, path: Where, build: Callable[[], T]) -> T | None:
        """What ``build`` gives; None where it raises, its faults noted under ``path``."""
        try:
            return build()
        except InputError as error:
            self.found += [fault.under(*path) for fault in error.faults or [Fault((), str(error), "")]]
            return None


def did_you_mean(word: str, possible: Iterable[str]) -> str:
    """``did you mean 'gemm'?``, or nothing where no possible word is near."""
    all_ = list(dict.fromkeys(possible))
    near = get_close_matches(word, all_, n=1)
    if not near:  # names that differ only in case are near, however short
        near = [other for other in all_ if other.lower() == word.lower() and other != word][:1]
    return f"did you mean {near[0]!r}?" if near else ""


def with_suggestion(fault: Fault) -> Fault:
    """The fault with a did-you-mean, where it lists words of which one is near to what was given."""
    given = re.fullmatch(r"'([\w./]+)'", fault.got)
    if not given or "did you mean" in fault.hint:
        return fault
    _, _, listed = fault.expected.partition("of ") if "of " in fault.expected else fault.expected.partition("(")
    near = did_you_mean(given[1], re.findall(r"[\w./]+", listed))
    return replace(fault, hint="; ".join(filter(None, (near, fault.hint))))
