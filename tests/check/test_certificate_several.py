"""Candidates of several einsums are enumerated by code of its own, which agrees with the search; each rule catches."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from isamap.check.certificate import RULES
from isamap.check.certificate_cuts import PiecesOf
from isamap.check.certificate_cuts import tiles as every_tile
from isamap.check.certificate_latency import latency
from isamap.check.certificate_matches import every_match
from isamap.check.certificate_model import model_hash
from isamap.check.certificate_passing import bound, every_staying, passing
from isamap.check.certificate_profile import TakenBy, room
from isamap.errors import Unsupported
from isamap.ir.answers import Match
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.plan.passing import between, stayings
from isamap.plan.several import Several, several
from isamap.plan.together import Together
from isamap.result import read_result
from isamap.scheduling import whole
from isamap.spec import load_target, load_workload
from tests.certified import result, write
from tests.check.test_certificate import said

CASES: dict[str, tuple[str, str, dict[str, int | str]]] = {
    "gemm and relu tiny": ("gemm_relu", "tiny", {"M": 3, "N": 3, "K": 2}),
    "gemm and relu vliw4": ("gemm_relu", "vliw4", {"M": 2, "N": 3, "K": 5}),
    "gate tiny": ("gru_gate", "tiny", {"BATCH": 1, "INPUTS": 2, "UNITS": 2}),
    "attention vliw4": ("attention_products", "vliw4", {"M": 2, "N": 2, "D": 3}),
    "depthwise vliw4": ("depthwise_pointwise", "vliw4", {"C": 2, "K": 2, "P": 3, "R": 2}),
}
DEAD = """
name: dead
sizes: {N: 4}
tensors: {A: {dtype: s32, shape: [N+1]}, T: {dtype: s32, shape: [N+1]}, C: {dtype: s32, shape: [N]}}
einsums: ["T[m] = max(A[m], 0)", "C[n] = max(T[n+1], 0)"]
"""


@cache
def case(name: str) -> tuple[Workload, Target, tuple[Match, ...], Several]:
    kernel, machine, given = CASES[name]
    work, target = load_workload(kernel, given), load_target(machine)
    matches = tuple(match for n in range(len(work.einsums)) for match in every_match(work, n, target))
    found = several(work, target, matches, 1e6, 100_000, lambda: False)
    assert found is not None
    return work, target, matches, found


def some(name: str, count: int) -> list[Together]:
    """Candidates drawn at random."""
    found, rng = case(name)[3], Random(name)
    choices = [(staying, cuts) for staying, cuts in found.cuts.items() if all(one.by_profile for one in cuts)]
    drawn = []
    for _ in range(count):
        staying, cuts = rng.choice(choices)
        profiles = [rng.choice(list(one.by_profile)) for one in cuts]
        one = tuple(rng.choice(each.by_profile[profile]) for each, profile in zip(cuts, profiles, strict=True))
        drawn.append(Together(one, found.bound(profiles), staying))
    return drawn


@pytest.mark.parametrize("name", CASES)
def test_bounds_are_those_of_the_search(name: str) -> None:
    work, target, _, _ = case(name)
    for candidate in some(name, 25):
        taken = []
        for one in candidate.cuts:
            binding = bound(work, one.binding.match, target, candidate.staying)
            assert binding is not None
            taken.append(TakenBy(binding, dict(one.tile)).taken({label: dict(p) for label, p in one.pieces}))
        assert latency(work, taken, room(target)) == candidate.bound_cycles


@pytest.mark.parametrize("name", CASES)
def test_models_are_those_that_the_solver_is_given(name: str) -> None:
    work, target, _, _ = case(name)
    seen = set()
    for candidate in some(name, 8):
        cuts, mine = [], []
        for one in candidate.cuts:
            pieces = {label: dict(piece) for label, piece in one.pieces}
            binding = bound(work, one.binding.match, target, candidate.staying)
            assert binding is not None
            cuts.append((one.binding, dict(one.tile), dict(one.pieces)))
            mine.append((binding, dict(one.tile), pieces))
        given = whole(work, cuts).anyhow.model
        assert model_hash(mine) == given
        seen.add(given)
    assert len(seen) > 4


@pytest.mark.parametrize("name", CASES)
def test_there_are_as_many_cuts_as_the_search_says(name: str) -> None:
    work, target, matches, found = case(name)
    names = between(work)
    assert names is not None
    assert sorted(passing(work)) == names
    assert list(every_staying(work, target)) == list(stayings(work, target, names)) == list(found.cuts)
    for staying, cuts in found.cuts.items():
        for number, mine in enumerate(cuts):
            count = 0
            for match in (match for match in matches if match.einsum == number):
                binding = bound(work, match, target, staying)
                if binding is not None:
                    count += sum(1 for tile in every_tile(binding) for _ in PiecesOf(binding).cuts(tile))
            assert count == mine.count(1e6)


def test_what_nobody_reads_is_not_searched() -> None:
    """A tile of such elements would not be waited for."""
    work = load_workload(DEAD)
    assert between(work) is None
    with pytest.raises(Unsupported, match="not every element is read"):
        passing(work)


def breakers(c: Any) -> dict[str, dict[str, Any]]:
    """For each rule of a search a change that breaks it."""
    closed, below = c.closed[0], c.closed[0].bound_cycles
    extra = replace(closed, cuts=(replace(closed.cuts[0], match=1), *closed.cuts[1:]), staying=(("T", "nowhere"),))
    rest = c.closed[1:]
    return {
        "bound": {"bound": c.value + 2},
        "matches": {"matches": c.matches[1:]},
        "candidates": {"candidates": c.candidates + 1},
        "cut": {"closed": (*c.closed, extra)},
        "missing": {"closed": rest},
        "needless": {"bound": float(below)},
        "closed-form": {"closed": (replace(closed, bound_cycles=below - 1), *rest)},
        "proved": {"closed": (replace(closed, least_cycles=int(c.value) - 1), *rest)},
        "model": {"closed": (replace(closed, model="0" * 16), *rest)},
    }


def test_every_rule_catches(tmp_path: Path) -> None:
    record = result("gemm and relu vliw4")
    certificate = read_result(write(tmp_path / "c.json", record)).certificate
    assert certificate is not None
    assert certificate.closed
    assert said(record, tmp_path) == []
    for rule, changes in breakers(certificate).items():
        assert rule in RULES
        assert rule in {violation.rule for violation in said(record, tmp_path, **changes)}, rule


def test_a_bound_that_is_no_cuts_own_is_refused(tmp_path: Path) -> None:
    """Without cuts that took a solver the bound is the least of all cuts' own."""
    record = result("gemm and relu vliw4")
    found = said(record, tmp_path, closed=(), bound=3.0, kind="verified")
    assert "bound" in {violation.rule for violation in found}
