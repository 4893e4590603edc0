"""Every noun as text and back: ``from_text(to_text(noun)) == noun``.

The first word says what the text is: ``kernel`` (a Workload), ``target``, ``program``, ``einsum``, ``scalar``,
``index`` (affine), ``expression``; anything else is a record, as in ``Match(einsum=0, ...)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine, affine
from isamap.ir.einsum import Einsum
from isamap.ir.expression import Call, Name, Number, Subscript, parse
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.scalar import Apply, Cast, Immediate, Index, Literal, Read
from isamap.ir.text.lines import Lines, located
from isamap.ir.text.program import read_program, show_program
from isamap.ir.text.read import read_record
from isamap.ir.text.show import show
from isamap.ir.text.target import read_target, show_target
from isamap.ir.text.workload import read_einsum, read_scalar, read_workload, show_workload
from isamap.ir.workload import Workload

__all__ = ["from_text", "to_text"]

_MANY_LINES: dict[str, Callable[[Lines], Any]] = {
    "kernel": read_workload,
    "target": read_target,
    "program": read_program,
}
_ONE_LINE: dict[str, Callable[[str], Any]] = {
    "einsum": read_einsum,
    "scalar": read_scalar,
    "index": affine,
    "expression": parse,
}


def to_text(noun: object) -> str:
    """``noun`` as text that ``from_text`` reads."""
    match noun:
        case Workload():
            return show_workload(noun)
        case Target():
            return show_target(noun)
        case Program():
            return show_program(noun)
        case Einsum():
            return f"einsum {noun}"
        case Affine():
            return f"index {noun}"
        case Literal() | Read() | Index() | Immediate() | Cast() | Apply():
            return f"scalar {noun}"
        case Number() | Name() | Call() | Subscript():
            return f"expression {noun}"
    return show(noun)


def from_text(text: str) -> Any:
    """The noun that ``text`` writes; raises InvalidNoun whose faults name the line."""
    kind, rest = [*text.split(None, 1), "", ""][:2]
    if kind in _MANY_LINES:
        lines = Lines(text)
        noun = _MANY_LINES[kind](lines)
        lines.finish()
        return noun
    if kind not in _ONE_LINE:
        return read_record(text)
    try:
        return _ONE_LINE[kind](rest)
    except InvalidNoun as error:
        raise located(error, 1) from None
