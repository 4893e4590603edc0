"""A Program as text: its tensors, then loops by indentation, one issue per line, and segments as tables.

::

    program gemm on p16
    tensor A s16[64, 16]
    inputs A
    outputs C
    for t in 0..8:
      %m mac initialise i=16 j=16 k=64 A=s16 spad@0 {...} ... after %l.result, %d(t - 2).operands start 64 * t
"""

from __future__ import annotations

from array import array
from typing import Any

from isamap.errors import Fault, InvalidNoun
from isamap.ir.columns import pack, unpack
from isamap.ir.expression import parse
from isamap.ir.program import EVENTS, Issue, Loop, Node, Program, Segment, Wait, count_issues
from isamap.ir.text.lines import INDENT, Cursor, Line, Lines, word
from isamap.ir.text.operation import read_operation, show_operation
from isamap.ir.text.segment import read_segment, show_segment
from isamap.ir.text.workload import read_tensor, show_tensor

_SHORT_BYTES = 64


def show_program(program: Program, *, packed: bool = False) -> str:
    """``packed``: every segment as columns, also a short one."""
    rows = [f"program {word(program.name)} on {word(program.target)}"]
    rows += map(show_tensor, program.tensors)
    rows.append(" ".join(["inputs", *map(word, program.inputs)]))
    rows.append(" ".join(["outputs", *map(word, program.outputs)]))
    rows += (f"constant {word(name)} {_show_bytes(data)}" for name, data in program.constants)
    first = 0
    for node in program.body:
        rows += _show_node(node, first, packed)
        first += count_issues(node)
    return "\n".join(rows) + "\n"


def _show_bytes(data: bytes) -> str:
    return f"packed {pack(array('B', data))}" if len(data) > _SHORT_BYTES else f"hex {data.hex()}"


def _show_node(node: Node, first: int, packed: bool) -> list[str]:
    """Its lines; ``first`` is the number of its first issue, where it stands at the top."""
    if isinstance(node, Issue):
        return [_show_issue(node)]
    if isinstance(node, Segment):
        return ["segment", *(INDENT + row for row in show_segment(node, first, packed))]
    below = [row for inner in node.body for row in _show_node(inner, first, packed)]
    return [f"for {word(node.variable)} in 0..{node.extent}:", *(INDENT + row for row in below)]


def _show_issue(issue: Issue) -> str:
    text = f"%{word(issue.label)} {show_operation(issue.operation, issue.origins)}"
    if issue.waits:
        text += " after " + ", ".join(map(_show_wait, issue.waits))
    return text if issue.start is None else f"{text} start {issue.start}"


def _show_wait(wait: Wait) -> str:
    at = "" if wait.at is None else f"({', '.join(map(str, wait.at))})"
    return f"%{word(wait.label)}{at}.{wait.event}"


def read_program(lines: Lines) -> Program:
    head = lines.take("program NAME on TARGET")
    with head.faults():
        cursor = Cursor(head.text)
        cursor.expect("program")
        name = cursor.word()
        cursor.expect("on")
        target = cursor.word("a target's name")
        cursor.end()
    found: dict[str, list[Any]] = {"tensor": [], "inputs": [], "outputs": [], "constant": []}
    body: list[Node] = []
    for line in lines.at_depth(0):
        with line.faults():
            cursor = Cursor(line.text)
            if cursor.accept("tensor"):
                found["tensor"].append(read_tensor(cursor))
            elif cursor.accept("inputs"):
                found["inputs"] += cursor.words()
            elif cursor.accept("outputs"):
                found["outputs"] += cursor.words()
            elif cursor.accept("constant"):
                found["constant"].append((cursor.word(), _read_bytes(cursor)))
            else:
                body.append(_read_node(lines, line, sum(map(count_issues, body))))
    with head.faults():
        tensors, inputs, outputs, constants = map(tuple, found.values())
        return Program(name, target, tensors, inputs, outputs, tuple(body), constants)


def _read_bytes(cursor: Cursor) -> bytes:
    if cursor.accept("packed"):
        return unpack(cursor.rest).tobytes()
    cursor.expect("hex")
    try:
        return bytes.fromhex(cursor.rest)
    except ValueError:
        raise cursor.fault("pairs of hexadecimal digits") from None


def _read_node(lines: Lines, line: Line, first: int) -> Node:
    """The node that starts at ``line``, with the deeper lines that belong to it."""
    cursor = Cursor(line.text)
    if cursor.accept("%"):
        return _read_issue(cursor)
    if cursor.accept("segment"):
        cursor.end()
        return read_segment(lines, line.depth + 1, first)
    if not cursor.accept("for"):
        raise cursor.fault("tensor, inputs, outputs, constant, for, segment or %label")
    variable = cursor.word("a loop variable")
    cursor.expect("in")
    cursor.expect("0..")
    extent = cursor.integer("a trip count")
    cursor.expect(":")
    cursor.end()
    body: list[Node] = []
    for inner in lines.at_depth(line.depth + 1):
        with inner.faults():
            body.append(_read_node(lines, inner, first))
    return Loop(variable, extent, tuple(body))


def _read_issue(cursor: Cursor) -> Issue:
    label = cursor.word("a label")
    operation, origins = read_operation(cursor, with_origins=True)
    waits: list[Wait] = []
    while cursor.accept("," if waits else "after"):
        waits.append(_read_wait(cursor))
    start = parse(cursor.rest) if cursor.accept("start") else None
    if start is None:
        cursor.end()
    return Issue(label, operation, origins, tuple(waits), start)


def _read_wait(cursor: Cursor) -> Wait:
    cursor.expect("%")
    label = cursor.word("a label")
    at = cursor.expressions("(", ")") if cursor.rest.startswith("(") else None
    cursor.expect(".")
    for event in EVENTS:
        if cursor.accept(event):
            return Wait(label, event, at)
    raise InvalidNoun([Fault((), " or ".join(EVENTS), repr(cursor.rest[:20]))])
