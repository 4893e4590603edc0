"""Any noun as a record: ``Match(einsum=0, instruction='mac', axes=(('i', ('n', 'p')),), ...)``.

Fields at their defaults are left out. Expressions and indices stand there as they are written, einsums and scalars as
quoted text, short arrays as ``array('q', [1, 2])``, long ones packed.
"""

from __future__ import annotations

import dataclasses
import keyword
import math
from array import array

from isamap.ir import answers, certificate, einsum, hardware, implementation, program, target_machine, workload
from isamap.ir import scalar as values
from isamap.ir.affine import Affine
from isamap.ir.columns import TYPECODES, pack
from isamap.ir.dtype import DType
from isamap.ir.expression import Call, Name, Number, Subscript

WIDTH = 110
_PACKED_FROM = 64
LEADING = ("name", "resource")  # a field so called comes first, without its name
_EXPRESSIONS = (Number, Name, Call, Subscript)
_SCALARS = (values.Literal, values.Read, values.Index, values.Immediate, values.Cast, values.Apply)
_ROOMS = (workload, einsum, hardware, target_machine, implementation, answers, program, certificate)
RECORDS: dict[str, type] = {
    name: noun
    for module in _ROOMS
    for name, noun in vars(module).items()
    if isinstance(noun, type) and dataclasses.is_dataclass(noun) and noun.__module__ == module.__name__
} | {"Access": values.Access}


def show(value: object, indent: int = 0) -> str:
    """``value`` on one line where it fits, else one line per part."""
    flat = show_flat(value)
    if len(flat) + indent <= WIDTH or not (parts := _parts(value)):
        return flat
    opening, items = parts
    inner = indent + 2
    rows = [f"{' ' * inner}{label}{show(item, inner + len(label))},\n" for label, item in items]
    return f"{opening}(\n{''.join(rows)}{' ' * indent})"


def show_flat(value: object, bare: bool = False) -> str:
    """``value`` on one line; ``bare``: names without quotes where they can do without."""
    match value:
        case str():
            return value if bare and _can_be_bare(value) else repr(value)
        case float() if not math.isfinite(value):
            return "nan" if math.isnan(value) else "-inf" if value < 0 else "inf"
        case array():
            few = len(value) < _PACKED_FROM and value.typecode in TYPECODES
            return f"array({value.typecode!r}, {value.tolist()})" if few else f"column({pack(value)!r})"
        case DType() | Affine():
            return str(value)
        case einsum.Einsum():
            return repr(str(value))
    if isinstance(value, _EXPRESSIONS):
        return str(value)
    if isinstance(value, _SCALARS):
        return repr(str(value))
    if isinstance(value, tuple):
        return f"({', '.join(show_flat(item, bare) for item in value)}{',' if len(value) == 1 else ''})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({show_fields(value, bare)})"
    return repr(value)


def show_fields(noun: object, bare: bool, without: tuple[str, ...] = ()) -> str:
    """``spad, capacity_bytes=65536, banks=2``: what differs from the defaults."""
    return ", ".join(label + show_flat(value, bare) for label, value in _fields(noun, without))


def _fields(noun: object, without: tuple[str, ...] = ()) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for field in dataclasses.fields(noun):  # type: ignore[arg-type]
        value = getattr(noun, field.name)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        same = type(value) is type(default) and bool(value == default)
        if not same and field.name not in without:
            found.append(("" if field.name in LEADING else f"{field.name}=", value))
    return found


def _parts(value: object) -> tuple[str, list[tuple[str, object]]] | None:
    if isinstance(value, tuple) and value:
        return "", [("", item) for item in value]
    if type(value).__name__ in RECORDS and not isinstance(value, einsum.Einsum):
        return type(value).__name__, _fields(value)
    return None


def _can_be_bare(text: str) -> bool:
    parts = text.split(".")
    return all(part.isidentifier() and part.isascii() and not keyword.iskeyword(part) for part in parts)
