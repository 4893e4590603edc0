"""Buffers as CSV, in the format of MiniMalloc (github.com/google/minimalloc): a row per buffer, addresses once placed.

``id,lower,upper,size`` are required: a name, the half-open life [lower, upper) and bytes. Of the other columns
``alignment`` (default 1), ``offset`` (where the buffer must lie, or lies) and ``hint`` (an address to begin from; -1:
none) are MiniMalloc's, ``in_place`` (the id of a buffer that this one may be written over) is isamap's own; a field of
them may be left empty. MiniMalloc's older names ``buffer``, ``start`` and ``end`` (the last cycle: upper = end + 1) are
read too. ``gaps``, cycles in which a buffer does not need its bytes, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isamap.errors import Fault, InputError
from isamap.ir.answers import Lifetime, Placement
from isamap.spec.buffer_row import Row
from isamap.spec.diagnostic import Diagnostic, SpecError

_REQUIRED = ("id", "lower", "upper", "size")
_COLUMNS = (*_REQUIRED, "alignment", "hint", "gaps", "offset", "in_place")
_OLD_NAMES = {"buffer": "id", "buffer_id": "id", "begin": "lower", "start": "lower"}


@dataclass(frozen=True)
class Buffers:
    """The buffers of a file, an offset being the ``address``; of each the address to begin from, and its row."""

    file: str
    lives: tuple[Lifetime, ...]
    hints: tuple[int | None, ...]
    rows: tuple[tuple[int, str], ...]

    def located(self, error: InputError) -> InputError:
        """The error with the file's lines, where its faults begin with a buffer's name."""
        row = {life.name: row for life, row in zip(self.lives, self.rows, strict=True)}
        found = []
        for fault in error.faults:
            line, text = row.get(str(fault.path[0]), (0, ""))
            found.append(Diagnostic(self.file, line, 1, fault, text, len(text)))
        return SpecError(found) if found else error


def read_buffers(path: str | Path) -> Buffers:
    """The buffers of a CSV file; raises InputError, SpecError with the line of every mistake."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected text in UTF-8, got other bytes") from None
    return parse_buffers(text, str(path))


def parse_buffers(text: str, file: str) -> Buffers:
    """The buffers of CSV text; raises SpecError with every mistake. Lines may end in CRLF, blank ones mean nothing."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    numbers = [n for n, line in enumerate(lines, 1) if line.strip()]
    if not numbers:
        raise SpecError([Diagnostic(file, 1, 1, Fault((), f"a header with {','.join(_REQUIRED)}", "an empty file"))])
    rows = [Row(file, n, lines[n - 1]) for n in numbers]
    columns = _header(rows[0])
    entries = [row.entry(columns) for row in rows[1:]]
    if not entries:
        rows[0].note("", "a row per buffer below the header", "none")
    _check_names(rows[1:], [life for life, _ in entries])
    mistakes = [mistake for row in rows for mistake in row.mistakes]
    if mistakes:
        raise SpecError(mistakes)
    return Buffers(
        file,
        lives=tuple(life for life, _ in entries if life is not None),
        hints=tuple(hint for _, hint in entries),
        rows=tuple((row.line, row.text) for row in rows[1:]),
    )


def write_buffers(placement: Placement) -> str:
    """CSV text with the columns that say something, ``offset`` last."""
    lives = [life for life, _ in placement.addresses]
    columns: dict[str, list[str] | list[int]] = {
        "id": [_quoted(life.name) for life in lives],
        "lower": [life.start_cycles for life in lives],
        "upper": [life.end_cycles for life in lives],
        "size": [life.size_bytes for life in lives],
        "alignment": [life.alignment_bytes for life in lives],
        "in_place": [_quoted(life.in_place) for life in lives],
        "offset": [address for _, address in placement.addresses],
    }
    empty = {"alignment": 1, "in_place": ""}
    told = {name: values for name, values in columns.items() if any(v != empty.get(name) for v in values)}
    rows = [",".join(told), *(",".join(map(str, row)) for row in zip(*told.values(), strict=True))]
    return "".join(f"{row}\n" for row in rows)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if re.search(r'[",]|^\s|\s$', name) else name


def _header(row: Row) -> list[str]:
    """The columns by their present names; ``end`` stays, it counts differently. Raises SpecError."""
    names = row.columns = [_OLD_NAMES.get(name, name) for name in row.fields]
    present = {"upper" if name == "end" else name for name in names}
    for name in dict.fromkeys(names):
        if name not in (*_COLUMNS, "end"):
            row.note(name, f"columns of {' '.join(_COLUMNS)}", repr(name))
        if names.count(name) > 1:
            row.note(name, "each column once", f"{name} {names.count(name)} times")
    if "end" in names and "upper" in names:
        row.note("end", "upper or end", "both")
    missing = [name for name in _REQUIRED if name not in present]
    if missing:
        row.note("", f"the columns {' '.join(_REQUIRED)}", f"none named {' or '.join(missing)}")
    if row.mistakes:
        raise SpecError(row.mistakes)
    return names


def _check_names(rows: Sequence[Row], lives: Sequence[Lifetime | None]) -> None:
    """Notes ids that come again and buffers written over that there are not."""
    first: dict[str, int] = {}
    for row in rows:
        if row.name in first:
            row.note("id", "each id once", f"{row.name!r} again", f"first on line {first[row.name]}")
        first.setdefault(row.name, row.line)
    for row, life in zip(rows, lives, strict=True):
        if life is not None and life.in_place and life.in_place not in first:
            row.note("in_place", "the id of another row", repr(life.in_place))
