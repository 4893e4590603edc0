"""The variables of the formulation, and how many stages are ever needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ortools.sat.python import cp_model

from isamap.ir.loop_body import LoopBody


@dataclass(frozen=True)
class Model:
    """A body at one interval as CP-SAT variables."""

    body: LoopBody
    interval: int
    model: Any
    slot: list[Any]
    stage: list[Any]
    start: list[Any]
    depth: list[Any]
    length: Any


def variables(body: LoopBody, interval: int, longest: int | None = None) -> Model:
    """All variables, no rule; iterations of up to ``longest`` cycles, if that is said."""
    model, count = cp_model.CpModel(), range(len(body.operations))
    stages = stages_needed(body, interval)
    horizon = interval * stages + max(operation.end_cycles for operation in body.operations)
    if longest is not None:
        horizon, stages = longest, min(stages, longest // interval + 1)
    slot = [model.new_int_var(0, interval - 1, f"slot.{o}") for o in count]
    stage = [model.new_int_var(0, stages - 1, f"stage.{o}") for o in count]
    start = [model.new_int_var(0, min(horizon, interval * stages - 1), f"start.{o}") for o in count]
    depth = [model.new_int_var(1, most, f"depth.{b}") for b, most in enumerate(_deepest(body, interval, stages))]
    return Model(body, interval, model, slot, stage, start, depth, model.new_int_var(0, horizon, "length"))


def stages_needed(body: LoopBody, interval: int) -> int:
    """As many stages as any schedule needs, whatever its slots and depths.

    With slots and depths given, stages obey differences only: by ``after`` a later operation's stage is at most
    ceil((lag + interval - 1) / interval) above what the arc asks for, by ``depth`` a writer's at most
    ceil((occupancy + interval - 1) / interval) + distance - 1 above its reader's. The least solution is a longest
    simple path, which leaves every operation once. One stage more lets the iteration begin at any slot of the first.
    """
    lag = [operation.occupancy_cycles for operation in body.operations]
    back = [0] * len(lag)
    for arc in body.arcs:
        lag[arc.earlier] = max(lag[arc.earlier], arc.lag_cycles)
    for buffer in body.buffers:
        for reader, distance in buffer.readers:
            back[reader] = max(back[reader], distance - 1)
    return 2 + sum((most + 2 * interval - 2) // interval + extra for most, extra in zip(lag, back, strict=True))


def _deepest(body: LoopBody, interval: int, stages: int) -> list[int]:
    """Per buffer a depth that is never passed: by what the memory holds, else by the longest lifetime."""
    room, found = dict(body.memories), []
    for buffer in body.buffers:
        most = 1
        if buffer.writers:
            held = max(body.operations[o].occupancy_cycles + interval * distance for o, distance in buffer.readers)
            most = stages + -(-held // interval)
        if buffer.slot_bytes:
            most = min(most, room[buffer.memory] // buffer.slot_bytes)
        found.append(max(1, most))
    return found
