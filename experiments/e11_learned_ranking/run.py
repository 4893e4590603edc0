"""How much sooner is the best candidate scheduled if a ranking has learned on other kernels what to schedule first?

``python experiments/e11_learned_ranking/run.py [STORE.sqlite]`` schedules all candidates of all kernels, fits on some
and judges by the others; it writes results.json and the table of README.md, beside this file. What the store has is not
scheduled again. Needs scikit-learn: ``pip install 'isamap[learn]'``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from math import exp, log
from pathlib import Path
from typing import Any

from kernels import NEVER_SEEN, TO_LEARN_FROM, Case

from isamap import load_target, load_workload
from isamap.explore import Store, Trial, run_trials

HERE = Path(__file__).parent
ORDERS = ("random", "cost_model", "pairs", "trees")
OTHER_SEEDS = (1, 2, 3, 4)
Row = dict[str, Any]


def trials_of(case: Case, store: Store) -> list[Trial]:
    """The candidates of a kernel for which there is room, in the order of the cost model."""
    found = run_trials(load_workload(case.kernel, dict(case.sizes)), load_target(case.target), store)
    return [trial for trial in found if trial.latency_cycles is not None]


def until_best(trials: Sequence[Trial], order: Sequence[int]) -> tuple[int, float]:
    """How many candidates are scheduled in this order until one of the fastest is, and in how many seconds."""
    least = min(trial.latency_cycles or 0 for trial in trials)
    count = next(n for n, which in enumerate(order, 1) if trials[which].latency_cycles == least)
    return count, sum(trials[which].seconds for which in order[:count])


def by_chance(trials: Sequence[Trial]) -> tuple[float, float]:
    """The same for a random order, on average: (n + 1) / (m + 1) of n candidates of which m are fastest."""
    least = min(trial.latency_cycles or 0 for trial in trials)
    best = [trial.latency_cycles == least for trial in trials].count(True)
    count = (len(trials) + 1) / (best + 1)
    return count, count * sum(trial.seconds for trial in trials) / len(trials)


def judged(case: Case, trials: Sequence[Trial], scores: dict[str, Sequence[float]]) -> Row:
    """What each order takes for one kernel."""
    taken = {"random": by_chance(trials), "cost_model": until_best(trials, range(len(trials)))}
    for name, score in scores.items():
        taken[name] = until_best(trials, sorted(range(len(trials)), key=lambda n: score[n]))
    cycles = [trial.latency_cycles or 0 for trial in trials]
    row: Row = {"kernel": case.name, "candidates": len(trials), "best_cycles": min(cycles), "first_cycles": cycles[0]}
    row |= {name: round(count, 1) for name, (count, _) in taken.items()}
    return row | {f"{name}_seconds": round(seconds, 3) for name, (_, seconds) in taken.items()}


def learned(every: dict[Case, list[Trial]]) -> list[dict[str, Sequence[float]]]:
    """For each kernel that was never seen the scores of its candidates: by pairs, by trees, by trees of other seeds,
    and by trees that have seen kernels on the other machines only."""
    from learned import Model, Pairs, Table, Trees, cycles_of

    table = Table([[trial.candidate for trial in trials] for trials in every.values()])
    rows = {case: table.rows([trial.candidate for trial in trials]) for case, trials in every.items()}

    def fitted(model: Model, without: str = "") -> Model:
        known = [case for case in TO_LEARN_FROM if case.target != without]
        model.fit([rows[case] for case in known], [cycles_of(every[case]) for case in known])
        return model

    models = {"pairs": fitted(Pairs()), "trees": fitted(Trees())}
    models |= {f"seed {seed}": fitted(Trees(seed)) for seed in OTHER_SEEDS}
    elsewhere = {target: fitted(Trees(), target) for target in sorted({case.target for case in NEVER_SEEN})}
    return [
        {name: model.score(rows[case]) for name, model in {**models, "elsewhere": elsewhere[case.target]}.items()}
        for case in NEVER_SEEN
    ]


def mean(rows: Sequence[Row], key: str) -> float:
    """The geometric mean."""
    return exp(sum(log(row[key]) for row in rows) / len(rows))


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, their geometric means, and how much sooner the best one comes."""
    lines = [
        "| kernel | candidates | best cycles | random | cost model | pairs | trees |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        counts = " | ".join(f"{row[order]:g}" for order in ORDERS)
        lines.append(f"| {row['kernel']} | {row['candidates']} | {row['best_cycles']:,} | {counts} |")
    means = " | ".join(f"{mean(rows, order):.1f}" for order in ORDERS)
    seconds = " | ".join(f"{mean(rows, f'{order}_seconds'):.2f} s" for order in ORDERS)
    lines += [f"| *geometric mean* | | | {means} |", f"| *seconds of scheduling, geometric mean* | | | {seconds} |"]
    return "\n".join([*lines, "", findings(rows)])


def findings(rows: Sequence[Row]) -> str:
    """By what factor fewer candidates are scheduled than in the cost model's order."""
    factor = {name: mean(rows, "cost_model") / mean(rows, name) for name in rows[0] if name in (*ORDERS, "elsewhere")}
    seeds = sorted(mean(rows, "cost_model") / mean(rows, f"seed {seed}") for seed in OTHER_SEEDS)
    wins = sum(row["trees"] < row["cost_model"] for row in rows)
    losses = sum(row["trees"] > row["cost_model"] for row in rows)
    lines = (
        "Fewer candidates than in the cost model's order by a factor of",
        f"**{factor['trees']:.1f}** with trees (other seeds: {seeds[0]:.1f} to {seeds[-1]:.1f};",
        f"sooner on {wins} kernels, later on {losses}),",
        f"{factor['pairs']:.1f} with pairs, {factor['elsewhere']:.1f} with trees that have seen other machines only.",
    )
    return "\n".join(lines)


def write(rows: Sequence[Row]) -> None:
    """results.json, and what stands between the markers of README.md."""
    (HERE / "results.json").write_text(json.dumps(rows).replace('}, {"kernel"', '},\n {"kernel"') + "\n")
    readme, pattern = HERE / "README.md", r"(?s)(<!-- table -->\n).*?(<!-- end -->)"
    readme.write_text(re.sub(pattern, lambda at: f"{at[1]}{table(rows)}\n{at[2]}", readme.read_text()))


def main() -> int:
    """Exit code: 0, or 2 where scikit-learn is not installed."""
    try:
        import sklearn
    except ImportError:
        print("this experiment fits rankings with scikit-learn: pip install 'isamap[learn]'", file=sys.stderr)
        return 2
    print(f"scikit-learn {sklearn.__version__}", file=sys.stderr)
    with Store(sys.argv[1] if len(sys.argv) > 1 else None) as store:
        every = {}
        for case in (*TO_LEARN_FROM, *NEVER_SEEN):
            every[case] = trials_of(case, store)
            print(f"{case.name}: {len(every[case])} candidates", file=sys.stderr, flush=True)
    scores = zip(NEVER_SEEN, learned(every), strict=True)
    write([judged(case, every[case], score) for case, score in scores])
    return 0


if __name__ == "__main__":
    sys.exit(main())
