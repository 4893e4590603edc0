"""A compiled kernel as a file: everything needed to run it again elsewhere, and what was found about it.

The file is JSON: the workload, the machine and the program as text (their numbers as packed columns), the summary that
``isamap compile --json`` prints, and a checksum. It appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isamap.errors import InputError, InvalidNoun
from isamap.ir.answers import Home, Match, Moment, Schedule, Tiling, Violation
from isamap.ir.binding import matches_of
from isamap.ir.certificate import Certificate
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.record import program_from_json, program_to_json
from isamap.ir.text import from_text, to_text
from isamap.ir.workload import Workload

if TYPE_CHECKING:
    from isamap.compile import Compiled
    from isamap.simulate import Simulation

__all__ = [
    "KEYS",
    "Result",
    "checksum",
    "differences",
    "read_result",
    "require_writable",
    "summary",
    "to_json",
    "write_result",
    "write_whole",
]

FORMAT = "isamap-result"
BLOCKING_FORMAT = "isamap-blocking"  # how a kernel is cut for a core with caches: no program
VERSION = 1
KEYS = ("kernel", "target", "status", "objective", "value", "bound", "gap", "certificate", "latency_cycles",
        "bound_cycles", "energy_pj", "traffic_bytes", "checked", "solve_seconds", "issues", "peak_bytes", "seed",
        "match", "tiling")  # fmt: skip
_COMPARED = ("latency_cycles", "energy_pj", "traffic_bytes", "issues", "peak_bytes")


@dataclass(frozen=True)
class Result:
    """What a result file says: enough to run ``program`` again, and the ``summary`` of the run that wrote it."""

    work: Workload
    performed: Workload  # what the program does, of the same meaning
    target: Target
    program: Program
    seed: int
    summary: Mapping[str, Any]
    matches: tuple[Match, ...]
    tilings: tuple[Tiling, ...]
    certificate: Certificate | None = None
    homes: tuple[tuple[str, Home], ...] = ()
    schedule: Schedule | None = None  # where list scheduling does not make it of the tilings


def summary(compiled: Compiled) -> dict[str, Any]:
    """What ``isamap compile --json`` prints; ``match`` and ``tiling`` are the first einsum's, ``matches`` and
    ``tilings`` all of them where there are several."""
    solved, run = compiled.solved, compiled.simulation
    matches = [_match(match) for match in matches_of(compiled.bindings)]
    tilings = [_tiling(tiling) for tiling in compiled.tilings]
    found: dict[str, Any] = {
        "kernel": compiled.work.name,
        "target": compiled.target.name,
        "status": solved.status,
        "objective": solved.objective,
        "value": _plain(solved.value),
        "bound": _plain(solved.bound),
        "gap": solved.gap,
        "certificate": compiled.certificate.kind if compiled.certificate else "none",
        "latency_cycles": run.latency_cycles,
        "bound_cycles": compiled.bound_cycles,
        "energy_pj": run.energy_pj,
        "traffic_bytes": dict(run.traffic_bytes),
        "checked": compiled.checked,
        "solve_seconds": None if compiled.options.deterministic else round(solved.seconds, 3),
        "issues": run.issues,
        "peak_bytes": dict(run.peak_bytes),
        "seed": solved.seed,
        "match": matches[0],
        "tiling": tilings[0],
    }
    found |= {"rewritten": list(compiled.steps)} if compiled.steps else {}
    several = {"matches": matches, "tilings": tilings} if len(matches) > 1 else {}
    return found | several | _homes(dict(homes(compiled.schedule)))


def to_json(compiled: Compiled) -> dict[str, Any]:
    """The content of a result file."""
    from isamap.simulate.random_inputs import GENERATOR

    record = {
        "format": FORMAT,
        "version": VERSION,
        "isamap": isamap_version(),
        "summary": {**summary(compiled), "history": _history(compiled.solved.history)},
        "inputs": {"generator": GENERATOR, "seed": compiled.solved.seed},
        "workload": to_text(compiled.work).splitlines(),
        **_rewritten(compiled),
        "machine": to_text(compiled.target).splitlines(),
        "matches": [to_text(match) for match in matches_of(compiled.bindings)],
        "tilings": [to_text(tiling) for tiling in compiled.tilings],
        **_more(compiled),
        "program": program_to_json(compiled.program),
    }
    return {**record, "checksum": checksum(record)}


def write_result(path: str | Path, compiled: Compiled) -> None:
    """Writes the file whole or not at all: where it cannot, an older one stays and InputError says why."""
    write_whole(path, json.dumps(to_json(compiled), indent=1, ensure_ascii=False) + "\n")


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Writes ``content`` whole or not at all: where it cannot, an older file stays and InputError says why."""
    final = require_writable(path)
    temporary = final.with_name(f".{final.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        try:
            with open(temporary, "xb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; {_state(final)}") from error


def require_writable(path: str | Path) -> Path:
    """The file behind ``path`` (links followed); raises InputError where no file can be written there."""
    final = Path(os.path.realpath(path))
    folder = final.parent
    if final.exists() and not final.is_file():
        raise InputError(f"cannot write {path}: it is {'a folder' if final.is_dir() else 'no plain file'}")
    if not folder.is_dir():
        raise InputError(f"cannot write {path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {path}: the folder {folder} may not be written; {_state(final)}")
    return final


def read_result(path: str | Path) -> Result:
    """The content of a file that ``write_result`` wrote; raises InputError that says what is wrong with it."""
    record = _read_json(path)
    if isinstance(record, dict) and record.get("format") == BLOCKING_FORMAT:
        kernel = record.get("kernel", "KERNEL")
        said = "it says how a kernel is cut for a core with caches and holds no program"
        raise InputError(f"{path}: {said}; `isamap run {kernel}` runs it on this CPU and checks it")
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError(f"{path}: this is JSON, but no result of isamap (its format is not {FORMAT!r})")
    if record.get("version") != VERSION:
        raise InputError(f"{path}: version {record.get('version')!r} of the format; this isamap reads {VERSION}")
    if record.pop("checksum", None) != checksum(record):
        raise InputError(f"{path}: its checksum does not fit its content: it was changed after it was written")
    try:
        seed = record["inputs"]["seed"]
        work, target = _noun(record["workload"], Workload), _noun(record["machine"], Target)
        program = program_from_json(record["program"])
        matches = tuple(_noun([text], Match) for text in record["matches"])
        tilings = tuple(_noun([text], Tiling) for text in record["tilings"])
        performed = _noun(record["performed"], Workload) if "performed" in record else work
        certificate = _noun(record["certificate"], Certificate) if "certificate" in record else None
        kept = tuple((name, _noun([text], Home)) for name, text in record.get("homes", {}).items())
        schedule = _noun(record["schedule"], Schedule) if "schedule" in record else None
        result = Result(
            work, performed, target, program, seed, record["summary"], matches, tilings, certificate, kept, schedule
        )
    except InvalidNoun as error:
        raise InputError(f"{path}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: it is not laid out as a result ({type(error).__name__}: {error})") from error
    if type(seed) is not int or seed < 0 or not isinstance(result.summary, dict):
        raise InputError(f"{path}: expected a seed of at least 0 and a summary, got {seed!r} and others")
    if program.target != target.name:
        raise InputError(f"{path}: its program is for {program.target!r}, its machine is {target.name!r}")
    return result


def differences(result: Result, simulation: Simulation) -> tuple[Violation, ...]:
    """Where the summary of a file disagrees with a new run of its program, or with the rest of the file."""
    run = {key: getattr(simulation, key) for key in _COMPARED}
    found = [("the simulation", key, value) for key, value in run.items()]
    found += [("the rest of it", key, value) for key, value in _stated(result).items()]
    return tuple(
        Violation("summary", key, f"the file says {result.summary.get(key)}, {who} {value}")
        for who, key, value in found
        if result.summary.get(key) != value
    )


def _stated(result: Result) -> dict[str, Any]:
    """What the summary repeats of the file."""
    matches, tilings = list(map(_match, result.matches)), list(map(_tiling, result.tilings))
    found: dict[str, Any] = {"kernel": result.work.name, "target": result.target.name, "seed": result.seed}
    found |= {"match": next(iter(matches), None), "tiling": next(iter(tilings), None)} | _homes(dict(result.homes))
    return found if len(matches) == 1 else {**found, "matches": matches, "tilings": tilings}


def _read_json(path: str | Path) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}:{error.colno}: broken or cut short: {error.msg}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is not a text file") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: this cannot be a result: {error}") from None


