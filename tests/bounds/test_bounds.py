"""Lower bounds: derived values, and no simulated program below them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.bounds import compulsory_bytes, energy_bound_pj, forced_bytes, latency_bound_cycles, latency_bounds
from isamap.bounds.compulsory import touched_elements, values_inside
from isamap.bounds.latency import unit_bound_cycles
from isamap.compile import Options, compile_workload
from isamap.ir.affine import Affine
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Tensor
from isamap.spec import load_target, load_workload
from tests.answers import TWO_EINSUMS

S16 = {"in": "s16", "acc": "s16"}


@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(1, 6)), min_size=1, max_size=3),
    st.integers(-5, 5),
    st.integers(1, 20),
)
def test_values_inside_equal_enumeration(terms: list[tuple[int, int]], constant: int, size: int) -> None:
    axes = [f"x{n}" for n in range(len(terms))]
    index = Affine.of(zip(axes, (c for c, _ in terms), strict=True), constant)
    extents = {axis: extent for axis, (_, extent) in zip(axes, terms, strict=True)}
    points = product(*(range(extent) for _, extent in terms))
    values = {index.evaluate(dict(zip(axes, point, strict=True))) for point in points}
    assert values_inside(index, extents, size) == sum(0 <= value < size for value in values)


@pytest.mark.parametrize(
    ("access", "shape", "count"),
    [
        ("T[i, j]", (3, 4), 12),
        ("T[2*i, j]", (5, 4), 12),  # every other row
        ("T[i + j, 0]", (6, 2), 6),
        ("T[i + j - 1, 0]", (6, 2), 5),  # the border is no traffic
        ("T[i, i]", (3, 3), 3),
        ("T[i // 2, j]", (2, 4), 4),  # one row at least
    ],
)
def test_touched_elements(access: str, shape: tuple[int, int], count: int) -> None:
    read = parse_statement(f"O[i, j] = {access}", frozenset("OT")).over({"i": (3, 3), "j": (4, 4)}).reads[0]
    assert touched_elements(read, {"i": 3, "j": 4}, Tensor("T", DTYPES["s8"], shape)) == count


@pytest.mark.parametrize(
    ("name", "units", "traffic"),
    [("g64", 1024, 1536), ("gmed", 65536, 28672), ("gdb1", 1548800, 443520), ("gdb2", 28694400, 1939294),
     ("conv", 451584, 54784), ("dw", 14112, 100388), ("pw", 100352, 150784), ("dwpw", 114464, 150820)],
)  # fmt: skip
def test_p16_peak_rates(name: str, units: int, traffic: int) -> None:
    """Multiply-accumulates / 256 and compulsory words / 8; dwpw's T need never leave the chip."""
    bounds = {bound.name: bound.value for bound in latency_bounds(load_workload(f"p16/{name}"), load_target("p16"))}
    assert (bounds["units"], bounds["compulsory traffic"]) == (units, traffic)


def test_intermediate_tensors_are_not_compulsory() -> None:
    words_in, words_out = (size // 2 for size in compulsory_bytes(load_workload("p16/dwpw")))
    assert words_in == 32 * 112 * 112 + 32 * 9 + 64 * 32
    assert words_out == 64 * 112 * 112


def test_machines_without_energy_have_no_energy_bound() -> None:
    assert (
        energy_bound_pj(load_workload("gemm", {"M": 16, "N": 16, "K": 16, "in": "s16"}), load_target("tiles")) is None
    )


def test_views_of_one_tensor_come_in_once() -> None:
    """Of two views of the same bytes the larger one is compulsory."""
    text = """
name: views
sizes: {N: 40}
tensors:
  X: {dtype: s32, shape: [N]}
  V: {dtype: s32, shape: [30], alias_of: X + 10}
  Y: {dtype: s32, shape: [N]}
  Z: {dtype: s32, shape: [30]}
einsums:
  - Y[i] = max(X[i], 0)
  - Z[j] = max(V[j], 0)
inputs: [X, V]
"""
    assert compulsory_bytes(load_workload(text)) == (160, 280)


@pytest.mark.parametrize(
    ("kernel", "target", "settings", "parameters"),
    [
        ("gemm", "p16", {"M": 1, "N": 1, "K": 1} | S16, {}),
        ("gemm", "p16", {"M": 33, "N": 47, "K": 65} | S16, {"spad_kib": 2}),
        ("gemm", "p16", {"M": 40, "N": 72, "K": 300} | S16, {"spad_kib": 3, "bus_bytes_per_cycle": 64}),
        ("conv1d", "p16", {"N": 2, "K": 17, "C": 3, "P": 19, "R": 3} | S16, {}),
        ("conv2d", "p16", {"K": 9, "C": 5, "P": 7, "Q": 8, "STRIDE": 2, "PAD": 1} | S16, {"spad_kib": 1}),
        ("depthwise_conv2d", "p16", {"C": 5, "P": 9, "Q": 10} | S16, {}),
        ("gemv", "p16", {"M": 40, "K": 50} | S16, {}),
        ("gemm", "tiles", {"M": 48, "N": 32, "K": 64, "in": "s16"}, {}),
        ("gemm", "tiny", {"M": 3, "N": 5, "K": 7}, {"local_bytes": 64}),
        ("gemm", "gemmini", {"M": 20, "N": 33, "K": 40}, {}),
        ("gemm", "tpu_v1", {"M": 5, "N": 300, "K": 20}, {}),
        ("gemm_bias_relu", "vliw4", {"M": 9, "N": 20, "K": 6}, {}),
        (TWO_EINSUMS, "tiny", {}, {}),
    ],
)
def test_no_program_is_below_any_bound(
    kernel: str, target: str, settings: dict[str, object], parameters: dict[str, object]
) -> None:
    """Latency by every name, energy, traffic and their product, of the workload that is performed and the one asked
    for, whichever is less."""
    work, machine = load_workload(kernel, settings), load_target(target, parameters)
    answer = compile_workload(work, machine, Options("heuristic", deterministic=True, time_limit_s=1))
    assert answer.violations == ()
    run, works = answer.simulation, [work, answer.performed]
    for named in zip(*(latency_bounds(one, machine) for one in works), strict=True):
        assert min(bound.value for bound in named) <= run.latency_cycles, named
    assert 0 < min(forced_bytes(one, machine) for one in works) <= sum(run.traffic_bytes.values())
    spent = [energy_bound_pj(one, machine) for one in works]
    assert run.energy_pj is None or 0 < min(pj for pj in spent if pj is not None) <= run.energy_pj * (1 + 1e-12)
    assert answer.bound_cycles == min(latency_bound_cycles(one, machine) for one in works)


def test_work_is_spread_over_units_that_can_do_it() -> None:
    """192 products on the dot unit, four per cycle, take 48 cycles; the vector unit cannot help, it does the relu."""
    assert unit_bound_cycles(load_workload(TWO_EINSUMS), load_target("tiny")) == 48
