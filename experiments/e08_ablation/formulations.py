"""The solvers' five formulations on small instances, each to be asked with some of its optional rules left out.

A rule is optional where its formulation says redundant or symmetry: without it the optimum stays, and only the search
changes. The hint, a known answer to begin from, is optional everywhere. Instances come from kernels, or from seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from ortools.sat.python import cp_model

from isamap import Options, compile_workload, load_target, load_workload
from isamap.cpsat import Outcome, run
from isamap.ir.answers import Lifetime
from isamap.ir.binding import Binding, bind
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph
from isamap.mapping import map_workload
from isamap.placement import first_fit
from isamap.placement.race import Ask
from isamap.placement.race import solve as place
from isamap.placement.scaled import scaled
from isamap.placement.settle import settle
from isamap.scheduling.acyclic.reading import read
from isamap.scheduling.acyclic.solve import solve as schedule
from isamap.scheduling.modulo.ask import ask
from isamap.scheduling.modulo.formulation import formulate
from isamap.scheduling.modulo.steady_state import steady_state
from isamap.scheduling.timetable import by_start, earliest
from isamap.scheduling.window import Window
from isamap.scheduling.window import solve as order
from isamap.tiling.exact.answer import plan_from
from isamap.tiling.exact.gather import givens
from isamap.tiling.exact.solve import complete_hint, model_of
from isamap.tiling.greedy import tilings

EFFORT = Effort(20, deterministic=True)
HINT = "hint"

Answer = tuple[Outcome, float]
"""How a search ended, and what it took in the solver's own measure."""


@dataclass(frozen=True)
class Instance:
    """One question to one formulation; ``ask`` is told what to leave out, rules by their labels."""

    formulation: str
    name: str
    ask: Callable[[frozenset[str]], Answer]


OPTIONAL = {  # formulation: (rules, each with its kind); least and load say much the same, so also both at once
    "nests (tiling/exact)": (("bounds", "redundant"), (HINT, "hint")),
    "acyclic (scheduling/acyclic)": (
        ("capacity", "redundant"), ("bound", "redundant"), ("copies", "symmetry"), ("alike", "symmetry"),
        (HINT, "hint"),
    ),
    "tasks (scheduling/window)": (("least", "redundant"), (HINT, "hint")),
    "modulo (scheduling/modulo)": (("iteration", "redundant"), (HINT, "hint")),
    "rectangles (placement/rectangles)": (
        ("least", "redundant"), ("load", "redundant"), ("least load", "redundant"), ("identical", "symmetry"),
        (HINT, "hint"),
    ),
}  # fmt: skip
NESTS, ACYCLIC, TASKS, MODULO, RECTANGLES = OPTIONAL


def instances() -> Iterator[Instance]:
    for sizes, machine in (((64, 64, 64), "p16"), ((48, 80, 200), "p16"), ((64, 64, 64), "tiles"), ((4, 6, 9), "tiny")):
        yield nest(sizes, machine, "latency")
    yield nest((64, 64, 64), "p16", "energy")
    yield nest((48, 80, 200), "p16", "traffic")
    for case in ((2, 2, 1, 6), (1, 2, 3, 4), (2, 2, 2, 6), (2, 2, 2, 8), (3, 2, 1, 5), (3, 3, 1, 6)):
        yield body(*case)
    yield from (project(seed) for seed in range(6))
    yield from (loop(*case) for case in ((2, 2, 6, 67), (2, 2, 6, 68), (2, 2, 8, 64), (2, 3, 11, 96), (3, 3, 15, 144)))
    yield loop(4, 4, 24, 256)
    yield from (packing(seed, 20 * (seed + 1)) for seed in range(6))


def product(sizes: tuple[int, int, int], machine: str, parameters: dict[str, object] | None = None) -> Binding:
    """A matrix product on ``machine``, by its first match."""
    types = {} if machine == "tiny" else {"in": "s16"} if machine == "tiles" else {"in": "s16", "acc": "s16"}
    work = load_workload("gemm", dict(zip("MNK", sizes, strict=True)) | types)
    target = load_target(machine, parameters or {})
    return bind(work, map_workload(work, target)[0][0].matches[0], target)


