"""A calibration as a hardware file: a bundled description with the measured numbers in place of its own.

What was not measured keeps its number and its source. Units are counted anew (``units``): where a description has two
pipes for an instruction and the core does one per cycle, there is one.
"""

from __future__ import annotations

import io
from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from isamap.ir.calibration import Calibration, Level, Timing
from isamap.spec.document import Document, read
from isamap.spec.resolve import bundled, open_document
from isamap.spec.units import Place, assigned

NAME = "host"
_MAIN = "dram"
_PORTS = {"read": "vmovups_load", "write": "vmovups_store"}  # the instructions that take all of a port of l1
_TOP = ("name", "description", "measured_on", "clock", "llvm", "source", "comment", "memories", "units", "instructions")


def calibrated(found: Calibration) -> str:
    """The hardware file of the core that ``found`` was measured on: one that ``load_target`` reads."""
    machine = deepcopy(_description(found.machine).data)
    instructions = machine["instructions"]
    timed = {name: timing for name in instructions if (timing := found.timing(name))}
    places = assigned({name: (each["unit"], timed.get(name)) for name, each in instructions.items()})
    ports = {side: places[name].bytes_per_cycle(found.vector_bytes) for side, name in _PORTS.items()}
    machine |= {
        "name": NAME,
        "description": f"{found.cpu}, measured; instructions of {found.machine}.",
        "measured_on": found.cpu,
        "clock": f"{round(found.clock_hz / 1e6)} MHz",
        "source": f"Numbers that say so: measured {_of(found)}. All others: {found.machine}. {machine['source']}",
        "comment": _beside(found, machine),
        "memories": _memories(found, machine["memories"], ports),
        "units": _units(found, instructions, machine["units"], places),
    }
    for name, place in places.items():
        _put_in(instructions[name], timed[name], place, ports, found)
    return _text(found, {key: machine[key] for key in dict.fromkeys((*_TOP, *machine))})


def _units(
    found: Calibration, instructions: dict[str, Any], described: dict[str, Any], places: dict[str, Place]
) -> dict[str, Any]:
    """The units that instructions take now, those of the description first."""
    sharing: dict[str, list[str]] = {}
    for name, each in instructions.items():
        sharing.setdefault(places[name].unit if name in places else each["unit"], []).append(name)
    counts = {place.unit: place.count for place in places.values()}
    return {
        unit: {"count": counts[unit], "source": f"measured {_of(found)}: {', '.join(sharing[unit])}"}
        if unit in counts
        else described[unit]
        for unit in dict.fromkeys((*described, *sharing))
        if unit in sharing
    }


def _put_in(entry: dict[str, Any], timing: Timing, place: Place, ports: dict[str, int], found: Calibration) -> None:
    """Measured times in place of the entry's own; what it takes of a port per cycle while it holds its unit."""
    entry |= {
        "unit": place.unit,
        "initiation_interval_cycles": place.interval_cycles,
        "latency_cycles": _latency(timing, entry["latency_cycles"]),
        "source": f"measured {_figures(timing)}, {_of(found)}; {_meaning(entry['source'])}",
    }
    for side, width in ports.items():
        if taken := entry.get("uses", {}).get(f"l1.{side}"):
            entry["uses"] = {f"l1.{side}": min(taken, width // place.count)}


def measured_on(file: Path) -> str:
    """The CPU that a hardware file says it was measured on; raises SpecError where it cannot be read."""
    return str(read(file).data.get("measured_on", ""))


def _description(machine: str) -> Document:
    return open_document(bundled("hardware")[machine], "hardware")


def _memories(found: Calibration, described: dict[str, Any], ports: dict[str, int]) -> dict[str, Any]:
    """Main memory, the caches from the outermost in, and what the description has beside them."""
    levels = {level.name: level for level in found.levels}
    outermost = described[_MAIN] | _memory(levels[_MAIN], found)
    caches = {level.name: {"kind": "cache", **_memory(level, found)} for level in reversed(found.caches)}
    caches["l1"]["ports"] = {side: f"{width} B/cycle" for side, width in ports.items()}
    others = {n: each for n, each in described.items() if n != _MAIN and each.get("kind") != "cache"}
    return {_MAIN: outermost, **caches, **others}


def _memory(level: Level, found: Calibration) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if level.capacity_bytes is not None:
        known = {"capacity": _binary(level.capacity_bytes), "alignment": f"{level.line_bytes} B"}
        known |= {"ways": level.ways} if level.ways is not None else {}
        known["line"] = f"{level.line_bytes} B"
    read, write = level.read_bytes_per_cycle, level.write_bytes_per_cycle
    sizes = "Size, ways and line: the operating system's; " if known else ""
    return known | {
        "latency_cycles": _whole(level.latency_cycles),
        "ports": {"read": f"{_whole(read)} B/cycle", "write": f"{_whole(write)} B/cycle"},
        "source": f"{sizes}measured reads of {read:.1f} and writes of {write:.1f} B/cycle, a load's latency of "
        f"{level.latency_cycles:.1f} cycles (a quarter of the rounds are quicker), {_of(found)}",
    }


def _latency(timing: Timing, described: Any) -> Any:
    """A number, or one per operand where the description has that."""
    if timing.latency_cycles is None:
        return described
    if isinstance(described, dict) and timing.chained_cycles is not None:
        chained = {operand: _whole(timing.chained_cycles) for operand in described if operand != "default"}
        return {"default": _whole(timing.latency_cycles)} | chained
    return _whole(timing.latency_cycles)


def _beside(found: Calibration, machine: dict[str, Any]) -> str:
    """Roofs, and instructions that the description does not have."""
    roofs = ", ".join(f"{each.name} {each.giga_per_second:.0f} {each.unit}" for each in found.roofs)
    others = [timing for timing in found.timings if timing.instruction not in machine["instructions"]]
    listed = "; ".join(f"{timing.instruction}: {_figures(timing)}" for timing in others)
    return (
        f"Roofs of one core: {roofs}. Timed as well: {listed}. Instructions found their data in the first "
        "cache. A unit NAME_x2 has two pipes, which in truth it shares with NAME."
    )


def _figures(timing: Timing) -> str:
    chained, latency = timing.chained_cycles, timing.latency_cycles
    parts = [] if latency is None else [f"latency {latency:.2f} cycles"]
    if chained is not None and latency is not None and round(chained, 1) != round(latency, 1):
        parts.append(f"{chained:.2f} through the accumulator")
    return ", ".join([*parts, f"{timing.interval_cycles:.2f} cycles each"])


def _meaning(source: str) -> str:
    """What a description says of an instruction's meaning, which comes first, without what it says of its times."""
    return source.partition(";")[0].rstrip(".") + "."


def _of(found: Calibration) -> str:
    return f"on {found.cpu}, {found.date}, by isamap calibrate ({found.how})"


def _whole(figure: float) -> int:
    return max(1, round(figure))


def _binary(size: int) -> str:
    return f"{size >> 20} MiB" if size % (1 << 20) == 0 else f"{size >> 10} KiB" if size % 1024 == 0 else f"{size} B"


def _text(found: Calibration, machine: dict[str, Any]) -> str:
    yaml = YAML()
    yaml.width, yaml.default_flow_style = 4096, None
    yaml.representer.ignore_aliases = lambda _: True
    stream = io.StringIO()
    yaml.dump(machine, stream)
    return f"# {NAME}: {found.cpu}, measured {found.date}. Written by isamap calibrate.\n{stream.getvalue()}"
