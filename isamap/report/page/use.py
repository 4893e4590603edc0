"""Where the cycles, the bytes and the energy went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isamap.report.figures import count, energy, share
from isamap.report.page.html import Markup, Part, bar, note, section, table
from isamap.report.page.rerun import Rerun
from isamap.report.page.trace import Trace, energy_by_name


def use(rerun: Rerun) -> Markup:
    """How close each queue and resource is to its roof, and what time was lost to."""
    trace, whole = rerun.trace, rerun.simulation.latency_cycles
    if trace is None:
        return section("Where the time went", "use", note("The program was refused: it took no time."))
    rows = [*_queues(trace, whole), *_resources(trace, whole)]
    top = max(fraction for _, fraction in rows)
    shown = [
        (*row, share(fraction), bar(fraction, "hot" if fraction == top and top else ""))
        for row, fraction in sorted(rows, key=lambda entry: -entry[1])
    ]
    headers = ("name", "kind", "gives", "issues", "busy cycles", "busy", "of all cycles")
    caption = f"Busy cycles of {count(whole)}, fullest first; what is held in part counts in part"
    roof = note("The fullest is the roof: no order of the same issues ends before its busy cycles are over.")
    used = table(caption, headers, shown, ("issues", "busy cycles", "busy"))
    return section("Where the time went", "use", used, roof, _stalls(rerun.simulation.stalls))


Row = tuple[tuple[Part, ...], float]


def _queues(trace: Trace, whole: int) -> Iterator[Row]:
    for number, queue in enumerate(trace.target.queues):
        mine = trace.timing.queue == number
        busy = int(trace.timing.interval[mine].sum())
        gives = f"{queue.count} at a time"
        cells = (queue.name, "queue", gives, count(int(mine.sum())), count(busy))
        yield cells, busy / max(whole * queue.count, 1)


def _resources(trace: Trace, whole: int) -> Iterator[Row]:
    kinds = {r.name: "port" for r in trace.target.ports} | {r.name: "bus" for r in trace.target.buses}
    for name, capacity, (issues, busy) in zip(trace.resources, trace.capacities, held_cycles(trace), strict=True):
        gives = f"{count(capacity)} B/cycle" if name in kinds else "1 at a time"
        cells = (name, kinds.get(name, "bank"), gives, count(issues), count(busy))
        yield cells, busy / max(whole, 1)


def held_cycles(trace: Trace) -> list[tuple[int, float]]:
    """Per resource, how many issues held it, and for how many cycles (part of it: part of a cycle)."""
    found = [(0, 0.0)] * len(trace.resources)
    for n, held in enumerate(trace.holdings):
        mine = trace.holding == n
        cycles = int(trace.timing.occupancy[mine].sum())
        for r, amount in held:
            issues, busy = found[r]
            found[r] = (issues + int(mine.sum()), busy + cycles * amount / trace.capacities[r])
    return found


def _stalls(stalls: Mapping[str, int]) -> Markup:
    whole = sum(stalls.values())
    if not whole:
        return note("No queue ever waited for anything.")
    ordered = sorted(stalls.items(), key=lambda entry: -entry[1])
    rows = [(cause, count(cycles), share(cycles / whole), bar(cycles / whole)) for cause, cycles in ordered]
    caption = "Stalls by cause: cycles at the head of a queue whose server was free"
    return table(caption, ("cause", "cycles", "share", "of all stalls"), rows, ("cycles", "share"))


def movement(rerun: Rerun) -> Markup:
    """Bytes per path and energy by what spent it."""
    run, target = rerun.simulation, rerun.result.target
    whole = sum(run.traffic_bytes.values())
    rows = []
    for transfer in target.transfers:
        moved = run.traffic_bytes.get(transfer.name, 0)
        fraction = moved / whole if whole else 0.0
        rate = moved / run.latency_cycles if run.latency_cycles else 0.0
        path = f"{transfer.source_memory} to {transfer.destination_memory}"
        rows.append((transfer.name, path, count(moved), f"{rate:.2f}", share(fraction), bar(fraction)))
    headers = ("transfer", "path", "bytes", "bytes per cycle", "share", "of all bytes")
    shown = table("Traffic per path, borders excluded", headers, rows, ("bytes", "bytes per cycle", "share"))
    return section("Data and energy", "movement", shown, _energy(rerun.trace))


def _energy(trace: Trace | None) -> Markup:
    found = energy_by_name(trace) if trace is not None else {}
    spent = {name: pj for name, pj in found.items() if pj}
    whole = sum(spent.values())
    if not whole or None in found.values():
        return note("The machine's file does not state the energy of everything that this program does.")
    ordered = sorted(spent.items(), key=lambda entry: -entry[1])
    rows = [(name, energy(pj), share(pj / whole), bar(pj / whole)) for name, pj in ordered]
    return table("Energy by instruction and transfer", ("name", "energy", "share", "of all energy"), rows,
                 ("energy", "share"))  # fmt: skip
