"""What a plan costs in the model of the formulation, counted in plain Python: nothing here knows a solver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from isamap.ir.binding import Binding, Role, move_extents
from isamap.ir.hardware import Instruction, Transfer, Use
from isamap.tiling.exact.counts import Counts, shares_a_way
from isamap.tiling.exact.plan import ACCUMULATORS, Plan
from isamap.tiling.exact.prices import Prices
from isamap.tiling.exact.slots import Slots, slots


@dataclass(frozen=True)
class Cost:
    """What a plan costs: cycles, energy and traffic, and how often something starts."""

    cycles: int
    energy_pj: Fraction
    traffic_bytes: int
    issues: int

    def value(self, objective: str) -> float:
        """What is minimised."""
        cycles, energy = self.cycles + self.issues / 4, float(self.energy_pj) + self.issues / 1000
        values = {"latency": cycles, "energy": energy, "traffic": self.traffic_bytes + self.issues / 1024}
        return cycles * float(self.energy_pj) if objective == "edp" else values[objective]


def modelled(binding: Binding, plan: Plan, prices: Prices | None = None) -> Cost | None:
    """The cost of ``plan``; None where it is not legal or does not fit. Many plans may share their ``prices``."""
    prices, count = prices or Prices(binding), Counts(binding, plan)
    taken = slots(prices, plan, count) if prices.is_legal(plan.nest) else None
    return None if taken is None else _Ledger(prices, plan, count, taken).cost()


class _Ledger:
    """One plan, while it is being priced."""

    def __init__(self, prices: Prices, plan: Plan, count: Counts, taken: Slots) -> None:
        self.binding, self.prices, self.plan, self.count, self.slots = prices.binding, prices, plan, count, taken
        self.cycles: dict[str, Fraction] = {}
        self.loads: list[tuple[str, set[str], int]] = []  # queue, what is held whole, cycles
        self.fetching: dict[str, int] = {}
        self.in_turn = self.issues = self.traffic = 0
        self.energy = Fraction(0)

    def cost(self) -> Cost:
        self._compute()
        for role in self.binding.inputs:
            name = role.operand.name
            self.fetching[name] = self._transfer(role, role.route.fetch, self.count.fetched(name, role))
        output = self.binding.output
        self._transfer(output, output.route.store, 1)
        if self.binding.continues:
            self._transfer(output, output.route.fetch, 1)
        if output.route.drain is not None:
            sessions = self.count.fetched(ACCUMULATORS, output)
            self._moves(output.route.drain, sessions)
            if output.route.fill is not None:
                self._moves(output.route.fill, sessions - (not self.binding.continues))
        steady = self._ahead() if self.plan.spare else self.in_turn
        return Cost(steady + self._ends(), self.energy, self.traffic, self.issues)

    def _add(self, queue: str, uses: Iterable[Use], cycles: int, issues: int) -> None:
        """So many cycles on a queue with its servers, and on what it uses whole or in shares."""
        target = self.binding.target
        self.loads.append((queue, _whole(uses), cycles))
        self.in_turn += cycles
        self.issues += issues
        loads = {queue: Fraction(cycles, next(q.count for q in target.queues if q.name == queue))}
        for use in uses:
            rate = next(r.bytes_per_cycle for r in target.resources if r.name == use.resource)
            share = rate if use.bytes_per_cycle is None else use.bytes_per_cycle
            loads[f"resource {use.resource}"] = Fraction(cycles * share, rate)
        for name, load in loads.items():
            self.cycles[name] = self.cycles.get(name, Fraction(0)) + load

    def _compute(self) -> None:
        axes, cycles, issues, instruction = list(self.binding.extents), 0, 0, self.binding.instruction
        for sizes, count in self.count.tiles(axes).items():
            each, pj = self.prices.issue(dict(zip(axes, sizes, strict=True)))
            cycles, issues = cycles + count * each, issues + count
            self.energy += count * pj
        self._add(instruction.unit, instruction.uses, cycles, issues)

    def _moves(self, move: Instruction, times: int) -> None:
        axes, cycles, issues = list(self.binding.output.access.axes), 0, 0
        for sizes, count in self.count.tiles(axes).items():
            tile = dict(self.plan.nest.tile) | dict(zip(axes, sizes, strict=True))
            each, pj = self.prices.move(move, move_extents(self.binding, tile))
            cycles, issues = cycles + count * each, issues + count
            self.energy += times * count * pj
        self._add(move.unit, move.uses, cycles * times, issues * times)

    def _transfer(self, role: Role, transfer: Transfer | None, times: int) -> int:
        """All pieces of ``role``, so many times; the cycles that takes."""
        assert transfer is not None
        counts = self.count.pieces(role)
        cycles, pj, size_bytes = self.prices.transfers(role, transfer, counts)
        self._add(transfer.channel, transfer.uses, cycles * times, sum(counts.values()) * times)
        self.energy += times * pj
        self.traffic += size_bytes * times
        return cycles * times

    def _ahead(self) -> int:
        """Cycles where pieces are loaded ahead: of the busiest, or of the computations and all that holds them up."""
        instruction = self.binding.instruction
        ways = {instruction.unit} | {f"resource {use.resource}" for use in instruction.uses}
        chain = max(ceil(self.cycles[way]) for way in ways)
        stalls = sum(self._stalls(role, chain) for role in self.binding.inputs)
        return max(ceil(max(self.cycles.values())), chain + stalls + self._backlog(chain))

    def _stalls(self, role: Role, chain: int) -> int:
        """Cycles in which what an input holds turns over too slowly.

        Pieces that no slot is left for come when others are let go, in the last pass over those, and are wanted in the
        next: within two passes, whose time the transfer shares with others. The first ones come within one.
        """
        name, transfer = role.operand.name, role.route.fetch
        assert transfer is not None
        held, every = self.count.held(name, role)
        turns = ceil(self.count.fetched(name, role) * every / held)
        rooms = []
        for way in {transfer.channel} | _whole(transfer.uses):
            used = sum(cycles for queue, whole, cycles in self.loads if way == queue or way in whole)
            servers = next((q.count for q in self.binding.target.queues if q.name == way), 1)
            rooms.append(chain * servers - used + self.fetching[name])
        within = max(0, min(rooms)) // (turns * self.count.passes(role) * held) * (held - 1)
        first = self._first(role, transfer)
        behind = 0 if held == every else 2 * held - self.slots.of[name]
        return (turns - 1) * max(0, behind * first - 2 * within) + max(0, (held - 1) * first - within)

    def _backlog(self, chain: int) -> int:
        """Cycles in which complete tiles fill all places to wait in, while a long piece is on the way that they go."""
        output, total = self.binding.output, 0
        assert output.route.store is not None
        sessions = 1 if output.route.drain is None else self.count.fetched(ACCUMULATORS, output)
        interval = chain // (sum(self.count.pieces(output).values()) * sessions)
        for role in self.binding.inputs:
            assert role.route.fetch is not None
            if shares_a_way(role.route.fetch, output.route.store):
                late = max(0, self._first(role, role.route.fetch) - self.slots.waiting * interval)
                fetches = sum(self.count.pieces(role).values()) * self.count.fetched(role.operand.name, role)
                total += fetches * late
        return total

    def _ends(self) -> int:
        """The first piece of every input in, the last tile out."""
        output = self.binding.output
        total = sum(self._first(role, role.route.fetch) for role in self.binding.inputs)
        total += self._first(output, output.route.store)
        if output.route.drain is not None:
            total += self.prices.move(output.route.drain, move_extents(self.binding, dict(self.plan.nest.tile)))[0]
        return total

    def _first(self, role: Role, transfer: Transfer | None) -> int:
        """Cycles of one of the largest pieces of ``role``."""
        assert transfer is not None
        return self.prices.transfers(role, transfer, {self.count.largest(role): 1})[0]


def _whole(uses: Iterable[Use]) -> set[str]:
    """What is taken exclusively."""
    return {use.resource for use in uses if use.bytes_per_cycle is None}
