"""Plain text read line by line, as published instances come: words and whole numbers, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from isamap.errors import Fault
from isamap.spec.diagnostic import Diagnostic, SpecError


@dataclass(frozen=True)
class Line:
    """A line of a file, counted from 1."""

    file: str
    number: int
    text: str

    def refusal(self, what: str, expected: str, got: str = "", column: int = 1, length: int = 0) -> SpecError:
        """The error that points here; without ``got`` it is the line itself that is shown."""
        shown = got or (repr(self.text.strip()) if self.text.strip() else "nothing")
        fault = Fault((what,), expected, shown)
        return SpecError([Diagnostic(self.file, self.number, column, fault, self.text, length or len(self.text) or 1)])

    def integers(self, what: str, count: int | None = None) -> list[int]:
        """The whole numbers of the line, from 0 up, ``count`` of them where it is said. Raises SpecError."""
        found = []
        for word in re.finditer(r"\S+", self.text):
            if not re.fullmatch(r"\d+", word[0]):
                raise self.refusal(what, "a whole number of at least 0", repr(word[0]), word.start() + 1, len(word[0]))
            found.append(int(word[0]))
        if count is not None and len(found) != count:
            raise self.refusal(what, f"{count} numbers", f"{len(found)} numbers")
        return found


def read_lines(path: Path) -> list[Line]:
    """All lines; the last one is empty, so that what is missing has a place. Raises SpecError where it is no text."""
    try:
        text = path.read_text(encoding="utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise Line(path.name, 1, "").refusal("file", "text", f"bytes that are not ({error.reason})") from error
    except OSError as error:
        raise Line(path.name, 1, "").refusal("file", "a file that can be read", str(error.strerror)) from error
    return [Line(path.name, n, line) for n, line in enumerate([*text.splitlines(), ""], 1)]


def between(lines: Iterable[Line], head: str) -> list[Line]:
    """The lines of the section that begins with the line ``head``, without it, up to the next line of asterisks."""
    found: list[Line] | None = None
    for line in lines:
        if found is None:
            found = [] if line.text.strip().startswith(head) else None
        elif line.text.startswith("***"):
            return found
        else:
            found.append(line)
    return found or []
