"""C = A*B on C += A*B: an instruction that starts its reduction afresh assigns, its summed axes left empty."""

from __future__ import annotations

import pytest

from isamap.bounds.latency import latency_bound_cycles, unit_bound_cycles
from isamap.check.match import check_match
from isamap.compile import Options, compile_workload
from isamap.mapping import map_einsum
from isamap.spec import load_target, load_workload
from tests.mapping.instructions import MAC, MATMUL, VMAC, instruction, kernel, machine

OUTER = kernel("outer", "Y[a,b] = A[a] * B[b]", "s16", a=20, b=36)
TYPED = kernel("outer", "Y[a,b] = s32(A[a]) * s32(B[b])", {"A": "s16", "B": "s16", "Y": "s32"}, a=20, b=36)


def test_an_outer_product_is_a_matrix_product_of_one_step() -> None:
    found = map_einsum(OUTER, 0, MAC)
    assert (found.count, found.count_with_swap) == (1, 2)
    (match,) = found.matches
    assert match.axes == (("i", ("a",)), ("j", ("b",)), ("k", ()))
    assert match.proved
    assert check_match(match, OUTER, machine(MAC)) == []
    found = map_einsum(OUTER, 0, MAC, empty_axes=True)
    assert (found.count, found.count_with_swap) == (2, 6)  # both sides; a or b alone, which is one turned round


def test_an_exact_extent_is_filled_with_zeros() -> None:
    (match,) = map_einsum(TYPED, 0, MATMUL).matches
    assert match.utilisation == pytest.approx(20 / 32 * 36 / 48 / 16)
    assert match.proved
    assert check_match(match, TYPED, machine(MATMUL)) == []


def test_zeros_that_would_change_the_result_are_a_reason() -> None:
    most = instruction("most", "C[i] max= A[i,k] * B[k]", {"i": (1, 8), "k": (4, 8)}, "s16")
    work = kernel("scaled", "Y[a] = A[a] * B[]", "s16", a=8)
    assert map_einsum(work, 0, most).reasons == (
        "most takes 4 or more of k, the kernel = (Y[a] = A[a] * B[]) has one, and what fills it up would change max=",
    )
    plus = instruction("plus", "C[i] += A[i,k] + 1", {"i": (1, 8), "k": (4, 8)}, "s16")
    assert "would change +=" in map_einsum(kernel("more", "Y[a] = A[a] + 1", "s16", a=8), 0, plus).reasons[0]


@pytest.mark.parametrize("operator", ["+=", "*=", "max=", "min="])
@pytest.mark.parametrize("initialise", ["optional", "always", "never"])
def test_whoever_starts_afresh(operator: str, initialise: str) -> None:
    one = instruction(
        "one", f"C[i] {operator} A[i,k] * B[i,k]", {"i": (1, 8), "k": (1, 8)}, "s16", initialise=initialise
    )
    work = kernel("product", "Y[a] = A[a] * B[a]", "s16", a=8)
    found = map_einsum(work, 0, one)
    assert found.count == (initialise != "never")
    if initialise == "never":
        assert found.reasons[0].startswith(f"one computes {operator} onto what C holds and never afresh")
    for match in found.with_swap:
        assert match.proved
        assert check_match(match, work, machine(one)) == []


def test_it_is_not_the_other_way_round() -> None:
    one = instruction("one", "C[i] = A[i] * B[i]", {"i": (1, 8)}, "s16", initialise="never")
    summed = kernel("summed", "Y[a] += A[a,b] * B[a,b]", "s16", a=8, b=4)
    assert map_einsum(summed, 0, one).count == 0


def test_the_checker_has_its_own_word() -> None:
    never = instruction("mac", "C[i,j] += A[k,i] * B[k,j]", dict.fromkeys("ijk", (1, 16)), "s16", initialise="never")
    (match,) = map_einsum(OUTER, 0, MAC).matches
    assert [v.rule for v in check_match(match, OUTER, machine(never))] == ["operator"]
    long = instruction("mac", "C[i,j] += A[k,i] - B[k,j]", {"i": (1, 16), "j": (1, 16), "k": (2, 16)}, "s16")
    less = kernel("outer", "Y[a,b] = A[a] - B[b]", "s16", a=20, b=36)
    assert check_match(match, less, machine(long)) == []  # 0 - 0 is 0
    more = instruction("mac", "C[i,j] += A[k,i] * B[k,j] + 1", {"i": (1, 16), "j": (1, 16), "k": (2, 16)}, "s16")
    plus = kernel("outer", "Y[a,b] = A[a] * B[b] + 1", "s16", a=20, b=36)
    assert [v.rule for v in check_match(match, plus, machine(more))] == ["operator"]


KERNEL = """
name: outer
sizes: {{M: 20, N: 36}}
tensors:
  A: {{dtype: s16, shape: {shape}}}
  B: {{dtype: s16, shape: [N]}}
  Y: {{dtype: s16, shape: [M, N]}}
einsums:
  - Y[i,j] = {value}
"""


@pytest.mark.parametrize(("shape", "value"), [("[M]", "A[i] * B[j]"), ("[M, N]", "A[i,j] * B[j]")])
def test_it_compiles_and_is_right(shape: str, value: str) -> None:
    """On p16's mac and vmac: every tile is one issue that initialises; the bound counts them as able."""
    work, target = load_workload(KERNEL.format(shape=shape, value=value)), load_target("p16")
    answer = compile_workload(work, target, Options(deterministic=True, method="heuristic"))
    assert answer.violations == ()
    assert answer.bound_cycles == latency_bound_cycles(work, target) <= answer.simulation.latency_cycles
    assert {step.mode for step in answer.schedule.steps if step.performs in ("mac", "vmac")} == {"initialise"}


def test_the_bound_counts_whoever_can() -> None:
    """A slow instruction assigns, a fast one could as well: its rate is the bound."""
    product = kernel("product", "Y[a] = A[a] * B[a]", "s16", a=800)
    slow = instruction("slow", "C[i] = A[i] * B[i]", {"i": (1, 8)}, "s16", interval="100", initialise="never")
    fast = instruction("fast", "C[i] += A[i] * B[i]", {"i": (1, 8)}, "s16", interval="1")
    never = instruction("never", "C[i] += A[i] * B[i]", {"i": (1, 8)}, "s16", interval="1", initialise="never")
    assert unit_bound_cycles(product, machine(slow)) == 10_000
    assert unit_bound_cycles(product, machine(slow, never)) == 10_000
    assert unit_bound_cycles(product, machine(slow, fast)) == 100


def test_channelwise() -> None:
    assert map_einsum(kernel("scaled", "Y[a,b] = A[a,b] * B[b]", "s16", a=5, b=6), 0, VMAC).count == 1
