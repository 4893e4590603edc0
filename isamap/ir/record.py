"""A Program as a JSON object for result files: its text by lines, every segment packed into columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isamap.errors import Fault, InvalidNoun
from isamap.ir.program import Program
from isamap.ir.text.lines import Lines
from isamap.ir.text.program import read_program, show_program

__all__ = ["program_from_json", "program_to_json"]

FORMAT = "isamap program 1"


def program_to_json(program: Program) -> dict[str, Any]:
    """``program`` in strings and lists only: the same for the same program, every time."""
    return {"format": FORMAT, "lines": show_program(program, packed=True).rstrip("\n").split("\n")}


def program_from_json(record: Mapping[str, Any]) -> Program:
    """The program that ``program_to_json`` wrote; raises InvalidNoun whose faults name the line."""
    if record.get("format") != FORMAT:
        raise InvalidNoun([Fault(("format",), repr(FORMAT), repr(record.get("format")))])
    rows = record.get("lines")
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise InvalidNoun([Fault(("lines",), "a list of strings", type(rows).__name__)])
    lines = Lines("\n".join(rows))
    program = read_program(lines)
    lines.finish()
    return program
