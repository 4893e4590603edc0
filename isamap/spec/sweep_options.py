"""``options`` of a sweep file: every choice of the compiler's options, held against the dataclass that states them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from itertools import product
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from isamap.errors import Fault, InvalidNoun
from isamap.ir.effort import Effort
from isamap.spec.diagnostic import Faults, Where, did_you_mean
from isamap.spec.document import Document
from isamap.spec.sweep_variants import MOST_JOBS, Value, product_size, swept

Choice = tuple[tuple[str, Value], ...]

_WORDS: dict[object, str] = {
    int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null",
}  # fmt: skip


def option_choices(document: Document, options: type, faults: Faults) -> tuple[Choice, ...]:
    """The product of the lists under ``options``; a name or value that ``options`` does not take is noted."""
    given = document.data.get("options") or {}
    if not isinstance(given, dict):
        return ()
    types = get_type_hints(options)
    known = [field.name for field in fields(options)]
    lists: dict[str, list[Value]] = {}
    for name, values in given.items():
        if name not in known:
            path = ("options", name)
            faults.add(path, f"an option of {' '.join(known)}", repr(name), did_you_mean(name, known))
        else:
            lists[name] = _values(name, values, types[name], faults)
    size = product_size(lists.values())
    if size > MOST_JOBS:
        faults.add(("options",), f"at most {MOST_JOBS:,} choices", f"{size:,}")
        return ()
    choices = [tuple(zip(lists, values, strict=True)) for values in product(*lists.values())]
    for choice in choices if not faults.found else ():
        faults.attempt(("options",), _built(options), choice)
    return tuple(choices)


def _values(name: str, values: object, annotation: object, faults: Faults) -> list[Value]:
    """The values that are right by themselves."""
    right: list[Value] = []
    for path, value in swept(("options", name), values, faults):
        if not _fits(value, annotation):
            faults.add(path, _words(annotation), _shown(value))
        elif not _refused(name, value, path, faults):
            right.append(value)
    return right


def _refused(name: str, value: Value, path: Where, faults: Faults) -> bool:
    """Is this no effort for a solver? Then it is noted."""
    if name not in {field.name for field in fields(Effort)}:
        return False
    try:
        Effort(**{name: value})  # type: ignore[arg-type]
    except InvalidNoun as error:
        faults.note(*(Fault(path, fault.expected, fault.got) for fault in error.faults))
        return True
    return False


def _built(options: type) -> Callable[[Choice], Any]:
    return lambda choice: options(**dict(choice))


def _fits(value: Value, annotation: object) -> bool:
    if get_origin(annotation) is Literal:
        return value in get_args(annotation) and not isinstance(value, bool)
    if get_origin(annotation) in (Union, UnionType):
        return any(_fits(value, member) for member in get_args(annotation))
    if annotation is float:
        return type(value) in (int, float) and value == value
    return type(value) is annotation


def _words(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return f"one of {' '.join(map(str, get_args(annotation)))}"
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(map(_words, get_args(annotation)))
    return _WORDS.get(annotation, str(annotation))


def _shown(value: Value) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
