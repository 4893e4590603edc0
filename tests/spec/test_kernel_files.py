"""Kernel files -> workloads: every bundled one, settings, and what the notation offers."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap.errors import InputError, Unsupported
from isamap.ir.workload import Workload
from isamap.spec import SpecError, bundled, load_workload

GEMM = """
name: g
types: {in: s8, acc: s32}
sizes: {M: 4, N: 5, K: 6}
tensors:
  A: {dtype: in, shape: [M, K]}
  B: {dtype: in, shape: [K, N]}
  C: {dtype: acc, shape: [M, N]}
einsums:
  - C[m,n] += acc(A[m,k]) * acc(B[k,n])
"""


@pytest.mark.parametrize("name", sorted(bundled("kernel")))
def test_every_bundled_kernel_loads(name: str) -> None:
    path = bundled("kernel")[name]
    work = load_workload(path)
    assert work.name == path.stem
    assert work == load_workload(name) == load_workload(path.read_text())


def extents(work: Workload, n: int = 0) -> dict[str, int]:
    return work.einsums[n].extents


def test_a_kernel() -> None:
    work = load_workload(GEMM)
    assert str(work.einsums[0]) == "C[m, n] += s32(A[m, k]) * s32(B[k, n]) for m=4, n=5, k=6"
    assert (work.inputs, work.outputs) == (("A", "B"), ("C",))
    assert work.tensor("A").shape == (4, 6)


def test_settings_replace_sizes_and_types() -> None:
    work = load_workload(GEMM, {"M": 32, "in": "s32"})
    assert extents(work) == {"m": 32, "n": 5, "k": 6}
    assert work.einsums[0].statement == "C[m, n] += A[m, k] * B[k, n]"  # identity casts vanish
    assert load_workload("conv2d", {"STRIDE": 2, "PAD": 1, "P": 4, "Q": 5}).tensor("I").shape == (1, 64, 7, 9)


def test_a_type_may_be_a_word_of_python() -> None:
    text = GEMM.replace("acc(A[m,k]) * acc(B[k,n])", "acc(in(acc(A[m,k]))) * acc(sat_in(acc(B[k,n])))")
    assert load_workload(text).einsums[0].statement == "C[m, n] += s32(s8(s32(A[m, k]))) * s32(sat_s8(s32(B[k, n])))"


def test_sizes_may_have_the_names_of_axes() -> None:
    text = GEMM.replace("{M: 4, N: 5, K: 6}", "{m: 4, n: 5, k: 6}")
    text = text.replace("[M, K]", "[m, k]").replace("[K, N]", "[k, n]").replace("[M, N]", "[m, n]")
    assert extents(load_workload(text)) == {"m": 4, "n": 5, "k": 6}


def test_axes_borders_ranges_strides_and_views() -> None:
    work = load_workload("""
name: pool
comment: maximum over windows
sizes: {P: 3, R: 2, S: 2}
tensors:
  X: {dtype: f32, shape: [S*P], border: -.inf, range: [-1, 1.5]}
  V: {dtype: f32, shape: [P], alias_of: X + S, strides: [S]}
  Y: {dtype: f32, shape: [P]}
einsums:
  - Y[p] max= X[S*p+r] + V[p]
axes: {r: R + 1}
inputs: [X, V]
outputs: [Y]
""")
    assert extents(work) == {"p": 3, "r": 3}
    assert work.tensor("X").border == float("-inf")
    assert work.tensor("X").value_range == (-1, 1.5)
    assert work.tensor("V").alias_of == ("X", 2)
    assert work.tensor("V").strides == (2,)


def test_a_recurrence() -> None:
    work = load_workload("""
name: decay
sizes: {B: 4, T: 10}
tensors:
  H: {dtype: f32, shape: [B]}
  Hnext: {dtype: f32, shape: [B]}
einsums:
  - Hnext[b] = tanh(H[b])
repeat: {axis: t, extent: T, carry: {H: Hnext}}
""")
    assert work.repeat is not None
    assert (work.repeat.axis, work.repeat.extent, work.repeat.carry) == ("t", 10, (("Hnext", "H"),))
    assert work.inputs == ("H",)


def test_symbolic_sizes() -> None:
    ranged = GEMM.replace("K: 6", "K: [1, 64]")
    with pytest.raises(Unsupported, match=r"symbolic size K: \[1, 64\] in tensors.A.shape \(<text>\).*--set K=64"):
        load_workload(ranged)
    with pytest.raises(Unsupported, match=r"symbolic size K: \[1, 64\] in einsums.0 \(<text>\).*--set K=64"):
        load_workload(ranged.replace("[M, K]", "[M, 99]").replace("[K, N]", "[99, N]").replace("A[m,k]", "A[m,K*k]"))
    assert load_workload(ranged, {"K": 6}) == load_workload(GEMM)
    taken = load_workload(ranged.replace("[M, K]", "[M, 99]").replace("[K, N]", "[99, N]") + "axes: {k: K}\n")
    assert str(taken.einsums[0].axes[-1]) == "k=1..64"


def test_unknown_settings_say_what_there_is() -> None:
    with pytest.raises(InputError, match="of M N K in acc, got 'MM'; did you mean 'M'"):
        load_workload(GEMM, {"MM": 3})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"M": 0}, "<text>: --set M=0: sizes.M: expected a positive extent, got 0"),
        ({"M": -2}, "<text>: --set M=-2: sizes.M: expected a size of at least 0, got -2"),
        ({"M": "big"}, "<text>: --set M=big: sizes.M: expected a whole number or a list, got 'big'"),
        ({"M": 2.5}, "<text>: --set M=2.5: sizes.M: expected a whole number or a list, got 2.5"),
        ({"in": 16}, "<text>: --set in=16: types.in: expected text, got 16"),
        ({"in": "s17"}, "<text>: --set in=s17: types.in: expected a type of bool s4"),
    ],
)
def test_wrong_settings_name_the_setting(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_workload(GEMM, settings)
    assert str(caught.value).startswith(said)
    assert len(caught.value.diagnostics) == 1


def test_the_file_is_named_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "k.yaml").write_text("name: x\n")
    monkeypatch.chdir(tmp_path)
    for source in ("k.yaml", "k", Path("k.yaml"), tmp_path / "k.yaml"):
        with pytest.raises(SpecError) as caught:
            load_workload(source)
        assert str(caught.value).startswith(f"{source if isinstance(source, Path) else 'k.yaml'}:1:1: ")


def test_an_equation_may_use_the_axis_of_its_repeat() -> None:
    work = load_workload(
        """
name: recurrence
sizes: {T: 4, B: 2}
tensors:
  X: {dtype: s32, shape: [T, B]}
  S: {dtype: s32, shape: [B]}
  Snext: {dtype: s32, shape: [B]}
einsums:
  - Snext[b] = S[b] * 3 + X[t,b]
repeat: {axis: t, extent: T, carry: {S: Snext}}
"""
    )
    assert work.repeat is not None
    assert work.inputs == ("X", "S")
    assert work.repeat.carry == (("Snext", "S"),)
