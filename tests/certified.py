"""Small kernels with their certificates, as result files, and random ways to tamper with them.

A tampering changes one thing that the file says; the checksum is then made to fit, so that only the content can give it
away. Every one makes the file say something false: what would merely say it otherwise is left alone.

``python -m tests.certified 200 7`` tampers two hundred times, from seed 7, and lists what was not refused.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from array import array
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from isamap.compile import Options, compile_workload
from isamap.errors import InputError
from isamap.ir.answers import Violation
from isamap.ir.certificate import Certificate
from isamap.ir.program import Program, Segment
from isamap.ir.record import program_from_json, program_to_json
from isamap.ir.text import from_text, to_text
from isamap.result import checksum, read_result, to_json
from isamap.spec import load_target, load_workload
from isamap.verify import verify

Record = dict[str, Any]
Tampering = Callable[[Record, random.Random], Record | None]
KERNELS: dict[str, tuple[str, str, dict[str, int | str]]] = {
    "gemm tiny": ("gemm", "tiny", {"M": 4, "N": 6, "K": 9}),
    "small gemm tiny": ("gemm", "tiny", {"M": 2, "N": 2, "K": 5}),
    "conv1d tiny": ("conv1d", "tiny", {"K": 2, "C": 2, "P": 4, "R": 2}),
    "gemv tiny": ("gemv", "tiny", {"M": 4, "K": 6}),
    "gemm vliw4": ("gemm", "vliw4", {"M": 4, "N": 3, "K": 8}),
    "gemm tiles": ("gemm", "tiles", {"M": 32, "N": 32, "K": 32, "in": "s16"}),
    "gemm and relu vliw4": ("gemm_relu", "vliw4", {"M": 2, "N": 3, "K": 5}),
    "gate tiny": ("gru_gate", "tiny", {"BATCH": 1, "INPUTS": 2, "UNITS": 2}),
}

SEVERAL = ("gemm and relu vliw4", "gate tiny")
"""Those of several einsums."""
SEARCHED = ("gemv tiny", "gemm vliw4", "conv1d tiny", "gemm tiny", *SEVERAL)
"""Those of which all cuts are searched."""


@cache
def _result(name: str) -> str:
    kernel, target, sizes = KERNELS[name]
    options = Options("exact", time_limit_s=20 if name in SEVERAL else 4, workers=2)
    return json.dumps(to_json(compile_workload(load_workload(kernel, sizes), load_target(target), options)))


def result(name: str) -> Record:
    """The result file of a kernel, compiled once per process."""
    record = json.loads(_result(name))
    assert isinstance(record, dict)
    return record


def certificate(record: Record) -> Certificate:
    noun = from_text("\n".join(record["certificate"]))
    assert isinstance(noun, Certificate)
    return noun


def certified(record: Record, **changes: Any) -> Record:
    """The record with changes to its certificate."""
    changed = replace(certificate(record), **changes)
    return {**record, "certificate": to_text(changed).splitlines()}


def summarised(record: Record, **changes: Any) -> Record:
    return {**record, "summary": {**record["summary"], **changes}}


def write(path: Path, record: Record) -> Path:
    """The record as a file with a fitting checksum."""
    rest = {key: value for key, value in record.items() if key != "checksum"}
    path.write_text(json.dumps({**rest, "checksum": checksum(rest)}))
    return path


def tampered(record: Record, rng: random.Random) -> tuple[str, Record]:
    """(what was done, the record after it), one of all tamperings that apply."""
    names = list(TAMPERINGS)
    while True:
        name = rng.choice(names)
        changed = TAMPERINGS[name](deepcopy(record), rng)
        if changed is not None:
            return name, changed


def violations(record: Record, folder: Path) -> tuple[Violation, ...]:
    """What ``verify`` says of the record as a file; raises InputError where it cannot be read."""
    return verify(read_result(write(folder / "r.json", record))).violations


def broken(record: Record, folder: Path) -> list[str]:
    """The rules that the file breaks; ``file`` where it cannot be read at all."""
    try:
        return [violation.rule for violation in violations(record, folder)]
    except InputError:
        return ["file"]


def not_refused(times: int, seed: int, folder: Path) -> list[str]:
    """Which of so many random tamperings ``verify`` does not refuse."""
    rng, passed = random.Random(seed), []
    for number in range(times):
        kernel = SEARCHED[number % len(SEARCHED)]
        what, changed = tampered(result(kernel), rng)
        passed += [] if broken(changed, folder) else [f"{number}: {what} of {kernel}"]
    return passed


def _step(rng: random.Random) -> int:
    return rng.choice((-3, -2, -1, 1, 2, 3))


def _cut_removed(record: Record, rng: random.Random) -> Record | None:
    closed = list(certificate(record).closed)
    if not closed:
        return None
    closed.pop(rng.randrange(len(closed)))
    return certified(record, closed=tuple(closed))


def _cut_twice(record: Record, rng: random.Random) -> Record | None:
    closed = certificate(record).closed
    return certified(record, closed=(*closed, rng.choice(closed))) if closed else None


def _of_a_cut(change: Callable[[Any, random.Random], Any]) -> Tampering:
    """A tampering of one of the cuts that took a solver."""

    def tamper(record: Record, rng: random.Random) -> Record | None:
        closed = list(certificate(record).closed)
        if not closed:
            return None
        at = rng.randrange(len(closed))
        closed[at] = change(closed[at], rng)
        return certified(record, closed=tuple(closed))

    return tamper


def _larger_tile(closed: Any, rng: random.Random) -> Any:
    which = rng.randrange(len(closed.cuts))
    cut = closed.cuts[which]
    at = rng.randrange(len(cut.tile))
    tile = tuple((axis, size + 97 * (n == at)) for n, (axis, size) in enumerate(cut.tile))
    return replace(closed, cuts=(*closed.cuts[:which], replace(cut, tile=tile), *closed.cuts[which + 1 :]))


def _other_hash(closed: Any, rng: random.Random) -> Any:
    at = rng.randrange(len(closed.model))
    digit = rng.choice([one for one in "0123456789abcdef" if one != closed.model[at]])
    return replace(closed, model=closed.model[:at] + digit + closed.model[at + 1 :])


def _elsewhere(closed: Any, rng: random.Random) -> Any:
    """A tensor that stays on chip passes through the outer memory, or the other way round."""
    return replace(closed, staying=closed.staying[1:] if closed.staying else (("T", "local"),))


def _match_removed(record: Record, rng: random.Random) -> Record | None:
    matches = list(certificate(record).matches)
    if not matches:
        return None
    matches.pop(rng.randrange(len(matches)))
    return certified(record, matches=tuple(matches))


def _match_changed(record: Record, rng: random.Random) -> Record | None:
    matches = list(certificate(record).matches)
    if not matches:
        return None
    at = rng.randrange(len(matches))
    axes = [(name, fused) for name, fused in matches[at].axes]
    fed = [n for n, (_, fused) in enumerate(axes) if fused]
    n = rng.choice(fed)
    axes[n] = (axes[n][0], axes[n][1][1:])
    matches[at] = replace(matches[at], axes=tuple(axes))
    return certified(record, matches=tuple(matches))


def _match_twice(record: Record, rng: random.Random) -> Record | None:
    matches = certificate(record).matches
    return certified(record, matches=(*matches, rng.choice(matches))) if matches else None


def _count(record: Record, rng: random.Random) -> Record | None:
    count = certificate(record).candidates
    return certified(record, candidates=max(1, count + _step(rng))) if count > 3 else None


def _bound(record: Record, rng: random.Random) -> Record | None:
    """In certificate and summary, with gap and status to fit."""
    value, bound = record["summary"]["value"], record["summary"]["bound"] + _step(rng)
    record = summarised(record, bound=bound, gap=(value - bound) / value)
    record = summarised(record, status="optimal" if value == bound else "feasible")
    return certified(record, bound=float(bound))


def _value(record: Record, rng: random.Random) -> Record | None:
    """Everywhere, with gap and status to fit, as are the cycles."""
    value, bound = record["summary"]["value"] + _step(rng), record["summary"]["bound"]
    record = summarised(record, value=value, latency_cycles=value, gap=(value - bound) / value)
    record = summarised(record, status="optimal" if value == bound else "feasible")
    return certified(record, value=float(value))


def _kind(record: Record, rng: random.Random) -> Record | None:
    kind = rng.choice([one for one in ("verified", "trusted", "none") if one != certificate(record).kind])
    return summarised(certified(record, kind=kind), certificate=kind)


def _closed_form(record: Record, rng: random.Random) -> Record | None:
    bounds = list(certificate(record).bounds)
    at = rng.randrange(len(bounds))
    bounds[at] = (bounds[at][0], bounds[at][1] + _step(rng))
    return certified(record, bounds=tuple(bounds))


def _closed_form_removed(record: Record, rng: random.Random) -> Record | None:
    bounds = list(certificate(record).bounds)
    bounds.pop(rng.randrange(len(bounds)))
    return certified(record, bounds=tuple(bounds))


def _figure(record: Record, rng: random.Random) -> Record | None:
    key = rng.choice(["latency_cycles", "bound_cycles", "energy_pj", "issues", "seed", "bound", "value", "gap"])
    old = record["summary"][key]
    return None if old is None else summarised(record, **{key: old + _step(rng)})


def _bytes(record: Record, rng: random.Random) -> Record | None:
    key = rng.choice(["traffic_bytes", "peak_bytes"])
    name = rng.choice(list(record["summary"][key]))
    return summarised(record, **{key: {**record["summary"][key], name: record["summary"][key][name] + _step(rng)}})


def _status(record: Record, rng: random.Random) -> Record | None:
    return summarised(record, status="feasible" if record["summary"]["status"] == "optimal" else "optimal")


def _program(record: Record, rng: random.Random) -> Record | None:
    """An issue works at another address or on another part of a tensor."""
    program = program_from_json(record["program"])
    segments = [node for node in program.body if isinstance(node, Segment) and node.origin]
    if not segments:
        return None
    segment = rng.choice(segments)
    origin = array("q", segment.origin)
    origin[rng.randrange(len(origin))] += 1
    body = tuple(replace(node, origin=origin) if node is segment else node for node in program.body)
    changed: Program = replace(program, body=body)
    return {**record, "program": program_to_json(changed)}


def _waits(record: Record, rng: random.Random) -> Record | None:
    """All waits of a program are dropped; in lock step it is right without them."""
    if any("static" in line for line in record["machine"]):
        return None
    program = program_from_json(record["program"])
    bare = {"wait_on": array("q"), "wait_event": array("b")}
    body = tuple(
        replace(node, wait_count=array("i", [0] * len(node.wait_count)), **bare) if isinstance(node, Segment) else node
        for node in program.body
    )
    return {**record, "program": program_to_json(replace(program, body=body))}


def _machine(record: Record, rng: random.Random) -> Record | None:
    """Its transfers cost something else."""
    lines = [line.replace("bytes / 4", "bytes / 8").replace("bytes/4", "bytes/8") for line in record["machine"]]
    return None if lines == record["machine"] else {**record, "machine": lines}


def _tiling(record: Record, rng: random.Random) -> Record | None:
    lines = record["tilings"][0].split("\n")
    at = [n for n, line in enumerate(lines) if "tile=" in line]
    n = rng.choice(at)
    other = "".join("1" if one.isdigit() and one != "1" else one for one in lines[n])
    if other == lines[n]:
        return None
    lines[n] = other
    return {**record, "tilings": ["\n".join(lines)]}


TAMPERINGS: dict[str, Tampering] = {
    "cut removed": _cut_removed,
    "cut listed twice": _cut_twice,
    "cut of other tiles": _of_a_cut(_larger_tile),
    "cut's bound": _of_a_cut(lambda one, rng: replace(one, bound_cycles=one.bound_cycles + _step(rng))),
    "cut's proof": _of_a_cut(lambda one, rng: replace(one, least_cycles=one.least_cycles + _step(rng))),
    "cut's model": _of_a_cut(_other_hash),
    "match removed": _match_removed,
    "match changed": _match_changed,
    "match listed twice": _match_twice,
    "number of cuts": _count,
    "bound": _bound,
    "value": _value,
    "kind": _kind,
    "closed-form bound": _closed_form,
    "closed-form bound removed": _closed_form_removed,
    "figure of the summary": _figure,
    "bytes of the summary": _bytes,
    "status": _status,
    "program": _program,
    "waits": _waits,
    "machine": _machine,
    "tiling": _tiling,
    "tensor moved": _of_a_cut(_elsewhere),
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        passed = not_refused(int(sys.argv[1]), int(sys.argv[2]), Path(folder))
    print("\n".join([*passed, f"{len(passed)} of {sys.argv[1]} were not refused"]))
    raise SystemExit(bool(passed))
