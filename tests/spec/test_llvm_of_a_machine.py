"""What LLVM makes code for, as a hardware file says it."""

from __future__ import annotations

import pytest

from isamap.codegen.cpu import DESCRIPTIONS
from isamap.errors import InvalidNoun
from isamap.ir.target_machine import TargetMachine
from isamap.spec import SpecError, load_target
from isamap.tiling.cached import core_of


@pytest.mark.parametrize("described", DESCRIPTIONS, ids=lambda each: each.machine)
def test_a_cpu_is_described_as_a_machine_only_where_it_runs_its_code(described: object) -> None:
    """``host`` asks for the same instruction sets as the file of the machine that it stands for."""
    machine = load_target(described.machine)  # type: ignore[attr-defined]
    assert machine.llvm is not None
    assert sorted(machine.llvm.features) == sorted(described.features)  # type: ignore[attr-defined]
    assert core_of(machine).llvm == machine.llvm


def test_what_is_not_said_is_not_known() -> None:
    assert load_target("p16").llvm is None
    assert load_target(_machine("triple: riscv64-unknown-linux-gnu")).llvm == TargetMachine("riscv64-unknown-linux-gnu")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("triple: ^x86", "triple: expected a triple, as in x86_64-unknown-linux-gnu, got 'x86'"),
        ("triple: a-b, features: [fma, ^+avx2]",
         "features.1: expected LLVM's name of an instruction set, without a sign, got '+avx2'"),
        ("triple: a-b, features: ^fma", "features: expected a list"),
        ("triple: a-b, ^cpu: x", "cpu: expected a key of features triple, got the unknown key 'cpu'"),
    ],
)  # fmt: skip
def test_one_mistake(entry: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_target(_machine(entry.replace("^", "")))
    (found,) = caught.value.diagnostics
    assert f"{found.line}:{found.column}: {found.fault}".startswith(f"2:{8 + entry.index('^')}: llvm.{said}")


def test_a_triple_is_needed() -> None:
    with pytest.raises(SpecError, match=r"llvm: expected .*triple"):
        load_target(_machine("features: [fma]"))
    with pytest.raises(InvalidNoun, match="a triple"):
        TargetMachine("")


def _machine(entry: str) -> str:
    return f"name: m\nllvm: {{{entry}}}\nmemories: {{dram: {{capacity: 1 GiB}}}}\n"
