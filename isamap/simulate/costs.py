"""What every issue costs and holds, as columns; energy and traffic of the whole program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isamap.ir.hardware import Target
from isamap.simulate.action import Action
from isamap.simulate.clock import Held, Timing
from isamap.simulate.columns import Columns
from isamap.simulate.layout import Integers
from isamap.simulate.touch import Touch, banks


def costs(
    columns: Columns, actions: Sequence[Action], touched: Sequence[Touch], target: Target
) -> tuple[Timing, float | None, dict[str, int], list[str], list[int]]:
    """Timing; energy in pJ (None where some action states none); bytes per transfer; names and bytes per cycle of the
    resources: ports, buses, then the banks of banked memories (capacity 1)."""
    total = len(columns)
    table = np.zeros((3, total), dtype=np.int64)
    queue = np.array([action.queue for action in actions], dtype=np.int64)[columns.operation]
    energy: float | None = 0.0
    traffic = {transfer.name: 0 for transfer in target.transfers}
    at = 0
    for action in actions:
        mine = touched[at : at + len(action.layouts)]
        at += len(action.layouts)
        issues = mine[0].issues if mine else np.zeros(0, dtype=np.int64)
        inside = mine[action.counted].inside_points if action.is_transfer else np.zeros(len(issues), dtype=np.int64)
        values, which, often = np.unique(inside, return_inverse=True, return_counts=True)
        for n, value in enumerate(values.tolist()):
            if action.is_transfer:
                traffic[action.name] += action.layouts[action.counted].dtype.bytes_for(value) * int(often[n])
            cost = action.cost(value)
            table[:, issues[which == n]] = np.array([[cost.occupancy], [cost.interval], [cost.latency]])
            spent = None if cost.energy_pj is None else cost.energy_pj * int(often[n])
            energy = None if energy is None or spent is None else energy + spent
    names, capacities, first_bank = _resources(target)
    held = _held(columns, actions, touched, target, first_bank, capacities)
    return Timing(queue, table[0], table[1], table[2], held), energy, traffic, names, capacities


def _resources(target: Target) -> tuple[list[str], list[int], dict[str, int]]:
    names = [resource.name for resource in target.resources]
    capacities = [resource.bytes_per_cycle for resource in target.resources]
    first_bank = {}
    for memory in target.memories:
        if memory.banks > 1:
            first_bank[memory.name] = len(names)
            names += [f"{memory.name}[{bank}]" for bank in range(memory.banks)]
            capacities += [1] * memory.banks
    return names, capacities, first_bank


def _held(
    columns: Columns,
    actions: Sequence[Action],
    touched: Sequence[Touch],
    target: Target,
    first_bank: dict[str, int],
    capacities: list[int],
) -> list[Held]:
    """What each issue holds; equal holdings are one tuple."""
    always = [
        tuple((r, capacities[r] if amount is None else amount) for r, amount in action.held) for action in actions
    ]
    held = [always[n] for n in columns.operation.tolist()]
    in_banks: dict[int, set[int]] = {}
    for touch in touched:
        if touch.layout.tensor is None and touch.layout.memory in first_bank:
            memory = target.memory(touch.layout.memory)
            for x, low, high in zip(touch.issues.tolist(), *map(_list, banks(touch, memory.bank_bytes)), strict=True):
                low, high = max(0, low), min(memory.banks - 1, high)
                base = first_bank[memory.name]
                in_banks.setdefault(x, set()).update(range(base + low, base + high + 1))
    known: dict[tuple[int, tuple[int, ...]], Held] = {}
    for x, numbers in in_banks.items():
        key = (id(held[x]), tuple(sorted(numbers)))
        if key not in known:
            known[key] = (*held[x], *((r, 1) for r in key[1]))
        held[x] = known[key]
    return held


def _list(values: Integers) -> list[int]:
    return [int(value) for value in values]
