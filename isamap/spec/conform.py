"""Does the data have the shape that a schema asks for? Every difference as a Fault, at the path in the file.

A wrong part is taken out and the rest read on, so that a misspelt key does not hide the other mistakes of its file.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from isamap.errors import Fault
from isamap.spec.diagnostic import Where, did_you_mean


class Shape(BaseModel):
    """What every schema of this room is: no unknown key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=False)


S = TypeVar("S", bound=Shape)

_WORDS = {
    "int_type": "a whole number", "int_from_float": "a whole number", "float_type": "a number", "string_type": "text",
    "bool_type": "true or false", "list_type": "a list", "dict_type": "a mapping", "model_type": "a mapping",
}  # fmt: skip


def conform(data: Any, schema: type[S]) -> tuple[S | None, list[Fault]]:
    """``data`` as ``schema`` reads it, as far as it can be read (None: too little is left), and every fault."""
    faults: list[Fault] = []
    left = copy.deepcopy(data)
    while True:
        try:
            return schema.model_validate(left), faults
        except ValidationError as error:
            found, cut = _faults(error.errors(), left, schema)
        faults += found
        if not cut or any(not path for path in cut):
            return None, faults
        for path in sorted(cut, key=lambda path: [str(part).zfill(6) for part in path], reverse=True):
            _remove(left, path)


def _faults(errors: Iterable[ErrorDetails], data: Any, schema: type[Shape]) -> tuple[list[Fault], set[Where]]:
    by_path: dict[Where, list[ErrorDetails]] = {}
    for error in errors:
        by_path.setdefault(_document_path(error, data), []).append(error)
    deepest = [path for path in by_path if not any(other[: len(path)] == path != other for other in by_path)]
    faults, cut = [], set()
    for path in deepest:
        kinds = {error["type"] for error in by_path[path]}
        if "missing" in kinds:
            faults.append(Fault(path[:-1], f"the key {path[-1]}", _shown(_at(data, path[:-1]), keys=True)))
        elif "extra_forbidden" in kinds:
            known = sorted(_keys(schema, path[:-1]))
            hint = did_you_mean(str(path[-1]), known)
            faults.append(Fault(path, f"a key of {' '.join(known)}", f"the unknown key {str(path[-1])!r}", hint))
        else:
            wanted = dict.fromkeys(_words(error) for error in by_path[path])
            faults.append(Fault(path, " or ".join(wanted), _shown(_at(data, path))))
        cut.add(path[:-1] if "missing" in kinds else path)
    return faults, cut


def _document_path(error: ErrorDetails, data: Any) -> Where:
    """The error's location without the names that pydantic gives to the members of a union."""
    path: list[str | int] = []
    here = data
    for n, part in enumerate(error["loc"]):
        if isinstance(here, dict) and part in here or isinstance(here, list) and part in range(len(here)):
            here = here[part]
            path.append(part)
        elif error["type"] == "missing" and n == len(error["loc"]) - 1:
            path.append(part)
    return tuple(path)


def _words(error: ErrorDetails) -> str:
    if error["type"] == "literal_error":
        return str(error.get("ctx", {}).get("expected", "another word"))
    return _WORDS.get(error["type"], error["msg"].removeprefix("Input should be ").removeprefix("Value error, "))


def _shown(value: Any, keys: bool = False) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return f"only {' '.join(map(str, value)) or 'an empty mapping'}" if keys else "a mapping"
        case list():
            return "a list"
    return repr(value)


def _keys(annotation: Any, path: Where) -> set[str]:
    """The keys that the schema knows for a mapping at ``path``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return _keys(fields[str(path[0])], path[1:]) if path and path[0] in fields else set() if path else set(fields)
    arguments = get_args(annotation)
    container = getattr(annotation, "__origin__", None) in (dict, list)
    inner = arguments[-1:] if container else arguments
    rest = path[1:] if container else path
    return set().union(*(_keys(argument, rest) for argument in inner)) if path or not container else set()


def _at(data: Any, path: Where) -> Any:
    for part in path:
        data = data[part]
    return data


def _remove(data: Any, path: Where) -> None:
    try:
        holder = _at(data, path[:-1])
        del holder[path[-1]]
    except (KeyError, IndexError, TypeError):
        return  # it went with what held it
