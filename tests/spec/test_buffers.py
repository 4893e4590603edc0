"""Buffers in CSV: MiniMalloc's columns, and every mistake at its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import Fault, InputError
from isamap.ir.answers import Lifetime, Placement
from isamap.spec import SpecError, parse_buffers, read_buffers, write_buffers

HEADER = "id,lower,upper,size\n"


def lives(text: str) -> tuple[Lifetime, ...]:
    return parse_buffers(text, "b.csv").lives


def mistakes(text: str) -> list[str]:
    """The mistakes, each without the source line below it."""
    with pytest.raises(SpecError) as refusal:
        parse_buffers(text, "b.csv")
    return [str(mistake).split("\n")[0] for mistake in refusal.value.diagnostics]


def test_four_columns() -> None:
    assert lives(HEADER + "b1,0,3,4\nb2,-3,9,0\n") == (
        Lifetime("b1", "memory", 0, 3, 4),
        Lifetime("b2", "memory", -3, 9, 0),
    )


def test_columns_in_any_order_with_crlf_a_mark_blank_lines_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes("\ufeffsize, id,upper,lower\r\n\r\n4, b1 ,3,0\r\n".encode())
    read = read_buffers(path)
    assert read.lives == (Lifetime("b1", "memory", 0, 3, 4),)
    assert read.rows == ((3, "4, b1 ,3,0"),)


def test_every_column() -> None:
    text = "id,lower,upper,size,alignment,hint,gaps,offset,in_place\na,0,3,4,8,-1,,16,\nb,2,5,4,,32,,,a\n"
    read = parse_buffers(text, "b.csv")
    assert read.lives == (
        Lifetime("a", "memory", 0, 3, 4, 8, address=16),
        Lifetime("b", "memory", 2, 5, 4, in_place="a"),
    )
    assert read.hints == (None, 32)


@pytest.mark.parametrize("header", ["buffer,start,end,size", "buffer_id,begin,end,size"])
def test_old_names_count_the_last_cycle_in(header: str) -> None:
    assert lives(f"{header}\na,0,3,4\nb,5,5,1\n") == (
        Lifetime("a", "memory", 0, 4, 4),
        Lifetime("b", "memory", 5, 6, 1),
    )


AT = "b.csv:2:"
OFFST = (
    "b.csv:1:21: offst: expected columns of id lower upper size alignment hint gaps offset in_place, got 'offst'; "
    "did you mean 'offset'?"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["b.csv:1:1: expected a header with id,lower,upper,size, got an empty file"]),
        ("\r\n\r\n", ["b.csv:1:1: expected a header with id,lower,upper,size, got an empty file"]),
        (HEADER, ["b.csv:1:1: expected a row per buffer below the header, got none"]),
        ("id,lower\na,0\n", ["b.csv:1:1: expected the columns id lower upper size, got none named upper or size"]),
        ("id,lower,upper,size,size\n", ["b.csv:1:16: size: expected each column once, got size 2 times"]),
        ("id,lower,upper,end,size\n", ["b.csv:1:16: end: expected upper or end, got both"]),
        (
            "id,lower,upper,size,offst\n",
            [OFFST],
        ),
        (HEADER + "a,0,3,-4\n", [f"{AT}7: size: expected at least 0, got -4"]),
        (HEADER + "a,3,3,4\n", [f"{AT}5: upper: expected more than lower, 3, got 3"]),
        (HEADER + "a,4,3,4\n", [f"{AT}5: upper: expected more than lower, 4, got 3"]),
        ("id,lower,end,size\na,4,3,4\n", [f"{AT}5: end: expected at least the first cycle, 4, got 3"]),
        (HEADER + "a,x,3,4\n", [f"{AT}3: lower: expected an integer of at most 15 digits, got 'x'"]),
        (HEADER + "a,0,3.0,4\n", [f"{AT}5: upper: expected an integer of at most 15 digits, got '3.0'"]),
        (HEADER + "a,0,3,1e3\n", [f"{AT}7: size: expected an integer of at most 15 digits, got '1e3'"]),
        (HEADER + "a,0,3,\n", [f"{AT}7: size: expected an integer of at most 15 digits, got ''"]),
        (HEADER + f"a,0,3,{10**16}\n", [f"{AT}7: size: expected an integer of at most 15 digits, got '{10**16}'"]),
        (HEADER + ",0,3,4\n", [f"{AT}1: id: expected a name, got an empty field"]),
        (HEADER + "a,0,3\n", [f"{AT}1: expected 4 fields, one per column, got 3"]),
        (HEADER + "a,0,3,4,5\n", [f"{AT}1: expected 4 fields, one per column, got 5"]),
        (HEADER + "a,0,3,4\na,1,2,3\n", ["b.csv:3:1: id: expected each id once, got 'a' again; first on line 2"]),
        ("id,lower,upper,size,alignment\na,0,3,4,0\n", [f"{AT}9: alignment: expected at least 1, got 0"]),
        ("id,lower,upper,size,offset\na,0,3,4,-8\n", [f"{AT}9: offset: expected at least 0, got -8"]),
        ("id,lower,upper,size,hint\na,0,3,4,-2\n", [f"{AT}9: hint: expected at least -1, got -2"]),
        (
            "id,lower,upper,size,gaps\na,0,3,4,1-2\n",
            [f"{AT}9: gaps: expected no gaps, which are not supported yet, got '1-2'"],
        ),
        ("id,lower,upper,size,in_place\na,0,3,4,z\n", [f"{AT}9: in_place: expected the id of another row, got 'z'"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_stands(text: str, said: list[str]) -> None:
    assert mistakes(text) == said


def test_all_mistakes_at_once_in_the_order_of_lines() -> None:
    found = mistakes(HEADER + "a,0,3,-4\na,5,5,x\r\n\nc,1\n")
    assert [mistake.split(": ")[0] for mistake in found] == [
        "b.csv:2:7",
        "b.csv:3:1",
        "b.csv:3:5",
        "b.csv:3:7",
        "b.csv:5:1",
    ]


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"id\xff", "expected text in UTF-8, got other bytes")]
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "b.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_buffers(path)


def test_errors_found_later_are_given_their_line() -> None:
    read = parse_buffers(HEADER + "\na,0,3,4\n", "b.csv")
    located = read.located(InputError([Fault(("a", "size"), "more", "4"), Fault(("hint",), "x", "y")]))
    assert str(located).split("\n")[:2] == ["b.csv: hint: expected x, got y", "b.csv:3:1: a.size: expected more, got 4"]
    plain = InputError("no faults")
    assert read.located(plain) is plain


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from(' ,"'), min_size=1
).filter(lambda name: name == name.strip())


@st.composite
def placements(draw: st.DrawFn) -> Placement:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    number = st.integers(0, 10**12)
    found = []
    for n, name in enumerate(names):
        start, address = draw(number), draw(number)
        over = names[n - 1] if n and draw(st.booleans()) else ""
        life = Lifetime(
            name, "memory", start, start + 1 + draw(number), draw(number), draw(st.integers(1, 64)), address, over
        )
        found.append((life, address))
    return Placement(tuple(found))


@given(placements())
def test_what_is_written_is_read_again(placement: Placement) -> None:
    assert lives(write_buffers(placement)) == tuple(life for life, _ in placement.addresses)


def test_only_columns_that_say_something_are_written() -> None:
    assert write_buffers(Placement(((Lifetime("a", "near", 0, 3, 4), 8),))) == "id,lower,upper,size,offset\na,0,3,4,8\n"
