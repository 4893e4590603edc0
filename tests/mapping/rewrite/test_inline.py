"""Element-wise einsums done within their reader: the same numbers, what an instruction does, no condition missed."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.hardware import Target
from isamap.ir.workload import Repeat, Tensor, Workload, workload
from isamap.mapping import map_einsum
from isamap.mapping.rewrite.inline import inline
from isamap.mapping.rewrite.inlining import inlined
from isamap.mapping.rewrite.separate import separate
from isamap.mapping.store import stores
from tests.machines import bundled
from tests.mapping.instructions import ADD, MAC, MATMUL, RELU, instruction, machine
from tests.mapping.rewrite.expressions import machine_for, random_einsum, whole_as_one
from tests.mapping.rewrite.same import assert_same

LIMIT = instruction("limit", "Z[i] = max(X[i] + Y[i], 0)", {"i": (1, 8)}, "s32", initialise="never")
SCALED = ("F[i,j] = f32(T[i,j])", "G[i,j] = F[i,j] * 0.5", "H[i,j] = round(G[i,j])", "Y[i,j] = sat_s8(H[i,j])")
TYPES = {"A": "s16", "B": "s16", "F": "f32", "G": "f32", "H": "f32"}


def kernel(*statements: str, types: Mapping[str, str] = TYPES, border: str = "", **more: object) -> Workload:
    """Tensors of 4 per axis, s32 unless ``types`` says otherwise."""
    names = frozenset(letter for one in statements for letter in one if letter.isupper())
    parsed = [parse_statement(one, names) for one in statements]
    whole = [one.over(dict.fromkeys(one.axis_names, (4, 4))) for one in parsed]
    rank = {access.tensor: len(access.indices) for one in whole for access in (*one.outputs, *one.reads)}
    tensors = [
        Tensor(n, DTYPES[types.get(n, "s32")], (4,) * rank[n], 0 if n in border else None) for n in sorted(names)
    ]
    axes = {axis: 4 for one in parsed for axis in one.axis_names}
    return workload("w", tensors, parsed, axes=axes, **more)  # type: ignore[arg-type]


def merged(work: Workload, number: int, target: Target) -> list[str]:
    found = list(inline(work, number, target))
    for one in found:
        assert one.proved
        assert_same(work, one.workload, exactly=True)
        assert [work.einsums[n].outputs for n in one.origin] == [einsum.outputs for einsum in one.workload.einsums]
    return ["; ".join(einsum.statement for einsum in one.workload.einsums) for one in found]


def test_the_same_numbers() -> None:
    """Random chains, and a machine whose one instruction does what all of a chain does."""
    rng, tried = Random(8), 0
    for _ in range(130):
        work = random_einsum(rng)
        chains = list(separate(work, 0, machine_for(work, rng)))
        if chains and whole_as_one(work) is not None:
            chain = rng.choice(chains).workload
            found = list(inline(chain, len(chain.einsums) - 1, machine(whole_as_one(work))))
            assert work in [one.workload for one in found]
            for one in found:
                assert_same(chain, one.workload, seeds=1, exactly=True)
            tried += 1
    assert tried > 60


def test_a_sum_and_a_relu_in_one() -> None:
    work = kernel("T[i,j] = X[i,j] + V[j]", "Y[i,j] = max(T[i,j], 0)")
    target = machine(ADD, RELU, LIMIT)
    assert merged(work, 1, target) == ["Y[i, j] = max(X[i, j] + V[j], 0)"]
    assert merged(work, 0, target) == []
    (one,) = inline(work, 1, target)
    assert "T" not in [tensor.name for tensor in one.workload.tensors]
    matches = map_einsum(one.workload, 0, target.instruction("limit")).matches
    assert matches
    assert all(match.proved for match in matches)
    assert merged(work, 1, machine(ADD, RELU)) == []


def test_casts_before_a_matrix_product() -> None:
    work = kernel("P[i,k] = s32(A[i,k])", "Q[k,j] = s32(B[j,k])", "Y[i,j] += P[i,k] * Q[k,j]")
    assert merged(work, 2, machine(MATMUL)) == ["Y[i, j] += s32(A[i, k]) * s32(B[j, k])"]
    (one,) = inline(work, 2, machine(MATMUL))
    assert one.origin == (2,)


def test_a_transposed_copy() -> None:
    work = kernel("P[k,i] = X[i,k]", "Y[i,j] += P[k,i] * V[k,j]")
    target = machine(
        instruction("mac32", str(MAC.meaning[0].statement), {"i": (1, 4), "j": (1, 4), "k": (1, 4)}, "s32")
    )
    assert merged(work, 1, target) == ["Y[i, j] += X[i, k] * V[k, j]"]


def test_every_set_that_an_instruction_does() -> None:
    """A machine that does the first two, or all three, at once."""
    work = kernel("T[i] = X[i] + V[i]", "U[i] = max(T[i], 0)", "Y[i] = U[i] >> 1")
    names = {"i": (1, 8)}
    halve = instruction("halve", "Z[i] = max(X[i], 0) >> 1", names, "s32", initialise="never")
    whole = instruction("whole", "Z[i] = max(X[i] + Y[i], 0) >> 1", names, "s32", initialise="never")
    assert merged(work, 2, machine(halve, whole)) == [
        "T[i] = X[i] + V[i]; Y[i] = max(T[i], 0) >> 1",
        "Y[i] = max(X[i] + V[i], 0) >> 1",
    ]


def test_requantised_on_the_way_out_of_gemmini() -> None:
    product = "T[i,j] += s32(A[i,k]) * s32(B[k,j])"
    work = kernel(product, *SCALED, types=TYPES | {"A": "s8", "B": "s8", "Y": "s8"})
    target = bundled("gemmini")
    assert merged(work, 4, target) == [
        "T[i, j] += s32(A[i, k]) * s32(B[k, j]); Y[i, j] = sat_s8(round(f32(T[i, j]) * 0.5))"
    ]
    (one,) = inline(work, 4, target)
    assert one.origin == (0, 4)
    assert [found.instruction for found in stores(one.workload, 1, target) if found.matches] == ["mvout_s8"]


ADDED, CUT = "T[i] = X[i] + V[i]", "Y[i] = max(T[i], 0)"
REFUSED: dict[str, tuple[tuple[str, ...], dict[str, object]]] = {
    "an output": ((ADDED, CUT), {"outputs": ("T", "Y")}),
    "an input": ((ADDED, CUT), {"inputs": ("X", "V", "T")}),
    "summed": (("T[i] += X[i]", CUT), {}),
    "written twice": ((ADDED, "T[i] = X[i]", CUT), {}),
    "written in part": (("T[0] = X[0] + V[0]", CUT), {}),
    "one row of two": (("T[i,0] = X[i] + V[i]", "Y[i] = max(T[i,0], 0)"), {}),
    "on the diagonal": (("T[i,i] = X[i] + V[i]", "Y[i] = max(T[i,i], 0)"), {}),
    "a border": (("T[i] = X[i] + V[i]", "Y[i] = max(T[i+1], 0)"), {"border": "TXV"}),
    "an axis lost": (("T[i,j] = X[i] + V[i]", "Y[i] += T[i,j]"), {}),
    "looked up": (("T[i] = X[i] + V[i]", "Y[i] = max(T[N[i]], 0)"), {}),
    "an index": (("T[i] = X[i] + V[i]", "Y[i] = max(W[T[i]], 0)"), {}),
    "overwritten": ((ADDED, "X[i] = W[i] + 1", CUT), {"inputs": ("X", "V", "W"), "outputs": ("X", "Y")}),
    "in place": ((ADDED, "X[i] = max(T[3-i], 0)"), {"inputs": ("X", "V"), "outputs": ("X",)}),
    "a literal": (("T[i] = 70000", "Y[i] = s32(T[i])"), {"types": {"T": "s16"}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_be_made(name: str) -> None:
    statements, more = REFUSED[name]
    assert inlined(kernel(*statements, **more), "T") is None  # type: ignore[arg-type]


def test_what_need_not() -> None:
    """Beside the refusals above: the same without what makes them wrong."""
    assert inlined(kernel(ADDED, CUT), "T") == kernel("Y[i] = max(X[i] + V[i], 0)")
    assert inlined(kernel(ADDED, "Y[i] = max(T[3-i], 0)", border="T"), "T") is not None
    assert inlined(kernel("T[i,j] = X[i] + V[i]", "Y[i,j] = T[j,i]"), "T") == kernel("Y[i,j] = X[j] + V[j]")
    assert inlined(kernel("X[i] = W[i] + 1", ADDED, CUT), "T") is not None
    assert inlined(kernel("T[i] = X[N[i]]", "Y[i] = T[3-i]"), "T") == kernel("Y[i] = X[N[3-i]]")
    assert inlined(kernel("T[i,j] = X[i] + index(j)", "Y[i] += T[j,i]"), "T") == kernel("Y[i] += X[j] + index(i)")


def test_a_view_of_it_keeps_it() -> None:
    tensors = [Tensor(n, DTYPES["s32"], (4,)) for n in "XTY"] + [Tensor("W", DTYPES["s32"], (4,), alias_of=("T", 0))]
    texts = ["T[i] = X[i] + 1", "Y[i] = T[i] + W[3-i]"]
    work = workload("w", tensors, [parse_statement(text, frozenset("XTYW")) for text in texts], outputs=("Y",))
    assert inlined(work, "T") is None


def test_a_view_of_another_is_made() -> None:
    tensors = [Tensor(n, DTYPES["s32"], (4,)) for n in "XWY"] + [Tensor("T", DTYPES["s32"], (4,), alias_of=("W", 0))]
    texts = ["W[i] = 5", "T[i] = X[i] + 1", "Y[i] = T[i] + W[3-i]"]
    work = workload("w", tensors, [parse_statement(text, frozenset("XTYW")) for text in texts], outputs=("Y",))
    assert inlined(work, "T") is None


def test_elements_that_share_a_place_are_made() -> None:
    tensors = [Tensor("X", DTYPES["s32"], (4,)), Tensor("T", DTYPES["s32"], (4,), strides=(0,))]
    tensors.append(Tensor("Y", DTYPES["s32"], (4,)))
    work = workload("w", tensors, [parse_statement(text, frozenset("XTY")) for text in ("T[i] = X[i]", "Y[i] = T[i]")])
    assert inlined(work, "T") is None


def test_bytes_that_another_name_overwrites() -> None:
    tensors = [Tensor(n, DTYPES["s32"], (4,)) for n in "XTY"] + [Tensor("W", DTYPES["s32"], (4,), alias_of=("X", 0))]
    texts = ["T[i] = X[i] + 1", "W[i] = 5", "Y[i] = T[i] + 1"]
    work = workload("w", tensors, [parse_statement(text, frozenset("XTYW")) for text in texts], outputs=("Y",))
    assert inlined(work, "T") is None


def recurrent(*texts: str) -> Workload:
    shapes = {"X": (5, 3), "H": (3,), "T": (5, 3) if "T[t" in texts[0] else (3,), "N": (3,)}
    tensors = [Tensor(n, DTYPES["s32"], shape) for n, shape in shapes.items()]
    parsed = [parse_statement(text, frozenset(shapes)) for text in texts]
    return workload("w", tensors, parsed, repeat=Repeat("t", 5, (("N", "H"),)), outputs=("N",))


def test_recurrent() -> None:
    work = recurrent("T[i] = X[t,i] + H[i]", "N[i] = max(T[i], 0)")
    assert merged(work, 1, machine(LIMIT)) == ["N[i] = max(X[t, i] + H[i], 0)"]
    assert inlined(recurrent("T[t,i] = X[t,i] + H[i]", "N[i] = max(T[t,i], 0)"), "T") is None
    work = recurrent("T[i] = X[t,i] + H[i]", "N[i] = max(T[i], 0)")
    assert inlined(work, "N") is None  # it is carried to the next step


def test_what_another_reads_too_stays() -> None:
    work = kernel(ADDED, CUT, "W[i] = T[i] >> 1", outputs=("Y", "W"))
    assert merged(work, 1, machine(LIMIT)) == []
    assert inlined(work, "T") == kernel(
        "Y[i] = max(X[i] + V[i], 0)", "W[i] = X[i] + V[i] >> 1", outputs=("Y", "W")
    )  # for a proof it may go from all of them