def nest(sizes: tuple[int, int, int], machine: str, objective: str) -> Instance:
    """The best tiling; the hint is what local search finds."""
    binding = product(sizes, machine)
    begin = plan_from(binding, tilings(binding, objective=objective, most=1, time_limit_s=float("inf"))[0])

    def asked(without: frozenset[str]) -> Answer:
        m = model_of(givens(binding), objective, redundant="bounds" not in without)
        if begin is not None and HINT not in without:
            assert complete_hint(m, begin)
        solver = cp_model.CpSolver()
        solver.parameters.max_presolve_iterations = 1  # as in tile_exactly
        outcome = run(solver, m.model, EFFORT, seconds_per_unit=1.0)
        return outcome, float(solver.deterministic_time)

    return Instance(NESTS, f"gemm {'x'.join(map(str, sizes))} on {machine}, {objective}", asked)


def body(m: int, n: int, k: int, spad_kib: int) -> Instance:
    """The shortest schedule; the hint is that of the heuristics."""
    settings: dict[str, object] = {"M": 16 * m, "N": 16 * n, "K": 16 * k, "in": "s16"}
    work, target = load_workload("gemm", settings), load_target("tiles", {"spad_kib": spad_kib})
    found = compile_workload(work, target, Options(method="heuristic", deterministic=True))
    reading = read(found.schedule, found.bindings, target)

    def asked(without: frozenset[str]) -> Answer:
        hint = None if HINT in without else reading.plan
        horizon, rules = reading.plan.latency_cycles, without - {HINT}
        answer = schedule(reading.body, horizon, EFFORT, bound=found.bound_cycles, hint=hint, without=rules)
        return answer.outcome, answer.work

    return Instance(ACYCLIC, f"gemm {m}x{n}x{k} tiles, {spad_kib} KiB", asked)


def project(seed: int) -> Instance:
    """The shortest of a random project of 30 jobs on three resources; the hint takes them as early as each could be."""
    random = Random(seed)
    capacities = tuple((f"r{n}", random.randint(4, 8)) for n in range(3))
    jobs = []
    for _ in range(30):
        cycles = random.randint(1, 10)
        holds = tuple(Hold(name, random.randint(1, most // 2), cycles) for name, most in random.sample(capacities, 2))
        jobs.append(Job(holds, cycles))
    pairs = [(n, later) for n in range(30) for later in range(n + 1, min(30, n + 8)) if random.random() < 0.2]
    graph = TaskGraph(tuple(jobs), tuple((n, later, jobs[n].end_cycles) for n, later in pairs), capacities)
    table = earliest(graph, by_start(graph, graph.heads))

    def asked(without: frozenset[str]) -> Answer:
        hint = None if HINT in without else dict(enumerate(table.start))
        ends = (table.end_cycles, graph.bound_cycles)
        window = Window(graph, dict(enumerate(graph.heads)), dict(enumerate(graph.tails)), *ends, hint=hint)
        answer = order(window, EFFORT, without=without - {HINT})
        return answer.outcome, answer.work

    return Instance(TASKS, f"project of 30 jobs, seed {seed}", asked)


def loop(rows: int, columns: int, spad_kib: int, interval: int) -> Instance:
    """The fewest bytes of buffers at an interval; the hint is any schedule at it."""
    binding = product((16 * rows, 16 * columns, 64), "tiles", {"spad_kib": spad_kib})
    given = steady_state(binding, dict.fromkeys("mnk", 16), {"m": rows, "n": columns}, "k").body
    known = ask(formulate(given, interval), EFFORT).schedule

    def asked(without: frozenset[str]) -> Answer:
        m = formulate(given, interval, without=without - {HINT})
        m.model.minimize(sum(one.slot_bytes * depth for one, depth in zip(given.buffers, m.depth, strict=True)))
        answer = ask(m, EFFORT, None if HINT in without else known)
        return answer.outcome, answer.work

    return Instance(MODULO, f"{rows}x{columns} tiles, {spad_kib} KiB, {interval} cycles", asked)


def packing(seed: int, count: int) -> Instance:
    """The lowest placement of random buffers, some of them identical; the hint is first fit's."""
    random = Random(seed)
    memory = Memory("near", 1 << 16)
    lives = []
    while len(lives) < count:
        start, size = random.randrange(30), random.randint(1, 40)
        shape = (start, start + random.randint(2, 12), 64 * size, 64)
        lives += [Lifetime(f"b{len(lives) + n}", "near", *shape) for n in range(random.choice((1, 1, 1, 2)))]
    target = Target("box", (memory,), (), (), (), (), (), ())
    known = settle(lives, memory, {life.name: at for life, at in first_fit(lives, target).addresses})
    problem = scaled(lives, memory)

    def asked(without: frozenset[str]) -> Answer:
        answer = place(Ask(problem, known=None if HINT in without else known), EFFORT, without - {HINT})
        return answer.outcome, answer.work

    return Instance(RECTANGLES, f"{len(lives)} random buffers, seed {seed}", asked)
