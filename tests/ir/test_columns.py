"""Columns and programs in result files: exact, small, fast, and damage is noticed."""

from __future__ import annotations

import json
import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import InvalidNoun
from isamap.ir.columns import pack, unpack
from isamap.ir.dtype import DTYPES
from isamap.ir.program import Operation, Program, Segment, View
from isamap.ir.record import program_from_json, program_to_json

LIMITS = {"b": 7, "h": 15, "i": 31, "q": 63}


@given(st.sampled_from("bhiqBHIQ"), st.data())
def test_any_integers(typecode: str, data: st.DataObject) -> None:
    bits = LIMITS[typecode.lower()]
    ends = (0, (2 << bits) - 1) if typecode.isupper() else (-(1 << bits), (1 << bits) - 1)
    column = array(typecode, data.draw(st.lists(st.one_of(st.integers(*ends), st.sampled_from(ends)), max_size=60)))
    again = unpack(pack(column))
    assert again == column
    assert again.typecode == typecode
    assert pack(again) == pack(column)


@given(st.sampled_from("fd"), st.lists(st.floats(allow_nan=False, width=32)))
def test_any_floats(typecode: str, numbers: list[float]) -> None:
    assert unpack(pack(array(typecode, numbers))) == array(typecode, numbers)


def test_differences_help_where_numbers_advance_together() -> None:
    rows = [x for i in range(10_000) for x in (64 * i, 8192 + 2048 * (i % 2), i)]
    random.seed(1)
    assert len(pack(array("q", rows))) < 2_000
    assert len(pack(array("q", [random.randrange(1 << 8) for _ in range(10_000)]))) < 20_000


@given(st.data())
def test_damage_is_noticed(data: st.DataObject) -> None:
    text = pack(array("q", range(0, 500, 7)))
    where = data.draw(st.integers(0, len(text) - 4))
    letter = data.draw(st.sampled_from("Az+9*é"))
    damaged = text[:where] + letter + text[where + 1 :]
    if damaged != text:
        with pytest.raises(InvalidNoun, match="a packed column"):
            unpack(damaged)
    with pytest.raises(InvalidNoun):
        unpack(text[:where])


@pytest.mark.parametrize("text", ["", "AAAA", "no base64", pack(array("i")) + pack(array("i"))])
def test_what_is_no_column_is_refused(text: str) -> None:
    with pytest.raises(InvalidNoun, match="a packed column"):
        unpack(text)


def test_arrays_of_characters_are_refused() -> None:
    with pytest.raises(InvalidNoun, match="typecode"):
        pack(array("u", "text"))


def irregular(issues: int) -> Program:
    """A program of an unrolled kernel's size: five origins and one or two waits each."""
    random.seed(0)
    operands = [View(name, "l1", DTYPES["s8"], ((),)) for name in "ABCDE"]
    segment = Segment(
        (Operation("sdot", (("i", (16,)),), tuple(operands)), Operation("ld", (("i", (16,)),), tuple(operands))),
        array("i", (random.randrange(2) for _ in range(issues))),
        array("q", (64 * (i // 7) + random.randrange(1 << 14) for i in range(issues) for _ in operands)),
        array("i", (1 for _ in range(issues))),
        array("q", (max(0, i - random.randrange(1, 40)) for i in range(issues))),
        array("b", (random.randrange(2) for _ in range(issues))),
        array("q", (2 * i + random.randrange(3) for i in range(issues))),
    )
    return Program("gdb2", "cpu", (), (), (), (segment,))


def test_a_result_file_of_a_long_program_is_small() -> None:
    program = irregular(300_000)
    text = json.dumps(program_to_json(program))
    again = program_from_json(json.loads(text))
    assert again == program
    assert len(text) < 8_000_000
    assert json.dumps(program_to_json(again)) == text


@pytest.mark.parametrize("record", [{}, {"format": "isamap program 1"}, {"format": "isamap program 1", "lines": [3]}])
def test_other_json_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(InvalidNoun, match="expected"):
        program_from_json(record)
