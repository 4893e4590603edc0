"""``evaluate`` means what the language says: against plain Python, point by point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from isamap.errors import CheckFailed, InputError
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Repeat, Tensor, Workload, workload
from isamap.simulate import einsum as einsum_room
from isamap.simulate.evaluate import evaluate
from isamap.simulate.random_inputs import random_inputs
from tests.simulate.pointwise import NotANumber, evaluate_pointwise

INTEGERS = [name for name, dtype in DTYPES.items() if dtype.is_integer]
FLOATS = ["f16", "bf16", "f32", "f64"]


def work(tensors: dict[str, tuple[str, tuple[int, ...]]], *statements: str, border: int | None = None,
         axes: dict[str, int] | None = None, **roles: Any) -> Workload:  # fmt: skip
    made = [Tensor(name, DTYPES[kind], shape, border) for name, (kind, shape) in tensors.items()]
    parsed = [parse_statement(text, frozenset(tensors)) for text in statements]
    return workload("test", made, parsed, axes=axes, **roles)


def agree(kernel: Workload, inputs: dict[str, Any]) -> None:
    wanted = evaluate_pointwise(kernel, inputs)
    found = evaluate(kernel, inputs)
    for tensor in kernel.tensors:
        expected = np.array([wanted[tensor.name][at] for at in np.ndindex(*tensor.shape)], dtype=object)
        got = found[tensor.name]
        if tensor.dtype.is_float:
            loose = {"f16": 1e-2, "bf16": 5e-2, "f32": 1e-5, "f64": 1e-12}[tensor.dtype.name]
            np.testing.assert_allclose(got.reshape(-1).astype(float), expected.astype(float), rtol=loose, atol=loose)
        else:
            assert [int(value) for value in got.reshape(-1)] == [int(value) for value in expected]


@st.composite
def index(draw: st.DrawFn) -> str:
    terms = [f"{draw(st.integers(-2, 3))}*{axis}" for axis in ("i", "j", "k")]
    text = " + ".join([*terms, str(draw(st.integers(-3, 3)))])
    return draw(st.sampled_from([text, text, f"({text}) // 2", f"({text}) % 3", f"({text}) // 3 - ({text}) % 2"]))


@st.composite
def value(draw: st.DrawFn, kind: str, other: str, depth: int) -> str:
    """The text of a scalar of type ``kind``; tensors are A of that type, B of ``other``, G of u8 below 4."""
    leaf = [f"A[{draw(index())}, {draw(index())}]", f"A[{draw(index())}, G[{draw(index())}]]"]
    if kind == "s32":
        leaf.append(f"index({draw(index())})")
    choices = ["leaf"] if depth == 0 else ["leaf", "binary", "binary", "unary", "cast", "select", "literal"]
    choice = draw(st.sampled_from(choices))
    if choice == "leaf":
        return draw(st.sampled_from(leaf))
    inner = value(kind, other, depth - 1)
    dtype = DTYPES[kind]
    match choice:
        case "binary":
            operators = ["+", "-", "*"] if dtype.kind != "bool" else ["+", "*"]
            function = draw(st.sampled_from([*operators, "max", "min"]))
            one, two = draw(inner), draw(inner)
            return f"{function}({one}, {two})" if function.isalpha() else f"(({one}) {function} ({two}))"
        case "unary" if dtype.is_integer:
            text = draw(inner)
            return draw(st.sampled_from([f"(-({text}))", f"abs({text})", f"(({text}) // 3)", f"(({text}) % 5)",
                                         f"(({text}) >> 2)", f"(({text}) << 1)", f"(({text}) & 6)"]))  # fmt: skip
        case "cast":
            prefix = draw(st.sampled_from(["", "sat_"]))
            return f"{prefix}{kind}({draw(value(other, kind, 0)).replace('A[', 'B[')})"
        case "select":
            test = draw(st.sampled_from(["<", "<=", "==", "!=", ">"]))
            return f"select(({draw(inner)}) {test} ({draw(inner)}), {draw(inner)}, {draw(inner)})"
        case "literal":
            number = draw(st.integers(0, 1 if dtype.kind == "bool" else 7))
            return f"max({draw(inner)}, {number})"
    return draw(inner)


@st.composite
def kernels(draw: st.DrawFn) -> Workload:
    kind, other = (
        draw(st.sampled_from([*INTEGERS, *FLOATS, "bool"])),
        draw(st.sampled_from([*INTEGERS, *FLOATS, "bool"])),
    )
    operator = draw(st.sampled_from(["+=", "+=", "*=", "max=", "min=", "argmax=", "argmin=", "="]))
    extents = {axis: draw(st.integers(1, 3)) for axis in "ijk"}
    right = draw(value(kind, other, draw(st.integers(0, 3))))
    left = "O[2*i, 2 - j]" if operator != "=" else "O[6*i + 2*k, 2 - j]"
    if operator.startswith("arg"):
        left = f"{left}, P[j, i]"
    tensors = {"A": (kind, (5, 4)), "B": (other, (5, 4)), "G": ("u8", (6,)), "O": (kind, (18, 3)), "P": ("s32", (3, 3))}
    made = [
        Tensor(name, DTYPES[type_], shape, 1 if name in "ABG" else None) for name, (type_, shape) in tensors.items()
    ]
    full = f"{left} {operator} {right}"
    for axis in "ijk":  # every axis is used, and the value keeps its type
        full += f" + {kind}(index({axis} // 100))"
    statement = parse_statement(full, frozenset(tensors))
    kept = [t for t in made if t.name != "P" or operator.startswith("arg")]
    return workload("random", kept, [statement], axes=extents, inputs=["A", "B", "G"])


def small_inputs(kernel: Workload, seed: int) -> dict[str, Any]:
    inputs = random_inputs(kernel, seed)
    inputs["G"] = inputs["G"] % 6  # some lie outside A: the border
    for name in "AB":
        if kernel.tensor(name).dtype.is_float:
            inputs[name] = (np.round(inputs[name] * 4) / 4).clip(-2, 2).astype(inputs[name].dtype)
    return inputs


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(kernels(), st.integers(0, 100))
def test_random_einsums(kernel: Workload, seed: int) -> None:
    try:
        agree(kernel, small_inputs(kernel, seed))
    except NotANumber:
        assume(False)


CONTRACTIONS = [
    ("C[i,j] += A[i,k] * B[k,j]", {"A": (5, 7), "B": (7, 3), "C": (5, 3)}, None),
    ("C[i,j] += A[k,i,j] * B[k,j]", {"A": (4, 3, 5), "B": (4, 5), "C": (3, 5)}, None),
    ("C[j,i] += B[k,j] * A[i,k] * A[i,k]", {"A": (5, 7), "B": (7, 3), "C": (3, 5)}, None),
    ("D[i,j] += A[i,k,l] * B[l,j] * C[k,j]", {"A": (3, 4, 5), "B": (5, 2), "C": (4, 2), "D": (3, 2)}, None),
    ("O[b,k,p,q] += I[b,c,2*p+r-1,q+s-1] * W[k,c,r,s]",
     {"I": (2, 3, 5, 4), "W": (2, 3, 3, 3), "O": (2, 2, 3, 4)}, None),
    ("O[p] += I[p//2 + r] * W[r] * W[p%3]", {"I": (6,), "W": (3,), "O": (6,)}, {"r": 3}),
    ("x[] += A[i] * B[i]", {"A": (9,), "B": (9,), "x": ()}, None),
    ("C[i] += A[i] * B[k]", {"A": (4,), "B": (5,), "C": (4,)}, None),
    ("C[i,j] += A[k] * B[k]", {"A": (4,), "B": (4,), "C": (2, 3)}, None),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["s4", "u4", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", *FLOATS])
@pytest.mark.parametrize(("text", "shapes", "axes"), CONTRACTIONS)
def test_contractions(text: str, shapes: dict[str, tuple[int, ...]], axes: dict[str, int] | None, kind: str) -> None:
    kernel = work({name: (kind, shape) for name, shape in shapes.items()}, text, border=0, axes=axes)
    inputs = random_inputs(kernel, 1)
    if DTYPES[kind].is_float:
        inputs = {name: np.round(values).astype(values.dtype) for name, values in inputs.items()}
    agree(kernel, inputs)


@pytest.mark.parametrize(
    ("narrow", "wide"), [("s8", "s32"), ("u8", "s32"), ("s16", "s64"), ("u8", "s8"), ("s32", "s16")]
)
def test_contractions_with_casts(narrow: str, wide: str) -> None:
    tensors = {"A": (narrow, (6, 9)), "B": (narrow, (9, 4)), "C": (wide, (6, 4))}
    text = f"C[i,j] += {wide}(A[i,k]) * sat_{wide}(B[k,j])"
    agree(kernel := work(tensors, text), random_inputs(kernel, 3))


def test_boxes_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(einsum_room, "BOX_POINTS", 5)
    monkeypatch.setattr(einsum_room, "FACTOR_POINTS", 7)
    texts = ("m[i], a[i] argmax= A[i,k] + A[i,l]", "C[i,j] += A[i,k] * A[k,j]", "D[i] *= A[i,k]", "E[i] min= A[i,k]")
    shapes = {"A": ("s16", (6, 6)), "m": ("s16", (6,)), "a": ("s32", (6,)), "C": ("s16", (6, 6)), "D": ("s16", (6,)),
              "E": ("s16", (6,))}  # fmt: skip
    agree(kernel := work(shapes, *texts), random_inputs(kernel, 0))


def test_einsums_write_parts_of_one_tensor() -> None:
    kernel = work(
        {"A": ("s8", (4,)), "B": ("s8", (3,)), "O": ("s8", (7,))},
        "O[2*i] = A[i]",
        "O[2*j+1] = B[j]",
        axes={"i": 4, "j": 3},
    )
    agree(kernel, random_inputs(kernel, 0))


def test_an_einsum_continues_from_an_input() -> None:
    kernel = work({"A": ("s8", (3, 4)), "O": ("s8", (3,))}, "O[i] += A[i,k]", inputs=["A", "O"], outputs=["O"])
    agree(kernel, random_inputs(kernel, 0))


def test_an_alias_shares_bytes() -> None:
    tensors = [
        Tensor("X", DTYPES["s16"], (4, 6)),
        Tensor("T", DTYPES["s16"], (6, 4), strides=(1, 6), alias_of=("X", 0)),
        Tensor("R", DTYPES["s16"], (3,), strides=(-2,), alias_of=("X", 7)),
        Tensor("Y", DTYPES["s16"], (6, 4)),
        Tensor("Z", DTYPES["s16"], (3,)),
    ]
    names = frozenset(t.name for t in tensors)
    texts = ("Y[i,j] = T[i,j]", "Z[i] = R[i]")
    kernel = workload("alias", tensors, [parse_statement(t, names) for t in texts], inputs=["X"])
    inputs = random_inputs(kernel, 0)
    found = evaluate(kernel, inputs)
    assert (found["Y"] == inputs["X"].T).all()
    assert found["Z"].tolist() == inputs["X"].reshape(-1)[[11, 9, 7]].tolist()


def test_repeat_carries_and_restarts_accumulators() -> None:
    tensors = {
        "X": ("s32", (5, 3)),
        "H": ("s32", (3,)),
        "G": ("s32", (3,)),
        "Hnext": ("s32", (3,)),
        "Y": ("s32", (5, 3)),
    }
    made = [Tensor(name, DTYPES[kind], shape) for name, (kind, shape) in tensors.items()]
    texts = ("G[i] += X[t,i] * H[j]", "Hnext[i] = G[i] - H[i]", "Y[t,i] = Hnext[i]")
    parsed = [parse_statement(text, frozenset(tensors)) for text in texts]
    kernel = workload("gru", made, parsed, axes={"j": 3}, repeat=Repeat("t", 5, (("Hnext", "H"),)))
    inputs = random_inputs(kernel, 0)
    found = evaluate(kernel, inputs)
    state = inputs["H"].copy()
    for step in range(5):
        state = inputs["X"][step] * state.sum(dtype=np.int32) - state
        assert (found["Y"][step] == state).all()


def test_functions_of_floats() -> None:
    texts = [f"O{n}[i] = {name}(A[i])" for n, name in enumerate(("exp", "tanh", "sigmoid", "erf", "floor", "round"))]
    texts += ["O6[i] = sqrt(abs(A[i]))", "O7[i] = rsqrt(abs(A[i]))", "O8[i] = log(abs(A[i]))", "O9[i] = A[i] / 3"]
    kernel = work({"A": ("f32", (50,))} | {f"O{n}": ("f32", (50,)) for n in range(10)}, *texts)
    inputs = random_inputs(kernel, 0)
    a, found = inputs["A"].astype(float), evaluate(kernel, inputs)
    b = np.abs(a)
    erf = np.array([__import__("math").erf(x) for x in a])
    wanted = [
        np.exp(a),
        np.tanh(a),
        1 / (1 + np.exp(-a)),
        erf,
        np.floor(a),
        np.rint(a),
        b**0.5,
        b**-0.5,
        np.log(b),
        a / 3,
    ]
    for n, expected in enumerate(wanted):
        np.testing.assert_allclose(found[f"O{n}"], expected, rtol=1e-5, atol=1e-6)
        assert found[f"O{n}"].dtype == np.float32


def test_refusals() -> None:
    kernel = work({"A": ("s8", (3,)), "G": ("u8", (3,)), "O": ("s8", (3,))}, "O[i] = A[G[i]]")
    with pytest.raises(CheckFailed, match="no border"):
        evaluate(kernel, {"A": np.zeros(3, np.int8), "G": np.array([0, 3, 1], np.uint8)})
    with pytest.raises(InputError, match="expected an array, got none"):
        evaluate(kernel, {"A": np.zeros(3, np.int8)})
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        evaluate(kernel, {"A": np.zeros(4, np.int8), "G": np.zeros(3, np.uint8)})


def test_random_inputs_repeat_and_keep_their_ranges() -> None:
    tensors = [Tensor(name, dtype, (1000,)) for name, dtype in DTYPES.items()]
    tensors.append(Tensor("ranged", DTYPES["s8"], (1000,), value_range=(-3, 5)))
    tensors.append(Tensor("unit", DTYPES["f32"], (1000,), value_range=(0, 1)))
    one, two, other = random_inputs(tensors, 1), random_inputs(tensors, 1), random_inputs(tensors, 2)
    for tensor in tensors:
        assert (one[tensor.name] == two[tensor.name]).all()
        assert tensor.dtype.name == "bool" or (one[tensor.name] != other[tensor.name]).any()
        assert tensor.dtype.least <= one[tensor.name].min() <= one[tensor.name].max() <= tensor.dtype.most
    assert (one["ranged"].min(), one["ranged"].max()) == (-3, 5)
    assert 0 <= one["unit"].min() < one["unit"].max() <= 1
    assert (one["s8"].min(), one["s8"].max(), one["u4"].max(), one["s4"].min()) == (-128, 127, 15, -8)
