"""A Segment as text: its operations once, then one line per issue; a long one as packed columns.

::

    segment
      op0 load r=64 c=16 s16 dram.B {r: (1, 0), c: (0, 1)} -> s16 spad@ {r: 32, c: 2}
      #12 op0 @ 0, 16, 8192 after 4.result 7.operands start 64

``#12`` is the number of the issue in its program.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from itertools import islice
from typing import Any

from isamap.errors import Fault, InvalidNoun
from isamap.ir.columns import pack, unpack
from isamap.ir.program import EVENTS, Operation, Segment
from isamap.ir.text.lines import Cursor, Line, Lines
from isamap.ir.text.operation import read_operation, show_operation

LONG = 5000
COLUMNS = ("operation", "origin", "wait_count", "wait_on", "wait_event", "start")
_OPERATION = re.compile(r"op(\d+) (.*)")
_COLUMN = re.compile(rf"column ({'|'.join(COLUMNS)}) (\S+)")
_ISSUE = re.compile(r"#(\d+) op(\d+)(?: @ (-?\d+(?:, -?\d+)*))?(?: after (\d+\.\w+(?: \d+\.\w+)*))?(?: start (-?\d+))?")


def show_segment(segment: Segment, first: int, packed: bool) -> list[str]:
    """Its lines below ``segment``; ``first`` is the number of its first issue."""
    rows = [f"op{n} {show_operation(operation)}" for n, operation in enumerate(segment.operations)]
    if packed or len(segment.operation) >= LONG:
        return [*rows, *(f"column {name} {pack(getattr(segment, name))}" for name in COLUMNS)]
    return [*rows, *_issue_rows(segment, first)]


def _issue_rows(segment: Segment, first: int) -> Iterator[str]:
    counts = [sum(operation.origin_counts) for operation in segment.operations]
    origins = iter(segment.origin)
    waits = zip(segment.wait_on, segment.wait_event, strict=True)
    for n, (operation, waited) in enumerate(zip(segment.operation, segment.wait_count, strict=True)):
        text = f"#{first + n} op{operation}"
        if listed := ", ".join(map(str, islice(origins, counts[operation]))):
            text += f" @ {listed}"
        if waited:
            text += " after " + " ".join(f"{on}.{EVENTS[event]}" for on, event in islice(waits, waited))
        yield text + (f" start {segment.start[n]}" if segment.start else "")


def read_segment(lines: Lines, depth: int, first: int) -> Segment:
    """The lines below ``segment``, which lie at ``depth``."""
    operations: list[Operation] = []
    columns: dict[str, array[Any]] = {}
    empty = Segment(())
    rows = {name: array(getattr(empty, name).typecode) for name in COLUMNS}
    for line in lines.at_depth(depth):
        with line.faults():
            if found := _OPERATION.fullmatch(line.text):
                _require_number(found[1], len(operations), "operation")
                cursor = Cursor(found[2])
                operations.append(read_operation(cursor, with_origins=False)[0])
                cursor.end()
            elif found := _COLUMN.fullmatch(line.text):
                if found[1] in columns:
                    raise InvalidNoun([Fault((), f"column {found[1]} once", "twice")])
                columns[found[1]] = unpack(found[2])
                if columns[found[1]].typecode in "fd":
                    raise InvalidNoun([Fault((), "a column of integers", "floats")])
            else:
                _read_issue(line, rows, first)
    if columns and len(rows["operation"]):
        raise InvalidNoun([Fault((), "columns or issues", "both")])
    return Segment(tuple(operations), **(columns or rows))


def _read_issue(line: Line, rows: dict[str, array[Any]], first: int) -> None:
    found = _ISSUE.fullmatch(line.text)
    if not found:
        expected = "#issue opN @ origins after issue.event ... start cycle"
        raise InvalidNoun([Fault((), expected, repr(line.text[:60]))])
    try:
        _append_issue(found, rows, first)
    except OverflowError as error:
        raise InvalidNoun([Fault((), "numbers of 64 bits", repr(line.text[:60]), str(error))]) from None


def _append_issue(found: re.Match[str], rows: dict[str, array[Any]], first: int) -> None:
    number, operation, origins, waits, start = found.groups()
    _require_number(number, first + len(rows["operation"]), "issue")
    rows["operation"].append(int(operation))
    if origins:
        rows["origin"].extend(map(int, origins.split(",")))
    named = [wait.split(".") for wait in waits.split(" ")] if waits else []
    rows["wait_count"].append(len(named))
    for on, event in named:
        if event not in EVENTS:
            raise InvalidNoun([Fault((), " or ".join(EVENTS), repr(event))])
        rows["wait_on"].append(int(on))
        rows["wait_event"].append(EVENTS.index(event))
    if start is not None:
        rows["start"].append(int(start))


def _require_number(given: str, wanted: int, what: str) -> None:
    if int(given) != wanted:
        raise InvalidNoun([Fault((), f"{what} {wanted}", given)])
