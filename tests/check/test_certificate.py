"""A certificate is checked by code of its own: it agrees with the search where that is right, and each rule catches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isamap.bounds.cut import CutBound
from isamap.check.certificate import RULES, check_certificate
from isamap.check.certificate_bound import Issues
from isamap.check.certificate_cuts import PiecesOf, tiles
from isamap.check.certificate_matches import every_match, same
from isamap.check.certificate_model import model_hash
from isamap.errors import Unsupported
from isamap.ir.answers import Violation, sizes
from isamap.ir.binding import Binding, bind
from isamap.ir.certificate import Certificate, Closed
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping.match import map_workload
from isamap.plan import distinct
from isamap.plan.cuts import pieces_of
from isamap.plan.cuts import tiles as searched_tiles
from isamap.result import read_result
from isamap.scheduling import whole
from isamap.spec import load_target, load_workload
from tests.certified import result, write

BYTES16: dict[str, int | str] = {"in": "s16", "acc": "s16"}
MAP = """
name: map
sizes: {M: 6}
tensors: {X: {dtype: s32, shape: [M]}, Y: {dtype: s32, shape: [M]}}
einsums: ["Y[m] = max(X[m], 0)"]
"""
SUMMER = """
name: summer
description: One adder.
clock: 1 GHz
source: A test.
memories:
  dram: {capacity: 1 KiB, source: A test.}
  local: {capacity: 64 B, source: A test.}
channels: {copy: {count: 1}}
transfers:
  load: {from: dram, to: local, channel: copy, dimensions: 2, cost_cycles: 1 + ceil(bytes/16), latency_cycles: 0,
    source: A test.}
  store: {from: local, to: dram, channel: copy, dimensions: 2, cost_cycles: 1, latency_cycles: 0, source: A test.}
units: {adder: {count: 1}}
instructions:
  sum:
    unit: adder
    axes: {k: [1, 2]}
    operands: {A: "f32[k] @ local", C: "f32[] @ local"}
    strides: per_kernel_axis
    meaning: C[] += A[k]
    initialise: optional
    initiation_interval_cycles: k
    latency_cycles: k
    emit: none
    source: A test.
"""
FLOAT_SUM = """
name: sum
sizes: {K: 4, R: 3}
tensors: {A: {dtype: f32, shape: [K, R]}, s: {dtype: f32, shape: []}}
einsums: ["s[] += A[k,r]"]
"""
CASES: dict[str, tuple[str, str, dict[str, int | str]]] = {
    "gemm tiny": ("gemm", "tiny", {"M": 3, "N": 4, "K": 5}),
    "conv1d tiny": ("conv1d", "tiny", {"K": 2, "C": 1, "P": 5, "R": 2}),
    "gemv tiny": ("gemv", "tiny", {"M": 4, "K": 6}),
    "gemm vliw4": ("gemm", "vliw4", {"M": 4, "N": 2, "K": 4}),
    "gemm tiles": ("gemm", "tiles", {"M": 32, "N": 32, "K": 32, "in": "s16"}),
    "depthwise p16": ("depthwise_conv2d", "p16", {"C": 2, "P": 3, "Q": 3, "R": 2, "S": 2, **BYTES16}),
    "gemm gemmini": ("gemm", "gemmini", {"M": 16, "N": 16, "K": 32}),
    "conv2d gemmini": ("conv2d", "gemmini", {"K": 4, "C": 4, "P": 4, "Q": 4, "R": 3, "S": 3}),
    "requantise vliw4": ("gemm_requantised", "vliw4", {"M": 4, "N": 4, "K": 4}),
    "map tiny": (MAP, "tiny", {}),
}


def case(name: str) -> tuple[Workload, Target]:
    kernel, target, given = CASES[name]
    return load_workload(kernel, given), load_target(target)


def bindings(name: str) -> list[Binding]:
    work, target = case(name)
    return [bind(work, match, target) for match in every_match(work, 0, target)]


@pytest.mark.parametrize("name", CASES)
def test_brute_force_finds_the_matches_that_the_solver_finds(name: str) -> None:
    work, target = case(name)
    for number in range(len(work.einsums)):
        sets = map_workload(work, target)[number]
        if not any(one.matches for one in sets):
            sets = map_workload(work, target, empty_axes=True)[number]
        transfers = {transfer.name for transfer in target.transfers}
        found = distinct([m for one in sets for m in one.with_swap if m.instruction not in transfers])
        mine = every_match(work, number, target)
        assert sorted(map(repr, map(same, mine))) == sorted(map(repr, map(same, found)))


@pytest.mark.parametrize("name", ["gemm tiny", "conv1d tiny", "gemv tiny", "gemm vliw4", "depthwise p16", "map tiny"])
def test_cuts_and_bounds_are_those_of_the_search(name: str) -> None:
    for binding in bindings(name)[:1]:
        mine, pieces = list(tiles(binding)), PiecesOf(binding)
        assert mine == list(searched_tiles(binding))
        for tile in mine if len(mine) < 20 else mine[:: len(mine) // 6]:
            issues, bounds, cuts = Issues(binding, tile), CutBound(binding, tile), list(pieces.cuts(tile))
            assert cuts == list(pieces_of(binding, tile))
            assert issues.least_cycles == bounds.whatever_pieces_cycles()
            some = cuts[:: max(1, len(cuts) // 20)]
            assert [issues.bound_cycles(cut) for cut in some] == [bounds.cycles(cut) for cut in some]


@pytest.mark.parametrize("name", ["gemm tiny", "conv1d tiny", "gemm vliw4", "gemm tiles", "depthwise p16", "map tiny"])
def test_models_are_those_that_the_solver_is_given(name: str) -> None:
    work, _ = case(name)
    compared = set()
    for binding in bindings(name):
        every = list(tiles(binding))
        for tile in every[:: max(1, len(every) // 4)]:
            for pieces in list(PiecesOf(binding).cuts(tile))[::40]:
                try:
                    given = whole(work, [(binding, tile, {label: sizes(piece) for label, piece in pieces.items()})])
                except Unsupported:
                    continue
                compared.add(given.model)
                assert model_hash([(binding, tile, pieces)]) == given.model
    assert compared


def test_models_of_float_sums_keep_their_order() -> None:
    work = load_workload(FLOAT_SUM)
    one = load_target(SUMMER)
    binding = bind(work, every_match(work, 0, one)[0], one)
    for pieces in ({"k": 1, "r": 1}, {"k": 2, "r": 1}, {"k": 2, "r": 3}):
        given = whole(work, [(binding, {"k": 1, "r": 1}, {"A": sizes(pieces)})])
        assert all(tile.ordered for tile in given.reading.body.tiles)
        assert model_hash([(binding, {"k": 1, "r": 1}, {"A": pieces})]) == given.model


def said(record: dict[str, Any], tmp_path: Any, **changes: Any) -> list[Violation]:
    """What is wrong with the certificate of ``record`` after changes to it."""
    from isamap.judge import least_bound, named_bounds

    read = read_result(write(tmp_path / "r.json", record))
    assert read.certificate is not None
    return check_certificate(
        replace(read.certificate, **changes),
        read.summary,
        read.work,
        read.target,
        value=float(read.summary["latency_cycles"]),
        closed_forms=named_bounds([read.work], read.target, "latency"),
        closed_form=least_bound([read.work], read.target, "latency"),
    )


def first(certificate: Certificate, **changes: Any) -> dict[str, tuple[Closed, ...]]:
    """The certificate's first cut with changes."""
    return {"closed": (replace(certificate.closed[0], **changes), *certificate.closed[1:])}


