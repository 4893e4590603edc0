"""Loops become the issues that they stand for."""

from __future__ import annotations

from isamap.ir.dtype import DTYPES
from isamap.ir.expression import parse
from isamap.ir.program import Issue, Loop, Node, Program, Wait
from isamap.ir.workload import Tensor
from isamap.simulate.machine import simulate
from isamap.simulate.random_inputs import random_inputs
from isamap.simulate.rules import Findings
from isamap.simulate.unroll import unroll
from tests.machines import bundled
from tests.simulate import programs
from tests.simulate.tape import Tape

S16 = DTYPES["s16"]
TENSORS = (Tensor("A", S16, (16, 64)), Tensor("B", S16, (64, 128)), Tensor("C", S16, (16, 128)))


def statement(label: str, what: object, origins: list[list[str]], *waits: tuple[str, str, str | None]) -> Issue:
    made = tuple(Wait(to, event, (parse(where),) if where else None) for to, event, where in waits)  # type: ignore[arg-type]
    return Issue(label, what, tuple(tuple(map(parse, origin)) for origin in origins), made)  # type: ignore[arg-type]


def row_of_tiles() -> tuple[Node, ...]:
    """A row of tiles of a GEMM with K = 64 on p16: one loop, double buffers."""
    a = programs.load_panel("A", "rows", 64)
    b = programs.load_panel("B", "columns", 64)
    body = (
        statement("l", b, [["0", "16*t"], ["8192 + 2048*(t % 2)"]], ("m", "operands", "t - 2")),
        statement("m", programs.mac(64), [["0"], ["8192 + 2048*(t % 2)"], ["512*(t % 2)"]],
                  ("a", "result", None), ("l", "result", None), ("d", "operands", "t - 2")),
        statement("d", programs.move("drain"), [["512*(t % 2)"], ["12288 + 512*(t % 2)"]],
                  ("m", "result", None), ("s", "operands", "t - 2")),
        statement("s", programs.store_tile(), [["12288 + 512*(t % 2)"], ["0", "16*t"]], ("d", "result", None)),
    )  # fmt: skip
    return statement("a", a, [["0", "0"], ["0"]]), Loop("t", 8, body)


def by_hand() -> Tape:
    tape = Tape("row", "p16", TENSORS, ("A", "B"), ("C",))
    first = tape.issue(programs.load_panel("A", "rows", 64), 0, 0, 0)
    for t in range(8):
        n = len(tape.entries)
        before = [(n - 7, "operands")] if t >= 2 else []
        tape.issue(programs.load_panel("B", "columns", 64), 0, 16 * t, 8192 + 2048 * (t % 2), after=before)
        waits = [(first, "result"), (n, "result"), *([(n - 6, "operands")] if t >= 2 else [])]
        tape.issue(programs.mac(64), 0, 8192 + 2048 * (t % 2), 512 * (t % 2), after=waits)
        waits = [(n + 1, "result"), *([(n - 5, "operands")] if t >= 2 else [])]
        tape.issue(programs.move("drain"), 512 * (t % 2), 12288 + 512 * (t % 2), after=waits)
        tape.issue(programs.store_tile(), 12288 + 512 * (t % 2), 0, 16 * t, after=[(n + 2, "result")])
    return tape


def test_a_loop_is_its_issues() -> None:
    kernel = programs.kernel(TENSORS, "C[m,n] += A[m,k] * B[k,n]")
    inputs = random_inputs(kernel, 0)
    looped = simulate(Program("row", "p16", TENSORS, ("A", "B"), ("C",), row_of_tiles()), bundled("p16"), inputs)
    flat = simulate(by_hand().program(), bundled("p16"), inputs)
    assert looped.violations == flat.violations == ()
    assert looped.start.tolist() == flat.start.tolist()
    assert (looped.outputs["C"] == flat.outputs["C"]).all()


def test_nested_loops_count_row_major_and_void_waits_vanish() -> None:
    load = programs.load_panel("B", "columns", 16)
    place = [["0", "16*(2*u + v)"], ["1024*u + 512*v"]]
    waits = (
        Wait("x", "operands", (parse("u"), parse("v - 1"))),
        Wait("x", "result", (parse("u - 1"), parse("1"))),
    )
    inner = Issue("x", load, tuple(tuple(map(parse, part)) for part in place), waits)
    program = Program("nest", "p16", TENSORS, ("B",), (), (Loop("u", 3, (Loop("v", 2, (inner,)),)),))
    columns = unroll(program, Findings())
    assert columns.origin.reshape(6, 3).tolist() == [[0, 16 * n, 512 * n] for n in range(6)]
    on = [columns.wait_on[columns.wait_at[x] : columns.wait_at[x + 1]].tolist() for x in range(6)]
    assert on == [[], [0], [1], [2, 1], [3], [4, 3]]


def test_what_cannot_be_expanded_is_named() -> None:
    load = programs.load_panel("B", "columns", 16)
    for origin, wait, rule in (
        ("16*w", Wait("a", "result"), "expression"),
        ("16/t", Wait("a", "result"), "expression"),
        ("16*t", Wait("a", "result", (parse("t + 1"),)), "wait-not-earlier"),
    ):
        issue = Issue("a", load, ((parse("0"), parse(origin)), (parse("512*t"),)), (wait,))
        findings = Findings()
        unroll(Program("bad", "p16", TENSORS, ("B",), (), (Loop("t", 4, (issue,)),)), findings)
        if wait.at is None and rule == "expression":
            assert rule in findings.rules
        else:
            assert findings.rules == {rule}
