"""A match spelled out: roles, labels, layouts in both memories, sizes of slots, costs; what is refused."""

from __future__ import annotations

from itertools import product

import pytest

from isamap.errors import Unsupported
from isamap.ir.binding import bind, move_extents, transfer_cycles
from isamap.ir.einsum import parse_statement
from isamap.ir.region import packed
from isamap.mapping import map_workload
from isamap.spec import load_workload
from tests.machines import bundled
from tests.nests import S16, binding_of, bindings_of


def test_roles_of_a_gemm() -> None:
    binding = binding_of("gemm", "p16", {"M": 40, "N": 30, "K": 20} | S16)
    assert (binding.output.operand.name, binding.output.tensor.name, binding.output.written) == ("C", "C", True)
    assert sorted((role.operand.name, role.tensor.name, role.label) for role in binding.inputs) == [
        ("A", "A", "A"),
        ("B", "B", "B"),
    ]
    assert not binding.continues


def test_layouts_of_an_output_tile_on_p16() -> None:
    """The accumulator has a pitch of 16 words and a slot is a whole bank; the scratchpad holds the tile densely."""
    binding = binding_of("gemm", "p16", {"M": 40, "N": 30, "K": 20} | S16)
    tile = {"m": 3, "n": 5, "k": 20}
    in_acc, staged = binding.output.layout(tile), binding.output.staged_layout(tile)
    assert {in_acc.stride("m"), in_acc.stride("n")} == {16, 1}
    assert (staged.stride("m"), staged.stride("n")) == (5, 1)
    assert binding.output.slot_bytes(tile) == 512
    assert binding.output.staged_slot_bytes(tile) == 30


def test_every_point_of_a_tile_has_its_own_accumulator() -> None:
    binding = binding_of("conv2d", "p16", {"K": 8, "C": 3, "P": 5, "Q": 6} | S16)
    tile = dict.fromkeys(binding.extents, 1) | {"k": 8, "p": 2, "q": 6, "c": 3, "r": 3, "s": 3}
    for layout in (binding.output.layout(tile), binding.output.staged_layout(tile)):
        axes = binding.output.access.axes
        points = product(*(range(tile[axis]) for axis in axes))
        places = [sum(layout.stride(x) * k for x, k in zip(axes, point, strict=True)) for point in points]
        assert len(set(places)) == len(places)
        assert max(places) < layout.elements


def test_costs() -> None:
    binding = binding_of("gemm", "p16", {"M": 40, "N": 30, "K": 20} | S16)
    tile = {"m": 16, "n": 16, "k": 20}
    assert binding.extents_of_issue(tile) == {"i": 16, "j": 16, "k": 20}
    assert binding.issue_cycles(tile, initialise=True) == 20
    assert move_extents(binding, tile) == (16, 16)
    assert transfer_cycles(bundled("p16").transfer("load"), 33) == 3


def test_a_tensor_of_two_operands_has_two_labels() -> None:
    text = """
name: twice
sizes: {M: 5, K: 6}
tensors:
  A: {dtype: s16, shape: [M, K]}
  C: {dtype: s16, shape: [M, M]}
einsums:
  - C[m,n] += A[m,k] * A[n,k]
"""
    binding = bindings_of(load_workload(text), "p16")[0]
    assert sorted(role.label for role in binding.roles) == ["A.A", "A.B", "C"]


@pytest.mark.parametrize(
    ("more", "continues"), [("", False), ("inputs: [A, B, C]\noutputs: [C]\n", True), ("outputs: [C]\n", False)]
)
def test_an_output_that_is_an_input_continues(more: str, continues: bool) -> None:
    text = """
name: sum
sizes: {M: 3, N: 4, K: 5}
tensors:
  A: {dtype: s16, shape: [M, K]}
  B: {dtype: s16, shape: [K, N]}
  C: {dtype: s16, shape: [M, N]}
einsums:
  - C[m,n] += A[m,k] * B[k,n]
"""
    assert bindings_of(load_workload(text + more), "p16")[0].continues is continues


@pytest.mark.parametrize(
    ("tensors", "einsum", "more", "what"),
    [
        ("Y: {dtype: s32, shape: [8]}", "Y[i] = max(Y[i], 0)", "inputs: [Y]\noutputs: [Y]", "reads the tensor that it"),
        ("X: {dtype: s32, shape: [8]}\n  Y: {dtype: s32, shape: [16]}", "Y[2*i] = max(X[i], 0)", "axes: {i: 8}",
         "Y, of whose 16 elements only 8 are written"),
        ("X: {dtype: s32, shape: [8]}\n  V: {dtype: s32, shape: [4], alias_of: X + 4}\n  Y: {dtype: s32, shape: [4]}",
         "Y[i] = max(V[i], 0)", "inputs: [X]", r"a view of another tensor's bytes \(V\)"),
    ],
)  # fmt: skip
def test_what_tiles_would_get_wrong_is_refused(tensors: str, einsum: str, more: str, what: str) -> None:
    work = load_workload(f"name: x\ntensors:\n  {tensors}\neinsums:\n  - {einsum}\n{more}\n")
    match = map_workload(work, bundled("tiny"), instruction="relu")[0][0].matches[0]
    with pytest.raises(Unsupported, match=what):
        bind(work, match, bundled("tiny"))


def test_parts_of_an_output_that_together_are_whole() -> None:
    """Two einsums write one half each."""
    text = """
name: halves
tensors:
  X: {dtype: s32, shape: [8]}
  Z: {dtype: s32, shape: [8]}
  Y: {dtype: s32, shape: [16]}
einsums:
  - Y[i] = max(X[i], 0)
  - Y[i+8] = max(Z[i], 0)
axes: {i: 8}
outputs: [Y]
"""
    assert bindings_of(load_workload(text), "tiny")


@pytest.mark.parametrize("first", [(-2, -2), (0, 1), (3, 3)])
def test_inside_counts_a_diagonal_once(first: tuple[int, int]) -> None:
    """T[x + y, y]: y steps both coordinates at once."""
    access = parse_statement("O[x, y] = T[x + y, y]", frozenset("OT")).over({"x": (4, 4), "y": (3, 3)}).reads[0]
    layout = packed(access, {"x": 4, "y": 3}, ["x", "y"])
    points = [(first[0] + x + y, first[1] + y) for x in range(4) for y in range(3)]
    assert layout.inside(first, (5, 4)) == sum(0 <= a < 5 and 0 <= b < 4 for a, b in points)
