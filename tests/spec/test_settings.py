"""``--set``: values follow YAML, and each name belongs to the kernel or to the target."""

from __future__ import annotations

import pytest

from isamap.errors import InputError
from isamap.spec import parse_setting, split_settings

KERNEL = "name: k\nsizes: {M: 4, both: 1}\ntypes: {in: s8}\n"
TARGET = "name: t\nparameters: {spad_kib: 64, both: 2}\n"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("M=64", "M", 64),
        ("in=s16", "in", "s16"),
        ("x = 1.5", "x", 1.5),
        ("x=1e3", "x", 1000.0),
        ("x=0x10", "x", 16),
        ("x='64'", "x", "64"),
        ("x=true", "x", True),
        ("x=no", "x", "no"),
        ("K=[1, 64]", "K", [1, 64]),
        ("e=a=b", "e", "a=b"),
    ],
)
def test_values(text: str, name: str, value: object) -> None:
    parsed = parse_setting(text)
    assert parsed == (name, value)
    assert type(parsed[1]) is type(value)


@pytest.mark.parametrize("text", ["", "M", "=3", "M=", "M= ", "M=[1", "M={a: b}", "M=[[1]]", "M=*x"])
def test_no_settings(text: str) -> None:
    with pytest.raises(InputError, match="--set: expected "):
        parse_setting(text)


def test_split() -> None:
    settings: dict[str, object] = {"M": 8, "spad_kib": 32, "in": "s16"}
    assert split_settings(KERNEL, TARGET, settings) == ({"M": 8, "in": "s16"}, {"spad_kib": 32})
    assert split_settings(KERNEL, None, {"M": 8}) == ({"M": 8}, {})
    assert split_settings(None, TARGET, {"both": 8}) == ({}, {"both": 8})
    assert split_settings("gemm", "p16", {"spad_kib": 32, "M": 1}) == ({"M": 1}, {"spad_kib": 32})
    assert split_settings(KERNEL, TARGET, {}) == ({}, {})


def test_names_of_both_or_neither_are_all_reported() -> None:
    with pytest.raises(InputError) as caught:
        split_settings(KERNEL, TARGET, {"both": 1, "spad_kb": 3, "Q": 3})
    assert caught.value.exit_code == 2
    possible = "expected a size, type or parameter of M both in spad_kib"
    owners = "a name in sizes of the kernel and a name in parameters of the target"
    assert [str(fault).partition("; rename")[0] for fault in caught.value.faults] == [
        f"--set: expected both in one file only, got {owners}",
        f"--set: {possible}, got 'spad_kb'; did you mean 'spad_kib'?",
        f"--set: {possible}, got 'Q'",
    ]
