"""``isamap schema``: what it prints fits every file that comes with isamap, and refuses what the reader refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from isamap.cli import app
from isamap.spec import bundled, load_target, load_workload, schema
from isamap.spec.schema import _SCHEMAS

KINDS = sorted(_SCHEMAS)
_KNOWN = {"$defs", "$ref", "$schema", "title", "description", "default", "type", "properties", "required", "enum",
          "anyOf", "items", "additionalProperties"}  # fmt: skip
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
    "null": type(None),
}  # fmt: skip


def printed(*arguments: str, exit_code: int = 0) -> str:
    done = CliRunner().invoke(app, ["schema", *arguments])
    assert done.exit_code == exit_code, done.output
    return done.stdout


def faults(data: Any, part: dict[str, Any], root: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where ``data`` does not fit a part of a JSON Schema: as much of 2020-12 as isamap's schemas use."""
    assert set(part) <= _KNOWN, f"this test does not know {set(part) - _KNOWN}"
    if "$ref" in part:
        yield from faults(data, root["$defs"][part["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in part:
        tried = [list(faults(data, choice, root, at)) for choice in part["anyOf"]]
        if all(tried):
            yield from min(tried, key=len)
    if "enum" in part and data not in part["enum"]:
        yield f"{at}: {data!r} is none of {part['enum']}"
    kind = part.get("type")
    if kind is not None and (not isinstance(data, _TYPES[kind]) or (isinstance(data, bool) and kind != "boolean")):
        yield f"{at}: {data!r} is no {kind}"
        return
    if isinstance(data, dict) and kind == "object":
        own, other = part.get("properties", {}), part.get("additionalProperties", True)
        yield from (f"{at}: {key} is missing" for key in part.get("required", ()) if key not in data)
        for key, value in data.items():
            if key in own or isinstance(other, dict):
                yield from faults(value, own.get(key, other), root, f"{at}.{key}")
            elif not other:
                yield f"{at}: {key!r} is no key"
    if isinstance(data, list) and "items" in part:
        for n, value in enumerate(data):
            yield from faults(value, part["items"], root, f"{at}[{n}]")


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_it_prints_the_schema_of_every_kind(kind: str) -> None:
    record = json.loads(printed(kind))
    assert record == schema(kind)  # type: ignore[arg-type]
    assert record["$schema"].endswith("2020-12/schema")
    assert record["additionalProperties"] is False
    assert {"name"} < set(record["properties"])


@pytest.mark.parametrize("kind", ["kernel", "hardware"])
def test_every_bundled_file_fits(kind: str) -> None:
    record, files = json.loads(printed(kind)), bundled(kind)  # type: ignore[arg-type]
    assert files
    for path in files.values():
        assert list(faults(read(path), record, record, path.stem)) == []


@pytest.mark.parametrize(
    ("kind", "change", "fault"),
    [
        ("kernel", {"enisums": []}, "'enisums' is no key"),
        ("kernel", {"tensors": {"A": {"dtype": 8, "shape": [2]}}}, "8 is no string"),
        ("kernel", {"sizes": {"M": True}}, "True is no integer"),
        ("hardware", {"issue": "whenever"}, "'whenever' is none of"),
        ("hardware", {"memories": {"m": {"capacity": "1 KiB", "kind": "cash"}}}, "'cash' is none of"),
        ("hardware", {"name": None}, "None is no string"),
    ],
)
def test_mistakes_do_not_fit(kind: str, change: dict[str, Any], fault: str) -> None:
    record = json.loads(printed(kind))
    path = bundled(kind)["gemm" if kind == "kernel" else "tiny"]  # type: ignore[arg-type]
    found = list(faults({**read(path), **change}, record, record))
    assert any(fault in one for one in found), found


def test_a_file_may_name_its_schema(tmp_path: Path) -> None:
    printed("kernel", "-o", str(tmp_path / "kernel.schema.json"))
    assert json.loads((tmp_path / "kernel.schema.json").read_text(encoding="utf-8")) == schema("kernel")
    for kind, name, load in (("kernel", "gemm", load_workload), ("hardware", "tiny", load_target)):
        line = f"# yaml-language-server: $schema={kind}.schema.json\n"
        path = tmp_path / f"{name}.yaml"
        path.write_text(line + bundled(kind)[name].read_text(encoding="utf-8"), encoding="utf-8")  # type: ignore[index]
        assert load(str(path)) == load(name)  # type: ignore[operator]


def test_no_such_kind() -> None:
    done = CliRunner().invoke(app, ["schema", "kernal"])
    assert done.exit_code == 2
    assert all(kind in done.stderr for kind in KINDS)


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["schema", "kernel", "-o", str(tmp_path / "none" / "s.json")])
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr
