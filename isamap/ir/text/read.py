"""Reads what ``show`` writes: by the types of the fields, from Python's syntax tree; nothing is ever evaluated."""

from __future__ import annotations

import ast
import dataclasses
import functools
import types
import typing
from array import array
from typing import Any, Generic, Literal, NoReturn, TypeVar, Union

from isamap.errors import Fault, InvalidNoun
from isamap.ir import einsum
from isamap.ir import scalar as values
from isamap.ir.affine import Affine, affine
from isamap.ir.columns import TYPECODES, unpack
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.expression import Number, parse
from isamap.ir.text.lines import located
from isamap.ir.text.show import LEADING, RECORDS
from isamap.ir.text.workload import read_einsum, read_scalar

_Item = TypeVar("_Item")


class _Column(Generic[_Item]):
    """Stands for ``array``, which cannot be subscripted before Python 3.12."""


@functools.cache
def _hints(noun: Any) -> dict[str, Any]:
    return typing.get_type_hints(noun, localns={"array": _Column})


def read_record(text: str) -> Any:
    """The noun that ``show`` wrote."""
    try:
        return read(parse_python(text), Any)
    except InvalidNoun as error:
        raise located(error, 1) from None


def parse_python(text: str, number: int = 1) -> ast.expr:
    """The syntax tree of ``text``, whose first line is line ``number``."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return ast.increment_lineno(tree, number - 1)
    except SyntaxError as error:
        at = (f"line {number + (error.lineno or 1) - 1}",)
        raise InvalidNoun([Fault(at, "a record", repr((error.text or text).strip()[:60]), error.msg)]) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise InvalidNoun([Fault((), "a record", repr(text[:60]), str(error) or "nested too deeply")]) from None


def read(node: ast.expr, hint: Any) -> Any:
    """The value of type ``hint`` that ``node`` writes; raises InvalidNoun."""
    origin = typing.get_origin(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return _read_anything(node)
    if origin in (Union, types.UnionType):
        return _read_union(node, typing.get_args(hint))
    if origin is Literal:
        text = read(node, str)
        return text if text in typing.get_args(hint) else _refuse(node, "one of " + " ".join(typing.get_args(hint)))
    if origin is tuple:
        return _read_tuple(node, typing.get_args(hint))
    if origin is _Column:
        return _read_array(node)
    noun = origin or hint
    if noun in _LEAVES:
        return _LEAVES[noun](node)
    return _read_noun(node, noun)


def _read_anything(node: ast.expr) -> Any:
    match node:
        case ast.Call(func=ast.Name(id="array" | "column")):
            return _read_array(node)
        case ast.Call(func=ast.Name(id=name)) if name in RECORDS:
            return _read_noun(node, RECORDS[name])
        case ast.Tuple(elts=items):
            return tuple(map(_read_anything, items))
        case ast.Name(id=name) if name in DTYPES:
            return DTYPES[name]
        case ast.Constant(value=bool() | str() | bytes() | None as value):
            return value
        case ast.Constant() | ast.UnaryOp() | ast.Name(id="inf" | "nan"):
            return _read_union(node, (int, float))
    _refuse(node, "a record: one of " + " ".join(sorted(RECORDS)))


def _read_union(node: ast.expr, hints: tuple[Any, ...]) -> Any:
    if type(None) in hints and isinstance(node, ast.Constant) and node.value is None:
        return None
    if Number in hints:
        return parse(ast.unparse(node))
    if values.Literal in hints:
        return read_scalar(_read_string(node))
    faults: list[Fault] = []
    for hint in hints:
        try:
            if hint is not type(None):
                return read(node, hint)
        except InvalidNoun as error:
            faults += error.faults
    deepest = max(faults, key=lambda fault: len(fault.path))
    if deepest.path and len(deepest.path) > 1:
        raise InvalidNoun([deepest])
    _refuse(node, " or ".join(dict.fromkeys(fault.expected for fault in faults)))


def _read_tuple(node: ast.expr, hints: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(node, ast.Tuple):
        _refuse(node, "a tuple")
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(read(item, hints[0]) for item in node.elts)
    if len(hints) != len(node.elts):
        _refuse(node, f"a tuple of {len(hints)}")
    return tuple(read(item, hint) for item, hint in zip(node.elts, hints, strict=True))


def _read_array(node: ast.expr) -> array[Any]:
    match node:
        case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str() as text)], keywords=[]):
            return unpack(text)
        case ast.Call(func=ast.Name(id="array"), args=[ast.Constant(value=str() as code), ast.List(elts=items)]):
            if code in TYPECODES and len(code) == 1:
                numbers = [read(item, float if code in "fd" else int) for item in items]
                try:
                    return array(code, numbers)
                except OverflowError:
                    pass
    _refuse(node, "array('q', [1, 2, ...]) or column('...')")


def _read_noun(node: ast.expr, noun: Any) -> Any:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != noun.__name__:
        _refuse(node, f"{noun.__name__}(...)")
    return read_fields(node, noun, {})


def read_fields(node: ast.Call, noun: Any, more: dict[str, Any]) -> Any:
    """``noun`` from the arguments of a call and from ``more``."""
    try:
        return _built(node, noun, more)
    except InvalidNoun as error:
        raise located(error, node.lineno) from None


def _built(node: ast.Call, noun: Any, more: dict[str, Any]) -> Any:
    hints = _hints(noun)
    fields = [field.name for field in dataclasses.fields(noun)]
    leading = [name for name in fields if name in LEADING]
    given = [*zip(leading, node.args, strict=False), *((word.arg, word.value) for word in node.keywords)]
    names = [name for name, _ in given]
    if len(node.args) > len(leading) or len(set(names)) < len(names) or not set(names) <= set(fields):
        _refuse(node, f"each field of {noun.__name__} at most once ({', '.join(fields)})")
    found: dict[str, Any] = dict(more)
    for name, value in given:
        if name is not None:
            found[name] = _under(name, value, hints[name])
    missing = [f.name for f in dataclasses.fields(noun) if _is_required(f) and f.name not in found]
    if missing:
        _refuse(node, f"{', '.join(missing)} of {noun.__name__}")
    return noun(**found)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _under(name: str, node: ast.expr, hint: Any) -> Any:
    try:
        return read(node, hint)
    except InvalidNoun as error:
        raise located(error, None, name) from None


def _read_string(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=text):
            return text
        case ast.Attribute(attr=last, value=first):
            return f"{_read_string(first)}.{last}"
    _refuse(node, "a name or a string")


def _read_number(node: ast.expr) -> int | float:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_read_number(operand)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id="inf" | "nan" as word):
            return float(word)
    _refuse(node, "a number")


def _read_integer(node: ast.expr) -> int:
    value = _read_number(node)
    return value if isinstance(value, int) else _refuse(node, "an integer")


def _read_truth(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool() as truth):
            return truth
    _refuse(node, "True or False")


def _read_bytes(node: ast.expr) -> bytes:
    match node:
        case ast.Constant(value=bytes() as data):
            return data
    _refuse(node, "b'...'")


def _read_dtype(node: ast.expr) -> DType:
    match node:
        case ast.Name(id=name) if name in DTYPES:
            return DTYPES[name]
    _refuse(node, "a type (" + " ".join(DTYPES) + ")")


_LEAVES: dict[Any, Any] = {
    str: _read_string, int: _read_integer, float: _read_number, bool: _read_truth, bytes: _read_bytes,
    DType: _read_dtype, Affine: lambda node: affine(ast.unparse(node)),
    einsum.Einsum: lambda node: read_einsum(_read_string(node)),
}  # fmt: skip


def _refuse(node: ast.expr, expected: str) -> NoReturn:
    found = ast.unparse(node)
    raise InvalidNoun([Fault((), expected, repr(found if len(found) <= 60 else f"{found[:57]}..."))])
