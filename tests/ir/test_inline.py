"""Elementwise einsums after a contraction are read as one value of its sums, or refused with the reason."""

from __future__ import annotations

import pytest

from isamap.errors import Unsupported
from isamap.ir.contraction import Contraction, contraction_of
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Tensor, workload

F32 = DTYPES["f32"]
SHAPES = {
    "A": (8, 6), "B": (6, 40), "S": (8, 40), "T": (8, 40), "U": (40, 8), "C": (8, 40), "D": (8, 40), "E": (40, 8),
    "bias": (40,), "row": (8,), "alpha": (), "wide": (8, 41), "cube": (8, 40, 8),
}  # fmt: skip


def read(*texts: str, inputs: str = "A B D E bias row alpha", outputs: str = "", **dtypes: str) -> Contraction:
    tensors = [Tensor(name, DTYPES[dtypes.get(name, "f32")], shape) for name, shape in SHAPES.items()]
    statements = [parse_statement(text, frozenset(SHAPES)) for text in ("S[m,n] += A[m,k] * B[k,n]", *texts)]
    last = outputs or texts[-1].partition("[")[0]
    return contraction_of(workload("read", tensors, statements, inputs=inputs.split(), outputs=last.split()))


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["C[m,n] = max(S[m,n] + bias[n], 0)"], "max(S[m, n] + bias[n], 0)"),
        (["C[i,j] = S[i,j] * row[i]"], "S[m, n] * row[m]"),
        (["T[i,j] = S[i,j] * row[i]", "C[p,q] = T[p,q] + D[p,q]"], "S[m, n] * row[m] + D[m, n]"),
        (["U[n,m] = S[m,n] + E[n,m]", "C[a,b] = U[b,a] * S[a,b]"], "(S[m, n] + E[n, m]) * S[m, n]"),
        (["C[m,n] = S[m,n] * 2", "C[m,n] += D[m,n]"], "S[m, n] * 2 + D[m, n]"),
        (["S[m,n] += bias[n]"], "S[m, n] + bias[n]"),
        (["T[m,n] = select(S[m,n] > 0, 1, 0)", "C[m,n] = T[m,n] * 2"], "select(S[m, n] > 0, f32(1), f32(0)) * 2"),
        (["C[m,n] = alpha[] * S[m,n] + D[m,n]"], "alpha[()] * S[m, n] + D[m, n]"),
    ],
)
def test_einsums_are_put_together(texts: list[str], value: str) -> None:
    found = read(*texts)
    assert found.finish is not None
    assert str(found.finish.value) == value.replace("[()]", "[]")
    assert (found.parallel, found.reduced) == (("m", "n"), ("k",))


def test_others_lie_along_axes_of_the_sums() -> None:
    found = read("U[j,i] = S[i,j] + E[j,i] + bias[j] + alpha[] + E[j,i]")
    assert found.finish is not None
    assert dict(found.output.strides) == {"n": 8, "m": 1}
    assert [(each.tensor, dict(each.strides)) for each in found.finish.others] == [
        ("E", {"n": 8, "m": 1}), ("bias", {"n": 1}), ("alpha", {}),
    ]  # fmt: skip


def test_an_output_that_goes_on_is_read_where_it_is_written() -> None:
    found = read("C[m,n] += S[m,n] * 2", inputs="A B C")
    assert found.finish is not None
    assert (str(found.finish.value), set(found.in_place)) == ("C[m, n] + S[m, n] * 2", {"C"})


def test_only_what_is_read_where_it_is_stored_may_be_the_output() -> None:
    assert read("C[m,n] = S[m,n] + D[m,n] + bias[n]").in_place == {"D"}
    assert read("C[m,n] = S[m,n] + E[n,m]").in_place == frozenset()
    assert read("C[m,n] = S[m,n] + f32(D[m,n])", D="s32").in_place == frozenset()


def test_a_factor_is_not_the_output() -> None:
    """Where it is read beside the sums, too."""
    tensors = [Tensor(name, F32, (8, 8)) for name in "ABSC"]
    texts = "S[m,n] += A[m,k] * B[k,n]", "C[m,n] = S[m,n] + A[m,n] + B[m,n]"
    statements = [parse_statement(text, frozenset("ABSC")) for text in texts]
    assert contraction_of(workload("square", tensors, statements)).in_place == frozenset()


def test_a_tensor_times_itself_is_two_factors() -> None:
    work = workload(
        "gram", [Tensor("A", F32, (8, 6)), Tensor("C", F32, (8, 8))],
        [parse_statement("C[i,j] += A[i,k] * A[j,k]", frozenset("AC"))],
    )  # fmt: skip
    one, other = contraction_of(work).factors
    assert (one.tensor, dict(one.strides), dict(other.strides)) == ("A", {"i": 6, "k": 1}, {"j": 6, "k": 1})
    assert other.tensor != "A"


@pytest.mark.parametrize(
    ("texts", "given", "reason"),
    [
        (["C[m,n] = S[m,n] * 2"], {"outputs": "C S"}, "S, between two einsums, as an output .* only C"),
        (["C[m,n] = S[m,n] * 2"], {"inputs": "A B S"}, "sums that go on from what S holds"),
        (["C[m,n] = D[m,n] * 2"], {}, "it reads none of S"),
        (["row[m] += S[m,n]"], {"inputs": "A B"}, "it reduces along n"),
        (["C[m,n] *= S[m,n]", "D[m,n] = C[m,n]"], {"inputs": "A B C"}, "C, between two einsums, as an input"),
        (["wide[m,n+1] = S[m,n]", "C[m,n] = wide[m,n+1]"], {}, r"wide\[m, n \+ 1\], between two einsums, is not"),
        (["cube[m,n,p] = S[m,n] * row[p]"], {}, r"S\[m, n\] lacks the axis p"),
        (["C[m,n] = 1 / 3", "D[m,n] = C[m,n] + S[m,n]"], {"inputs": "A B"}, "1 / 3 is made of numbers only"),
    ],
)
def test_what_is_not_elementwise_is_said(texts: list[str], given: dict[str, str], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        read(*texts, **given)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["T[i,j] = S[i,j] * 2", "C[i,j] = T[i,j] + S[j,i]"], "S is not read at the axes where it is written"),
        (["C[i,j] = S[i,j] + S[j,i]"], "S is not read at the axes where it is written"),
        (["C[i,j] = S[i,i] + S[i,j]"], "is not indexed by axes alone"),
        (["A[i,j] = S[i,j]"], "the output A as a factor"),
        (["C[i,j] = S[i,j] + C[j,i]"], "C, read where it is not written"),
    ],
)
def test_what_square_tensors_could_hide_is_said(texts: list[str], reason: str) -> None:
    square(texts, reason)


def test_a_part_of_the_sums_is_not_all_of_them() -> None:
    square(["C[i,j] = S[i,j] * 2"], "it does not meet every element of S", i=4)


def square(texts: list[str], reason: str, **axes: int) -> None:
    """Expects the refusal of ``texts`` where all tensors are of 8 x 8 elements."""
    tensors = [Tensor(name, F32, (8, 8)) for name in "ABSTC"]
    statements = [parse_statement(text, frozenset("ABSTC")) for text in ("S[m,n] += A[m,k] * B[k,n]", *texts)]
    with pytest.raises(Unsupported, match=reason):
        contraction_of(
            workload("square", tensors, statements, axes=axes, inputs=["A", "B", "C"], outputs=[texts[-1][0]])
        )
