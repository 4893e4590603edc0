"""Files that are no good YAML at all, each with its line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap.errors import InputError
from isamap.spec import SpecError, load_target, load_workload
from isamap.spec.document import parse


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("name: x\nsizes: {M: 1\ntensors: 3\n", 3, 8, "expected YAML, got ':'"),
        ("name: x\n\tsizes: 3\n", 2, 1, "expected YAML, got '\\t'; while scanning for the next token: found character"),
        ("name: [x\n", 2, 1, "expected YAML, got the end of the file; while parsing a flow sequence"),
        ("name: x\n---\nname: y\n", 2, 1, "expected YAML, got '-'; expected a single document"),
        ("name: *x\n", 1, 7, "expected YAML, got '*'; found undefined alias 'x'"),
        ("name: x\nbad: \x01\n", 2, 6, "expected YAML, got special characters are not allowed"),
        ("\n\n", 1, 1, "expected a mapping (name: ...), got an empty file"),
        ("# nothing\n\n", 1, 1, "expected a mapping (name: ...), got an empty file"),
        ("- a\n- b\n", 1, 1, "expected a mapping (name: ...), got a list"),
        ("just\ntext\n", 1, 1, "expected a mapping (name: ...), got 'just text'"),
        ("a: &a [*a]\n", 1, 1, "expected YAML of modest depth, got endless nesting"),
    ],
)
def test_no_yaml(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_workload(text)
    (found,) = caught.value.diagnostics
    assert (found.line, found.column) == (line, column)
    assert str(found.fault).startswith(said)
    assert str(caught.value).startswith(f"<text>:{line}:{column}: ")


def test_duplicate_keys_are_all_reported_at_the_second() -> None:
    with pytest.raises(SpecError) as caught:
        load_workload("name: x\nsizes: {M: 1, N: 2, M: 3}\nname: y\n")
    text = str(caught.value)
    again = "sizes.M: expected each key once, got M again, first in line 2"
    assert f"<text>:2:21: {again}\n  sizes: {{M: 1, N: 2, M: 3}}\n                      ^" in text
    assert "<text>:3:1: name: expected each key once, got name again, first in line 1\n  name: y\n  ^~~~" in text
    assert "tensors" in text  # other mistakes are not hidden


def test_bombs_of_aliases_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(SpecError, match="endless nesting"):
        parse("\n".join(lines), "bomb")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="expected a file that can be read, got No such file or directory"):
        load_target(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="got Is a directory"):
        load_target(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"name: x\nsource: caf\xe9 y\n")
    with pytest.raises(SpecError) as caught:
        load_target(latin)
    assert str(caught.value).startswith(f"{latin}:2:12: expected UTF-8 text, got the byte 0xe9\n  source: caf")


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\r\nsizes: {M: -1}\r\n")
    with pytest.raises(SpecError) as caught:
        load_workload(path)
    first = caught.value.diagnostics[0]
    assert first.source_line == "name: x"
    assert any(d.line == 2 and d.column == 12 for d in caught.value.diagnostics)


def test_scalars_follow_yaml_1_2() -> None:
    text = "a: [no, 1e9, 0x1F, 0o17, 010, 1_000, 2024-01-01, -.inf, true, ~, none, 'x', \"y\"]\n1: one\n"
    data = parse(text, "x").data
    assert data["a"][:7] == ["no", 1e9, 31, 15, 10, 1000, "2024-01-01"]
    assert data["a"][7:] == [float("-inf"), True, None, "none", "x", "y"]
    assert data["1"] == "one"


def test_merge_keys() -> None:
    assert parse("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", "x").data["b"] == {"x": 1, "y": 3}


def test_tabs_keep_the_caret_in_place() -> None:
    with pytest.raises(SpecError) as caught:
        load_workload("name: x\nsizes: {\tM: -1}\n")
    assert "  sizes: {\tM: -1}\n          \t   ^~" in str(caught.value)


def test_every_error_is_one_of_wrong_input() -> None:
    with pytest.raises(InputError) as caught:
        load_workload("name: x\n")
    assert caught.value.exit_code == 2
    assert caught.value.faults