def _noun(lines: list[str], kind: type) -> Any:
    noun = from_text("\n".join(lines))
    if not isinstance(noun, kind):
        raise TypeError(f"a {type(noun).__name__} stands where a {kind.__name__} belongs")
    return noun


def checksum(record: Mapping[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def isamap_version() -> str:
    try:
        return version("isamap")
    except PackageNotFoundError:  # run from a source tree
        return "unknown"


def _state(final: Path) -> str:
    return "the older result there is unchanged" if final.exists() else "nothing was written"


def _rewritten(compiled: Compiled) -> dict[str, list[str]]:
    """The workload that the program does, where it is not the one that was asked for."""
    return {} if compiled.performed == compiled.work else {"performed": to_text(compiled.performed).splitlines()}


def _more(compiled: Compiled) -> dict[str, Any]:
    """The certificate, the homes of tensors that stay on chip, and a schedule that a solver made."""
    found: dict[str, Any] = {name: to_text(home) for name, home in homes(compiled.schedule)}
    found = {"homes": found} if found else {}
    found |= {} if compiled.certificate is None else {"certificate": to_text(compiled.certificate).splitlines()}
    return found | ({} if compiled.plan.listed else {"schedule": to_text(compiled.schedule).splitlines()})


def homes(schedule: Schedule) -> tuple[tuple[str, Home], ...]:
    """The tensors that stay on chip from einsum to einsum, and where."""
    return tuple({buffer.tensor: buffer.home for buffer in schedule.buffers if buffer.home is not None}.items())


def _homes(homes: Mapping[str, Home]) -> dict[str, dict[str, str]]:
    """The memories of those that stay there whole."""
    whole = {name: home.memory for name, home in homes.items() if not home.rows}
    return {"homes": whole} if whole else {}


def _history(moments: tuple[Moment, ...]) -> list[list[float | int | None]]:
    """[seconds, value, bound], in the order in which the search found them."""
    return [[round(m.seconds, 3), _plain(m.value), _plain(m.bound)] for m in moments]


def _match(match: Match) -> dict[str, Any]:
    return {
        "instruction": match.instruction,
        "axes": {axis: list(fused) for axis, fused in match.axes},
        "operands": {operand: tensor for operand, tensor, _ in match.operands},
    }


def _tiling(tiling: Tiling) -> dict[str, Any]:
    levels = [
        {
            "memory": level.memory,
            "tile": dict(level.tile),
            "order": list(level.order),
            "buffers": dict(level.buffers),
            "pieces": {label: dict(piece) for label, piece in level.pieces},
            "held": dict(level.held),
            "turning": level.turning,
            "backward": list(level.backward),
        }
        for level in tiling.levels
    ]
    return {"levels": levels}


def _plain(number: float | None) -> float | int | None:
    """A whole number of cycles or bytes without a decimal point."""
    return int(number) if number is not None and float(number).is_integer() else number
