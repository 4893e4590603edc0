"""From statements to a Workload: extents, defaults, types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from isamap.errors import InvalidNoun, Unsupported
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Axis, Einsum, parse_statement
from isamap.ir.scalar import infer, scalar
from isamap.ir.text import from_text, to_text
from isamap.ir.workload import Repeat, Tensor, Workload, infer_axes, is_copy, workload

S8, S32, F32 = DTYPES["s8"], DTYPES["s32"], DTYPES["f32"]
SHAPES = {"I": (64, 58), "W": (64, 64, 3), "O": (64, 56), "X": (64,), "s": ()}


def tensors(dtype: str = "s32", **changes: Any) -> list[Tensor]:
    return [Tensor(name, DTYPES[dtype], shape, **changes.get(name, {})) for name, shape in SHAPES.items()]


def build(*texts: str, given: Iterable[Tensor] = (), **options: Any) -> Workload:
    known = list(given) or tensors()
    used = [t for t in known if any(f"{t.name}[" in text for text in texts)] if not given else known
    names = frozenset(tensor.name for tensor in known)
    return workload("w", used, [parse_statement(text, names) for text in texts], **options)


def test_a_convolution() -> None:
    work = build("O[k, p] += I[c, p + r] * W[k, c, r]")
    (einsum,) = work.einsums
    assert einsum.extents == {"k": 64, "p": 56, "c": 64, "r": 3}
    assert (einsum.parallel_axes, einsum.reduction_axes) == (("k", "p"), ("c", "r"))
    assert [access.tensor for access in einsum.reads] == ["I", "W"]
    assert (work.inputs, work.outputs) == (("I", "W"), ("O",))
    assert str(einsum) == "O[k, p] += I[c, p + r] * W[k, c, r] for k=64, p=56, c=64, r=3"
    renamed = einsum.rename({"p": "x"})
    assert renamed.statement == "O[k, x] += I[c, r + x] * W[k, c, r]"
    assert renamed.rename({"x": "p"}) == einsum


def test_chains_rank_zero_and_identity_casts() -> None:
    work = build("O[k, p] = max(s32(I[k, p + 2]), 0)", "s[] += O[k, p]")
    assert str(work.einsums[0].value) == "max(I[k, p + 2], 0)"
    assert (work.inputs, work.outputs) == (("I",), ("s",))
    assert is_copy(build("O[k, p] = I[k, p + 1]").einsums[0])
    assert not is_copy(work.einsums[0])


def test_a_recurrence_reads_what_it_carries() -> None:
    work = build("O[k, p] = X[k] + O[k, p]", repeat=Repeat("t", 4, (("O", "O"),)), outputs=["O"], axes={"p": 56})
    assert work.inputs == ("O", "X") or work.inputs == ("X", "O")


@pytest.mark.parametrize(
    ("text", "given", "says"),
    [
        ("O[k, p] += I[c, 2*r + p]", {}, "an extent for axis r"),
        ("O[k, p] += I[p, k]", {}, "extent"),
        ("O[k, p] += Q[p]", {}, "a tensor of"),
    ],
)
def test_axes_that_cannot_be_inferred(text: str, given: dict[str, tuple[int, int]], says: str) -> None:
    statement = parse_statement(text, frozenset((*SHAPES, "Q")))
    with pytest.raises(InvalidNoun, match=says):
        infer_axes(statement, {tensor.name: tensor for tensor in tensors()}, given)


def test_given_extents_win() -> None:
    statement = parse_statement("O[k, p] += I[k, p]", frozenset(SHAPES))
    known = {tensor.name: tensor for tensor in tensors()}
    assert infer_axes(statement, known, {"p": (2, 5)}) == {"p": (2, 5), "k": (64, 64)}


@pytest.mark.parametrize(
    ("texts", "options", "says"),
    [
        (["O[k, p] += I[c, p + r] * W[k, c, r]"], {"axes": {"r": 5}}, r"an index in 0..57 in I\[c, p \+ r\].*border"),
        (["O[k, p] = I[k, p - 1]"], {}, r"got p - 1 in -1..54; give I a border"),
        (["O[k, p + 1] = I[k, p]"], {"axes": {"p": 56}}, r"an index in 0..55 in O"),
        (["O[k, p] += I[k]"], {"axes": {"p": 2}}, "2 indices of I, got 1"),
        (
            ["O[k, p] = s8(I[k, p])"],
            {"axes": {"p": 56}},
            r"s32, the type of O, got s8 .*; cast it: s32\(...\)",
        ),
        (["O[k, p] = s8(I[k, p + 1]) + X[k]"], {}, "one type on both sides, got s8 and s32"),
        (["O[k, p] = exp(I[k, p + 1])"], {}, "a float in exp"),
        (["X[k] += O[k, p]", "O[k, p] = X[k]"], {"axes": {"p": 56}, "inputs": []}, "no cycle"),
        (["X[k] = X[k]"], {"inputs": []}, "written by itself"),
        (["X[k] += O[k, p]"], {"inputs": []}, "an input, or a tensor written before, got 'O'"),
        (["X[k] += O[k, p]"], {"inputs": ["Q"]}, "inputs: expected a tensor of O X, got 'Q'"),
        (["X[k] += O[k, p]"], {"outputs": ["Q"]}, "outputs: expected"),
        ([], {"given": tensors()}, "at least one einsum"),
        (["X[k] = 1"], {"given": [*tensors(), tensors()[0]]}, "tensors.I: expected one tensor of that name, got two"),
        (["X[k] += O[k, p]"], {"repeat": Repeat("t", 0, ())}, "repeat.extent: expected at least 1 step"),
        (["X[k] += O[k, p]"], {"repeat": Repeat("t", 2, (("X", "Q"),))}, "repeat.carry.Q: expected a tensor of O X"),
        (
            ["X[k] += O[k, p]"],
            {"repeat": Repeat("t", 2, (("X", "O"),))},
            r"type and shape of O: .* \[64\]\) of X",
        ),
    ],
)
def test_workloads_refused(texts: list[str], options: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidNoun, match=says):
        build(*texts, **options)


def test_every_fault_is_reported_at_once() -> None:
    with pytest.raises(InvalidNoun) as caught:
        build("O[k, p] += I[c, p + 2*r]", "X[k] += I[c, 3*q]")
    assert [fault.path for fault in caught.value.faults] == [("einsums", 0), ("einsums", 1)]


def test_borders_and_views() -> None:
    padded = tensors(I={"border": 0})
    assert build("O[k, p] = I[k, p - 1]", given=[padded[0], padded[2]]).tensor("I").border == 0
    strided = Tensor("T", S8, (4, 3), strides=(16, 2))
    assert (strided.element_strides, strided.elements, strided.size_bytes) == ((16, 2), 12, 53)
    assert Tensor("T", S32, (4, 3)).element_strides == (3, 1)
    assert Tensor("T", F32, ()).size_bytes == 4


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Tensor("T", S8, (4, 0)), r"tensors.T.shape.1: expected a positive extent, got 0"),
        (lambda: Tensor("T", S8, (4,), strides=(1, 2)), "1 strides, got 2"),
        (lambda: Tensor("T", S8, (4,), border=300), "a value of s8, got 300"),
        (lambda: Tensor("T", S8, (4,), border=float("inf")), "a value of s8, got inf"),
        (lambda: Tensor("T", F32, (4,), border=float("nan")), "a value of f32, got nan"),
        (lambda: Tensor("conv.1", S8, (4,)), "a name .* got 'conv.1'"),
        (lambda: Tensor("in", S8, (4,)), "a name"),
        (lambda: Workload("w", (Tensor("T", S8, (2,)),) * 2, (), ("T",), ()), "one tensor of that name"),
        (lambda: Workload("w", (Tensor("T", S8, (), alias_of=("U", 0)),), (), (), ()), "tensors.T.alias_of"),
        (lambda: Axis("i", 0, 3), "1 <= least"),
        (lambda: Axis("i", 4, 3), "1 <= least"),
        (lambda: Axis("a b", 1, 3), "an axis name"),
        (
            lambda: Workload(
                "w",
                (Tensor("O", S8, (1,)), Tensor("A", S8, (1, 2))),
                (einsum("O[i] = A[i, j]", i=1, j=2),),
                ("A",),
                ("O",),
            ),
            "every axis on the left of =, got j only on the right; use",
        ),
        (lambda: einsum("O[i], P[i] += A[i]", i=1), r"1 output\(s\)"),
        (lambda: einsum("O[i] argmax= A[i, k]", i=1, k=2), r"2 output\(s\)"),
        (lambda: einsum("O[B[i]] += A[i]", i=2), "affine indices on the left"),
        (lambda: Einsum((), "-=", scalar("1", frozenset()), ()), "an operator of = "),
        (
            lambda: Einsum(einsum("O[i] = A[i]", i=1).outputs, "=", scalar("2", frozenset()), ()),
            "an extent for each of i",
        ),
        (lambda: parse_statement("O[i]", frozenset("O")), r"tensor\[indices\]"),
        (lambda: parse_statement("O[i] = ", frozenset("O")), r"tensor\[indices\]"),
        (lambda: parse_statement("O = A[i]", frozenset("OA")), r"tensor\[indices\], got 'O'"),
        (
            lambda: parse_statement("O[i] = f(A[i])", frozenset("OA"), {}, {"acc": "s32"}),
            "a function or type .*acc.* s8",
        ),
        (lambda: parse_statement("O[i] = max(A[i])", frozenset("OA")), r"2 argument\(s\) of max, got 1"),
        (lambda: parse_statement("O[i*i] = A[i]", frozenset("OA")), "an affine index"),
    ],
)
def test_nouns_refused(make: Any, says: str) -> None:
    with pytest.raises(InvalidNoun, match=says):
        make()


def einsum(text: str, **extents: int) -> Einsum:
    return parse_statement(text, frozenset("OPAB")).over({axis: (size, size) for axis, size in extents.items()})


def test_symbolic_extents_and_two_outputs_are_for_rooms_that_can() -> None:
    with pytest.raises(Unsupported, match=r"k=1\.\.9"):
        Axis("k", 1, 9).extent  # noqa: B018
    with pytest.raises(Unsupported, match="two outputs"):
        einsum("O[i], P[i] argmax= A[i, k]", i=2, k=3).output  # noqa: B018


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("A[i] + 1", "s8"), ("A[i] < 3", "bool"), ("select(A[i] < 3, F[i], 0)", "f32"), ("i + 1", "s32"),
        ("3 + 4", None),
        ("sat_s8(acc(A[i]) * 2)", "s8"), ("acc(A[i])", "s32"), ("F[A[i]]", "f32"), ("-exp(F[i])", "f32"),
        ("index(3*i)", "s32"),
    ],
)  # fmt: skip
def test_types(text: str, dtype: str | None) -> None:
    value = scalar(text, frozenset("AF"), {}, {"acc": "s32"})
    found = infer(value, {"A": S8, "F": F32})
    assert (found and found.name) == dtype


def test_statements_are_read_at_their_own_operator() -> None:
    statement = parse_statement("m[i], a[i] argmax= select(X[i,k] <= 3, X[i,k], N)", frozenset("maX"), {"N": 7})
    assert (statement.operator, statement.axis_names) == ("argmax=", ("i", "k"))
    assert str(statement.value) == "select(X[i, k] <= 3, X[i, k], 7)"
    assert parse_statement("x[] max= Y[i]", frozenset("xY")).operator == "max="


def test_a_kernel_written_by_hand() -> None:
    work = from_text(
        "kernel conv\n"
        "tensor I s16[64,58] border -1 range -8..7\n\n"
        "tensor O s16[64, 56]\n"
        "tensor V s16[64, 58] alias_of O + 3\n"
        "einsum O[k,p] max= I[k, p+r] for k=64, p=56, r=3\n"
        "inputs I\n"
        "outputs O\n"
        "repeat t=4 carry V -> I\n"
    )
    assert work.tensor("I") == Tensor("I", DTYPES["s16"], (64, 58), -1, value_range=(-8, 7))
    assert work.repeat == Repeat("t", 4, (("V", "I"),))
    assert from_text(to_text(work)) == work
    assert work.einsums[0].reduction_axes == ("r",)
