"""Right programs made wrong: in every way that a rule names, each wait dropped once, and hundreds of times at random.

Nothing wrong may pass. What the simulator says about order is held against brute force over all pairs, bytes and paths;
where neither finds anything, the numbers decide.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from isamap.check.program import check_program
from isamap.errors import IsamapError
from isamap.ir.dtype import DTYPES
from isamap.ir.hardware import Use
from isamap.ir.program import Operation, Program, Segment, View
from isamap.ir.workload import Workload
from isamap.simulate.evaluate import evaluate
from isamap.simulate.machine import Simulation, simulate
from isamap.simulate.random_inputs import random_inputs
from isamap.simulate.rules import RULES
from tests.machines import bundled
from tests.simulate import programs
from tests.simulate.brute_force import broken_rules
from tests.simulate.tape import Entry, Tape

MAKERS: list[Callable[[], tuple[Tape, Workload]]] = [
    programs.tile_gemm, programs.g64, programs.banded, programs.refilled,
]  # fmt: skip
ORDER = {"raw-order", "waw-order", "war-order"}
PLACES = {"capacity", "read-outside", "write-outside"}


def broken(tape: Tape, kernel: Workload) -> tuple[set[str], Simulation | None]:
    """The rules that the checker and the simulator find broken."""
    target = bundled(tape.target)
    program = tape.program()
    result = simulate(program, target, random_inputs(kernel, 5))
    found = {violation.rule for violation in result.violations}
    return found | {f"check: {violation.rule}" for violation in check_program(program, target)}, result


def judge(tape: Tape, kernel: Workload) -> str:
    """How the corruption was seen: ``rule``, ``numbers``, or ``nothing wrong``; brute force agrees about order."""
    try:
        found, result = broken(tape, kernel)
    except IsamapError:
        return "refused when built"
    assert result is not None
    if len(result.start) and not found & (PLACES | {"wait-unknown", "wait-not-earlier", "operand-overlap"}):
        seen = {("order" if rule in ORDER else rule) for rule in found}
        judged = {"order", "read-unwritten", "output-unwritten"}
        assert seen & judged == broken_rules(tape, bundled(tape.target)), sorted(found)
    if found:
        return "rule"
    wanted = evaluate(kernel, random_inputs(kernel, 5))
    equal = all(np.array_equal(result.outputs[name], wanted[name]) for name in tape.outputs)
    return "nothing wrong" if equal else "numbers"


# --- in every way that a rule names ---------------------------------------------------------------------------------


def first(tape: Tape, performs: str, nth: int = 0) -> Entry:
    return [entry for entry in tape.entries if entry.operation.performs == performs][nth]


def with_view(entry: Entry, operand: str, **changed: object) -> None:
    views = tuple(
        replace(view, **changed) if view.operand == operand else view  # type: ignore[arg-type]
        for view in entry.operation.views
    )
    entry.operation = replace(entry.operation, views=views)


def alter(entry: Entry, **changed: object) -> None:
    entry.operation = replace(entry.operation, **changed)  # type: ignore[arg-type]


def rename_view(entry: Entry) -> None:
    """The first operand twice, the second not at all."""
    one, two, *rest = entry.operation.views
    entry.operation = replace(entry.operation, views=(one, replace(two, operand=one.operand), *rest))


def set_origin(entry: Entry, position: int, value: int) -> None:
    entry.origins[position] = value


def shorten(tape: Tape) -> None:
    del tape.entries[-1]


def clear(entry: Entry, event: str = "") -> None:
    entry.waits = [wait for wait in entry.waits if event and wait[1] != event]


SPOILERS: list[tuple[str, Callable[[], tuple[Tape, Workload]], Callable[[Tape], object]]] = [
    ("performs", programs.g64, lambda t: alter(first(t, "mac"), performs="macc")),
    ("operands", programs.g64, lambda t: rename_view(first(t, "mac"))),
    ("memory", programs.g64, lambda t: with_view(first(t, "mac"), "C", memory="spad")),
    ("dtype", programs.g64, lambda t: with_view(first(t, "mac"), "A", dtype=DTYPES["u16"])),
    ("dtype", programs.g64, lambda t: with_view(first(t, "load"), "destination", dtype=DTYPES["s8"])),
    ("tensor", programs.tile_gemm, lambda t: with_view(first(t, "store"), "destination", tensor="A")),
    ("modes", programs.g64, lambda t: alter(first(t, "mac"), modes=(("fast", "yes"),))),
    ("immediates", programs.g64, lambda t: alter(first(t, "mac"), immediates=(("scale", 3),))),
    ("wait-unknown", programs.g64, lambda t: first(t, "mac").waits.append((-1, "result"))),
    ("wait-unknown", programs.g64, lambda t: first(t, "mac").waits.append((99, "result"))),
    ("wait-not-earlier", programs.g64, lambda t: first(t, "mac").waits.append((50, "result"))),
    ("wait-not-earlier", programs.g64, lambda t: first(t, "load").waits.append((0, "result"))),
    ("capacity", programs.g64, lambda t: set_origin(first(t, "load"), 2, 64500)),
    ("capacity", programs.g64, lambda t: set_origin(first(t, "load"), 2, -2)),
    ("alignment", programs.tile_gemm, lambda t: set_origin(first(t, "load"), 2, 256)),
    ("alignment", programs.g64, lambda t: set_origin(first(t, "mac"), 0, 1)),
    ("bank", programs.g64, lambda t: set_origin(first(t, "mac"), 2, 256)),
    ("read-outside", programs.g64, lambda t: set_origin(first(t, "load"), 0, 56)),
    ("write-outside", programs.g64, lambda t: set_origin(first(t, "store"), 1, 56)),
    ("write-twice", programs.g64, lambda t: with_view(first(t, "drain"), "D", steps=(((16,),), ((2,),)))),
    ("operand-overlap", programs.tile_gemm, lambda t: set_origin(first(t, "matmul"), 2, first(t, "matmul").origins[0])),
    ("read-unwritten", programs.g64, lambda t: set_origin(first(t, "mac"), 0, 40960)),
    ("read-unwritten", programs.refilled, lambda t: setattr(
        e := first(t, "mac"), "operation", replace(e.operation, mode="accumulate"))),
    ("output-unwritten", programs.g64, shorten),
    ("output-unwritten", programs.g64, lambda t: set_origin(first(t, "store"), 1, 16)),
    ("raw-order", programs.g64, lambda t: clear(first(t, "mac"))),
    ("raw-cycle", programs.g64, lambda t: clear(first(t, "mac"))),
    ("raw-order", programs.g64, lambda t: clear(first(t, "drain", 3))),
    ("war-order", programs.tile_gemm, lambda t: clear(first(t, "load", 7))),
    ("war-cycle", programs.tile_gemm, lambda t: clear(first(t, "load", 7))),
    ("waw-order", programs.g64, lambda t: clear(first(t, "mac", 2), "operands")),
    ("waw-cycle", programs.tile_gemm, lambda t: set_origin(first(t, "load", 1), 2, 512 * 6)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "make", "spoil"), SPOILERS)
def test_each_rule_is_named(
    rule: str, make: Callable[[], tuple[Tape, Workload]], spoil: Callable[[Tape], object]
) -> None:
    tape, kernel = make()
    spoil(tape)
    found, _ = broken(tape, kernel)
    assert rule in found


def test_rules_that_need_more_than_a_tape() -> None:
    tape, kernel = programs.banded()
    target = bundled("p16")
    narrow = replace(
        target, transfers=(replace(target.transfer("load"), uses=(Use("bus", 99),)), target.transfer("store"))
    )
    single = Operation("load", (("y", (1,)),), (View("source", "dram", DTYPES["s16"], ((),), "I"),
                                                View("destination", "spad", DTYPES["s16"], (((2,),),))))  # fmt: skip
    assert [v.rule for v in simulate(tape.program(), narrow, {}).violations] == ["resource"] * 2
    bare = Program("bare", "p16", tape.tensors, tape.inputs, (), (Segment((single,), *[copy(c) for c in _columns()]),))
    assert [v.rule for v in simulate(bare, target, random_inputs(kernel, 0)).violations] == ["origins"]


def _columns() -> list[object]:
    from array import array

    return [array("i", [0]), array("q", [0, 0]), array("i", [0]), array("q"), array("b")]


def test_every_rule_is_spoiled_somewhere() -> None:
    elsewhere = {"resource", "origins", "expression", "start-missing", "start-order", "start-wait",
                 "start-unit", "start-resource"}  # fmt: skip
    assert {rule for rule, _, _ in SPOILERS} | elsewhere == set(RULES)


# --- each wait dropped once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS)
def test_each_wait_is_needed_or_provably_redundant(make: Callable[[], tuple[Tape, Workload]]) -> None:
    right, kernel = make()
    needed = 0
    every = 1 + len(right.entries) // 20
    for x, entry in enumerate(right.entries):
        for w in range(len(entry.waits))[x % every :: every]:
            tape = _copied(right)
            del tape.entries[x].waits[w]
            verdict = judge(tape, kernel)  # brute force agrees, so "nothing wrong" is a redundant wait
            assert verdict in ("rule", "nothing wrong")
            needed += verdict == "rule"
    assert needed > 3


# --- at random ------------------------------------------------------------------------------------------------------


def _copied(tape: Tape) -> Tape:
    entries = [Entry(e.operation, list(e.origins), list(e.waits), e.start) for e in tape.entries]
    return replace(tape, entries=entries)


def corrupt(tape: Tape, chance: random.Random) -> None:
    """Spoil one thing in place."""
    x = chance.randrange(len(tape.entries))
    entry = tape.entries[x]
    kind = chance.choice(["origin", "swap", "target", "event", "extent", "mode", "step", "dtype", "memory", "drop"])
    what = entry.operation
    match kind:
        case "origin":
            n = chance.randrange(len(entry.origins))
            entry.origins[n] += chance.choice([-1, 1]) * chance.choice([1, 2, 4, 16, 32, 512, 1024, 2048])
        case "swap":
            _swap(tape, x, chance.randrange(len(tape.entries)))
        case "target" | "event" if entry.waits:
            w = chance.randrange(len(entry.waits))
            on, event = entry.waits[w]
            other = "operands" if event == "result" else "result"
            entry.waits[w] = (on, other) if kind == "event" else (chance.randrange(len(tape.entries)), event)
        case "extent":
            n = chance.randrange(len(what.extents))
            axis, factors = what.extents[n]
            changed = (axis, (max(1, factors[0] + chance.choice([-1, 1, 4])), *factors[1:]))
            entry.operation = replace(what, extents=(*what.extents[:n], changed, *what.extents[n + 1 :]))
        case "mode":
            entry.operation = replace(what, mode=chance.choice(["", "initialise", "accumulate"]))
        case "step" | "dtype" | "memory":
            _spoil_view(entry, kind, chance)
        case "drop" if entry.waits:
            del entry.waits[chance.randrange(len(entry.waits))]


def _swap(tape: Tape, x: int, y: int) -> None:
    """Two issues change places; waits follow the issues that they named."""
    tape.entries[x], tape.entries[y] = tape.entries[y], tape.entries[x]
    moved = {x: y, y: x}
    for entry in tape.entries:
        entry.waits = [(moved.get(on, on), event) for on, event in entry.waits]


def _spoil_view(entry: Entry, kind: str, chance: random.Random) -> None:
    view = chance.choice(entry.operation.views)
    if kind == "dtype":
        with_view(entry, view.operand, dtype=DTYPES[chance.choice(["s8", "u16", "s16", "s32"])])
    elif kind == "memory":
        with_view(entry, view.operand, memory=chance.choice(["dram", "spad", "acc"]))
    else:
        n = chance.choice([n for n, steps in enumerate(view.steps) if steps])
        step = list(view.steps[n][0])
        step[chance.randrange(len(step))] += chance.choice([-4, -2, -1, 1, 2, 32])
        steps = (*view.steps[:n], (tuple(step), *view.steps[n][1:]), *view.steps[n + 1 :])
        with_view(entry, view.operand, steps=steps)


@pytest.mark.parametrize("make", MAKERS)
def test_random_corruption_is_seen(make: Callable[[], tuple[Tape, Workload]]) -> None:
    right, kernel = make()
    chance = random.Random(make.__name__)
    verdicts: dict[str, int] = {}
    times = min(100, 2500 // len(right.entries))
    for _ in range(times):
        tape = _copied(right)
        corrupt(tape, chance)
        verdict = judge(tape, kernel)
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    assert verdicts["rule"] > 0.4 * times
    assert verdicts.get("nothing wrong", 0) < 0.5 * times
