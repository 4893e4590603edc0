"""``verify`` passes what ``compile`` says, and refuses by name what was tampered with."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from isamap.check import certificate
from isamap.report.rules import rules_table
from isamap.result import KEYS
from tests.certified import KERNELS, SEARCHED, TAMPERINGS, broken, not_refused, result, summarised, violations
from tests.certified import certificate as certificate_of


@pytest.mark.parametrize("name", KERNELS)
def test_what_compile_says_passes(name: str, tmp_path: Path) -> None:
    record = result(name)
    began = time.monotonic()
    assert broken(record, tmp_path) == []
    assert time.monotonic() - began < 5


def test_all_cuts_of_small_kernels_were_searched() -> None:
    found = {name: certificate_of(result(name)) for name in SEARCHED}
    assert all(one.searched and one.bound == one.value for one in found.values())
    assert found["gemm tiny"].kind == "verified"
    assert found["gemm vliw4"].kind == "trusted"
    assert all(closed.bound_cycles < found["gemm vliw4"].value for closed in found["gemm vliw4"].closed)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_kind_of_tampering_is_refused(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    changes = [TAMPERINGS[name](result(kernel), rng) for kernel in SEARCHED[:2]]
    applied = [changed for changed in changes if changed is not None]
    assert applied
    known = rules_table()
    for changed in applied:
        rules = broken(changed, tmp_path)
        assert rules
        assert all(f"| `{rule}` |" in known or rule == "file" for rule in rules), rules


@pytest.mark.parametrize("key", [key for key in KEYS if key != "solve_seconds"])
def test_nothing_that_the_summary_says_goes_unchecked(key: str, tmp_path: Path) -> None:
    record = result("gemv tiny")
    old = record["summary"][key]
    other = {"x": 1} if isinstance(old, dict) else not old if isinstance(old, bool) else "x" if old == str(old) else 999
    found = violations(summarised(record, **{key: other}), tmp_path)
    name = {"certificate": "kind"}.get(key, key)
    assert name in {violation.where for violation in found} | {violation.rule for violation in found}


def test_random_tamperings_are_refused(tmp_path: Path) -> None:
    assert not_refused(20, 7, tmp_path) == []


def test_rules_are_listed_for_users() -> None:
    assert all(f"| `{rule}` |" in rules_table() for rule in certificate.RULES)
