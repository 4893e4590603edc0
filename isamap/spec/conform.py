"""Does the data have the shape that a schema asks for? Every difference as a Fault, at the path in the file.

A wrong part is taken out and the rest read on, so that a misspelt key does not hide the other mistakes of its file.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from isamap.spec.diagnostic import Faults, Where, did_you_mean
from isamap.spec.document import Document


class Shape(BaseModel):
    """What every schema of this room is: no unknown key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


S = TypeVar("S", bound=Shape)

_WORDS = {
    "int_type": "a whole number", "int_from_float": "a whole number", "float_type": "a number", "string_type": "text",
    "bool_type": "true or false", "list_type": "a list", "dict_type": "a mapping", "model_type": "a mapping",
}  # fmt: skip
_EMPTY: dict[str, object] = {  # stand in for missing parts
    "name": "", "einsums": [], "tensors": {}, "memories": {}, "kernels": [], "targets": [],
}  # fmt: skip


def conform(document: Document, schema: type[S]) -> tuple[S | None, Faults]:
    """The data as ``schema`` reads it, as far as it can be read (None: too little is left), and every fault.

    What is taken out is noted as broken, so that its absence is not reported a second time.
    """
    faults = Faults()
    left = copy.deepcopy(document.data)
    gone: set[Where] = set()
    while True:
        try:
            return schema.model_validate(left), faults
        except ValidationError as error:
            cut = _note(error.errors(), left, schema, faults, gone)
        if not cut:
            return None, faults
        for path in cut:
            _take_out(left, path)
        gone |= cut


def _note(
    errors: Iterable[ErrorDetails], data: Any, schema: type[Shape], faults: Faults, gone: set[Where]
) -> set[Where]:
    """Notes every error as a fault; gives the paths to take out."""
    by_path: dict[Where, list[ErrorDetails]] = {}
    for error in errors:
        by_path.setdefault(_document_path(error, data), []).append(error)
    cut = set()
    for path, at_path in by_path.items():
        if any(other[: len(path)] == path != other for other in by_path):
            continue  # one member of a union does not fit at all, another fits but for a part of it
        kinds = {error["type"] for error in at_path}
        if "missing" in kinds:
            if path not in gone and not any(_misspelt(path, other, by_path[other]) for other in by_path):
                faults.add(path[:-1], f"the key {path[-1]}", f"only {' '.join(_at(data, path[:-1])) or 'nothing'}")
            cut.add(path[:-1] if len(path) > 1 else path)
            faults.broken.update(map(str, path[1:2]))
        elif "extra_forbidden" in kinds:
            known = sorted(_keys(schema, path[:-1]))
            hint = did_you_mean(str(path[-1]), known)
            faults.add(path, f"a key of {' '.join(known)}", f"the unknown key {str(path[-1])!r}", hint)
            cut.add(path)
            faults.broken.update(_at(data, path) if isinstance(_at(data, path), dict) else ())
        else:
            faults.add(path, _expected(at_path), _shown(_at(data, path)))
            cut.add(path)
            faults.broken.update(map(str, path[1:2]))
    return {_outside_lists(path, data) for path in cut}


def _misspelt(missing: Where, other: Where, errors: list[ErrorDetails]) -> bool:
    """Is the other key the missing one with a slip of the pen? Then one message is enough."""
    unknown = errors[0]["type"] == "extra_forbidden" and other[:-1] == missing[:-1]
    return unknown and bool(did_you_mean(str(other[-1]), [str(missing[-1])]))


def _outside_lists(path: Where, data: Any) -> Where:
    """The path up to the first list in it: a list goes as a whole, so that no index changes its meaning."""
    for size in range(len(path)):
        if isinstance(_at(data, path[:size]), list):
            return path[:size]
    return path


def _document_path(error: ErrorDetails, data: Any) -> Where:
    """The error's location without the names that pydantic gives to the members of a union."""
    path: list[str | int] = []
    here = data
    for n, part in enumerate(error["loc"]):
        if (isinstance(here, dict) and part in here) or (isinstance(here, list) and isinstance(part, int)):
            here = _at(here, (part,))
            path.append(part)
        elif error["type"] == "missing" and n == len(error["loc"]) - 1:
            path.append(part)
    return tuple(path)


def _expected(errors: list[ErrorDetails]) -> str:
    wanted = list(dict.fromkeys(_words(error) for error in errors))
    if "a number" in wanted and "a whole number" in wanted:
        wanted.remove("a whole number")
    if wanted[0].endswith("number") and "text" in wanted:  # where numbers may stand, text is an expression
        wanted[wanted.index("text")] = "an expression"
    return " or ".join(wanted)


def _words(error: ErrorDetails) -> str:
    if error["type"] == "literal_error":
        return str(error.get("ctx", {}).get("expected", "another word"))
    return _WORDS.get(error["type"], error["msg"].removeprefix("Input should be "))


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return repr(value)


def _keys(annotation: Any, path: Where) -> set[str]:
    """The keys that the schema knows for a mapping at ``path``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return _keys(fields.get(str(path[0])), path[1:]) if path else set(fields)
    if get_origin(annotation) in (dict, list):
        return _keys(get_args(annotation)[-1], path[1:]) if path else set()
    return set[str]().union(*(_keys(member, path) for member in get_args(annotation)))


def _at(data: Any, path: Where) -> Any:
    for part in path:
        data = data[part]
    return data


def _take_out(data: dict[str, Any], path: Where) -> None:
    if len(path) == 1 and path[0] in _EMPTY:
        data[str(path[0])] = copy.copy(_EMPTY[str(path[0])])
        return
    try:
        del _at(data, path[:-1])[path[-1]]
    except (KeyError, TypeError):
        return  # it went with what held it
