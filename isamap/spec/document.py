"""A YAML file as plain data, with the place of every key and value.

YAML 1.2 by ruamel.yaml's parser: ``no`` is text, ``1e9`` a number. Keys are text always; dates are text. The
node tree is read directly, because it knows where each value starts and ends.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from isamap.errors import Fault
from isamap.spec.diagnostic import Diagnostic, Faults, SpecError, Where, with_suggestion

_MOST_NODES = 200_000  # aliases of aliases may grow without end


@dataclass(frozen=True)
class Mark:
    """Where a key or value starts (from 1) and how many characters of that line it takes."""

    line: int
    column: int
    length: int = 1


@dataclass
class Document:
    """``data`` is dicts, lists, str, int, float, bool and None.

    ``settings`` names values put in from outside; ``duplicates`` are mistakes that the data does not show.
    """

    file: str
    text: str
    data: Any = None
    keys: dict[Where, Mark] = field(default_factory=dict)
    values: dict[Where, Mark] = field(default_factory=dict)
    settings: dict[Where, str] = field(default_factory=dict)
    duplicates: list[Diagnostic] = field(default_factory=list)

    def mark(self, path: Where) -> Mark:
        """The place of ``path``, or of the nearest thing that holds it."""
        for size in range(len(path), 0, -1):
            if path[:size] in self.values:
                is_whole = size == len(path)
                return self.values[path] if is_whole else self.keys.get(path[:size], self.values[path[:size]])
        return Mark(1, 1)

    def diagnostic(self, fault: Fault) -> Diagnostic:
        """``fault`` with its place in this file, or the setting that it comes from."""
        fault = with_suggestion(fault)
        for path, setting in self.settings.items():
            if fault.path[: len(path)] == path:
                return Diagnostic(f"{self.file}: {setting}", 0, 0, fault)
        at = self._entry(fault)
        complains_of_key = bool(at) and fault.got.endswith(repr(at[-1])) and at in self.keys
        return self._at(self.keys[at] if complains_of_key else self.mark(at), fault)

    def error(self, faults: Faults) -> SpecError:
        return SpecError([*self.duplicates, *(self.diagnostic(fault) for fault in dict.fromkeys(faults.found))])

    def _at(self, mark: Mark, fault: Fault) -> Diagnostic:
        lines = self.text.splitlines()
        line = lines[mark.line - 1] if mark.line <= len(lines) else ""
        return Diagnostic(self.file, mark.line, mark.column, fault, line, mark.length)

    def _entry(self, fault: Fault) -> Where:
        """The entry of a list or mapping that the fault complains of, where it names one."""
        found = self._data_at(fault.path)
        at: Iterable[str | int] = found if isinstance(found, dict) else ()
        if isinstance(found, list):
            at = (n for n, entry in enumerate(found) if isinstance(entry, str) and repr(entry) == fault.got)
        return next(((*fault.path, key) for key in at if isinstance(key, int) or repr(key) == fault.got), fault.path)

    def _data_at(self, path: Where) -> Any:
        here = self.data
        try:
            for part in path:
                here = here[part]
        except (KeyError, IndexError, TypeError):
            return None
        return here


def parse(text: str, file: str) -> Document:
    """The document that ``text`` writes; raises SpecError where it is not YAML or no mapping."""
    document = Document(file, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = YAML(typ="safe", pure=True).compose(text)
        document.data = _plain(node, (), document) if node is not None else None
    except MarkedYAMLError as error:
        found = error.problem_mark or error.context_mark
        mark = Mark(found.line + 1, found.column + 1) if found else Mark(1, 1)
        said = ": ".join(filter(None, (error.context, error.problem)))
        got = repr(text[found.index]) if found and found.index < len(text.rstrip()) else "the end of the file"
        raise SpecError([document._at(mark, Fault((), "YAML", got, said))]) from None
    except YAMLError as error:
        before = text[: getattr(error, "position", 0)]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        said = str(getattr(error, "reason", error))
        raise SpecError([document._at(mark, Fault((), "YAML", said))]) from None
    except RecursionError:
        raise SpecError([document._at(Mark(1, 1), Fault((), "YAML of modest depth", "endless nesting"))]) from None
    if not isinstance(document.data, dict):
        got = "an empty file" if node is None else "a list" if isinstance(document.data, list) else repr(document.data)
        raise SpecError([document._at(Mark(1, 1), Fault((), "a mapping (name: ...)", got))])
    return document


def read(path: Path) -> Document:
    """The document in a file; raises SpecError, also where the file cannot be read or is not UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        fault = Fault((), "a file that can be read", error.strerror or str(error))
        raise SpecError([Diagnostic(str(path), 0, 0, fault)]) from None
    try:
        return parse(raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        fault = Fault((), "UTF-8 text", f"the byte 0x{raw[error.start]:02x}")
        shown = raw.decode("utf-8", "replace").splitlines()[line - 1 : line] or [""]
        raise SpecError([Diagnostic(str(path), line, column, fault, shown[0])]) from None


def _plain(node: Node, path: Where, document: Document) -> Any:
    document.values[path] = _mark(node)
    if len(document.values) > _MOST_NODES:
        raise RecursionError
    if isinstance(node, ScalarNode):
        return scalar(node)
    if not isinstance(node, MappingNode):
        return [_plain(item, (*path, n), document) for n, item in enumerate(node.value)]
    found: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        here = (*path, name)
        if key.tag == "tag:yaml.org,2002:merge":
            base = _plain(value, path, document)
            merged.update(base if isinstance(base, dict) else {})
        elif name in found:
            fault = Fault(here, "each key once", f"{name} again, first in line {document.keys[here].line}")
            document.duplicates.append(document._at(_mark(key), fault))
        else:
            document.keys[here] = _mark(key)
            found[name] = _plain(value, here, document)
            if not isinstance(value, ScalarNode) and not value.flow_style:
                document.values[here] = document.keys[here]  # a block starts a line below: its key is easier to see
    return {**merged, **found}


def _mark(node: Node) -> Mark:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1_000
    return Mark(start.line + 1, start.column + 1, max(1, length))


def scalar(node: ScalarNode) -> str | int | float | bool | None:
    """The value of a plain or quoted scalar by YAML 1.2's rules."""
    text, kind = str(node.value), str(node.tag).rpartition(":")[2]
    try:
        if kind == "int":
            digits = text.replace("_", "").lower()
            return int(digits, 0) if digits.lstrip("+-")[:2] in ("0x", "0o", "0b") else int(digits)
        if kind == "float":
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
    return text.lower() in ("true", "yes", "on") if kind == "bool" else None if kind == "null" else text


def mapping_at(data: Any, key: str) -> dict[str, Any]:
    """The mapping under ``key`` of raw data; empty where there is none."""
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