def breakers(c: Certificate) -> dict[str, dict[str, Any]]:
    """For each rule a change that breaks it."""
    name, value = c.bounds[0]
    extra = replace(c.closed[0], cuts=(replace(c.closed[0].cuts[0], match=7),))
    below = c.closed[0].bound_cycles
    return {
        "objective": {"objective": "energy", "candidates": 0},
        "value": {"value": c.value + 1},
        "bounds": {"bounds": ((name, value + 1), *c.bounds[1:])},
        "bound": {"bound": c.value + 2},
        "gap": {"bound": c.value - 2},
        "status": {"bound": c.value - 2},
        "kind": {"kind": "verified"},
        "matches": {"matches": c.matches[1:]},
        "candidates": {"candidates": c.candidates + 1},
        "cut": {"closed": (*c.closed, extra)},
        "missing": {"closed": c.closed[1:]},
        "needless": {"bound": float(below)},
        "closed-form": first(c, bound_cycles=below - 1),
        "proved": first(c, least_cycles=int(c.value) - 1),
        "model": first(c, model="0" * 16),
        "within": {"within": (("fix", "einsum 0: mac"),)},
        "parameters": {"parameters": (("seed", 1), ("workers", 2))},
    }


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_catches(rule: str, tmp_path: Any) -> None:
    record = result("gemm vliw4")
    certificate = read_result(write(tmp_path / "c.json", record)).certificate
    assert certificate is not None
    assert said(record, tmp_path) == []
    assert rule in {violation.rule for violation in said(record, tmp_path, **breakers(certificate)[rule])}


def test_a_weaker_bound_than_follows_is_refused(tmp_path: Any) -> None:
    found = said(result("gemv tiny"), tmp_path, bound=15.0)
    assert "15.0 is stated, 16.0 is known of every cut" in {violation.detail for violation in found}


def test_two_cuts_listed_as_one_are_refused(tmp_path: Any) -> None:
    record = result("gemm vliw4")
    certificate = read_result(write(tmp_path / "c.json", record)).certificate
    assert certificate is not None
    found = said(record, tmp_path, closed=(*certificate.closed, certificate.closed[0]))
    assert [violation.rule for violation in found] == ["cut"]


def test_what_is_too_much_to_enumerate_is_refused_clearly() -> None:
    axes = [f"a{n}" for n in range(18)]
    names = ", ".join(f"{axis.upper()}: 2" for axis in axes)
    shape, index = ", ".join(axis.upper() for axis in axes), ",".join(axes)
    tensor = f"{{dtype: s32, shape: [{shape}]}}"
    einsum = f"Y[{index}] = max(X[{index}], 0)"
    work = load_workload(
        f"name: wide\nsizes: {{{names}}}\ntensors: {{X: {tensor}, Y: {tensor}}}\neinsums: ['{einsum}']\n"
    )
    with pytest.raises(Unsupported, match="262,144 assignments of axes"):
        every_match(work, 0, load_target("tiny"))
