"""Products of matrices beside installed libraries, size by size: what e14, e15 and e16 have in common.

Every finished size is kept at once, so that a run that was stopped goes on where it was; ``--again`` begins anew.
Sizes are row-major: C (rows x columns) is A (rows x summed) times B (summed x columns), each given as it is (N) or
transposed (T).
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

from isamap.deploy.against import LIBRARIES, Ring
from isamap.host import detected, load_target
from isamap.ir.contest import Contest
from isamap.ir.cpu import Core
from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.ranking import Ranking
from isamap.ir.workload import Tensor, Workload, workload
from isamap.report.pareto_picture import Series
from isamap.report.roofline_picture import roofline_picture
from isamap.result import write_whole
from isamap.tiling.cached.machine import core_of

Row = dict[str, Any]
WRONG = 5


@dataclass(frozen=True)
class Size:
    """One product; ``how`` is NN, TN, NT or TT."""

    rows: int
    columns: int
    summed: int
    how: str = "NN"

    @property
    def name(self) -> str:
        return f"{self.rows}x{self.columns}x{self.summed} {self.how}"

    def kernel(self, dtypes: tuple[str, str, str]) -> Workload:
        """The product of numbers of such types: of A, of B, of the sums."""
        a, b = "A[k,m]" if self.how[0] == "T" else "A[m,k]", "B[n,k]" if self.how[1] == "T" else "B[k,n]"
        extents = {"m": self.rows, "n": self.columns, "k": self.summed}
        shapes = [tuple(extents[axis] for axis in text[2:5].split(",")) for text in (a, b, "C[m,n]")]
        tensors = [Tensor(name, DTYPES[kind], shape) for name, kind, shape in zip("ABC", dtypes, shapes, strict=True)]
        product = f"{a} * {b}" if dtypes[2] == "f32" else f"{dtypes[2]}({a}) * {dtypes[2]}({b})"
        return workload(self.name, tensors, [parse_statement(f"C[m,n] += {product}", frozenset("ABC"))])


@dataclass(frozen=True)
class Experiment:
    """Where results go, and what is multiplied; ``seconds`` are those of one size's rounds."""

    folder: Path
    title: str
    dtypes: tuple[str, str, str]
    sizes: tuple[Size, ...]
    seconds: float

    @property
    def results(self) -> Path:
        return self.folder / "results.json"

    def read(self) -> Row:
        """What was measured so far."""
        if self.results.exists():
            found: Row = json.loads(self.results.read_text(encoding="utf-8"))
            return found
        return {"rows": []}

    def run(self, seconds: float, sizes: Sequence[Size], measure: bool) -> int:
        """Measures the ``sizes`` that are not there yet. Exit code: 0, or 5 where a result of isamap's is wrong."""
        core, found = core_of(load_target("host")), self.read()
        found |= {"date": date.today().isoformat(), "machine": _machine(), **_roofs(core, self.dtypes)}
        kept = {row["name"] for row in found["rows"]}
        left = [size for size in sizes if size.name not in kept]
        with Ring(LIBRARIES, measure=measure) as ring:
            for number, size in enumerate(left, 1):
                contest = ring.contest(size.kernel(self.dtypes), core, seconds)
                print(f"{number}/{len(left)} {line(contest)}", flush=True)
                if not contest.ours.is_right:
                    print(f"wrong: {contest.ours.wrong}")
                    return WRONG
                found["rows"].append(row(size, contest, self.dtypes))
                found["libraries"] = _versions(contest, found.get("libraries", {}))
                self.write(found)
        self.write(found)
        return 0

    def write(self, found: Row) -> None:
        """results.json in the order of the sizes, the picture, and the tables of README.md."""
        order = {size.name: n for n, size in enumerate(self.sizes)}
        found["rows"].sort(key=lambda each: order.get(each["name"], len(order)))
        write_whole(self.results, json.dumps(found, indent=1) + "\n")
        if not found["rows"]:
            return
        write_whole(self.folder / "picture.svg", self.picture(found))
        page = (self.folder / "README.md").read_text(encoding="utf-8")
        for name, text in texts(found).items():
            page = re.sub(
                rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=text: f"{m[1]}{t}\n{m[2]}", page, flags=re.DOTALL
            )
        write_whole(self.folder / "README.md", page)

    def picture(self, found: Row) -> str:
        rows = found["rows"]
        ours = [(each["intensity"], each["speed"]["isamap"], f"isamap, {each['name']}") for each in rows]
        best = [
            (each["intensity"], each["speed"][name], f"{name}, {each['name']}")
            for each in rows
            if (name := each["best"])
        ]
        series = [Series("best library", tuple(best)), Series("isamap", tuple(ours))]
        return roofline_picture(self.title, found["unit"], series, found["peak"], found["giga_bytes_per_s"])

    def main(self) -> int:
        """The command line. Exit code: 0, or 5 where a result of isamap's is wrong."""
        parser = argparse.ArgumentParser(description=self.title)
        parser.add_argument("--seconds", type=float, default=self.seconds, help="of one size's rounds")
        parser.add_argument("--only", type=int, default=len(self.sizes), metavar="N", help="the first N sizes")
        parser.add_argument("--again", action="store_true", help="forget what was measured before")
        parser.add_argument("--first-choice", action="store_true", help="the model's, without timing other candidates")
        given = parser.parse_args()
        if given.again:
            self.results.unlink(missing_ok=True)
        return self.run(given.seconds, self.sizes[: given.only], not given.first_choice)


def row(size: Size, found: Contest, dtypes: tuple[str, str, str]) -> Row:
    """What is kept of a contest."""
    parts = ((size.rows, size.summed), (size.summed, size.columns), (size.rows, size.columns))
    moved = sum(a * b * DTYPES[kind].size_bytes for (a, b), kind in zip(parts, dtypes, strict=True))
    right = [found.ours, *(each for each in found.libraries if each.is_right)]
    return {
        "name": size.name,
        "intensity": round(found.operations / moved, 3),
        "speed": {each.name: round(found.speed(each), 2) for each in right},
        "median_speed": {each.name: round(found.operations / each.median_s / 1e9, 2) for each in right},
        "best": found.best.name if found.best else None,
        "ratio": round(found.ratio(found.best), 3) if found.best else None,
        "wrong": [each.name for each in found.libraries if not each.is_right],
        "rounds": found.ours.rounds,
        "how": found.ours.how,
        **ranked(found.ours.ranking),
    }


def ranked(found: Ranking | None) -> Row:
    """How well the model ranked its candidates."""
    if found is None:
        return {"regret": None, "rank_correlation": None}
    likeness = found.correlation
    return {"regret": round(found.regret, 3), "rank_correlation": None if likeness is None else round(likeness, 2)}


def line(found: Contest) -> str:
    speeds = "  ".join(f"{each.name} {found.speed(each):.1f}" for each in (found.ours, *found.libraries))
    return f"{found.kernel}: {speeds}" + (f"  ratio {found.ratio(found.best):.2f}" if found.best else "")


def texts(found: Row) -> dict[str, str]:
    """The tables of the README by their names."""
    rows, unit = found["rows"], found["unit"]
    took_part = {name for each in rows for name in (*each["speed"], *each["wrong"])}
    names = [name for name in ("isamap", *LIBRARIES) if name in took_part]
    head = [f"| {unit}, row-major | {' | '.join(names)} | ratio | blocking |", f"|---|{'---:|' * len(names)}---:|---|"]
    body = [
        f"| {each['name']} | {' | '.join(_speed(each, name) for name in names)} | {each['ratio']:.2f} | {each['how']} |"
        for each in rows
        if each["best"]
    ]
    versions = ", ".join(f"{name} {found['libraries'][name]}" for name in names if name in found.get("libraries", {}))
    return {
        "machine": f"Measured {found['date']} on {found['machine']}; one pinned thread;\n{versions}.",
        "summary": summary(rows, names[1:]),
        "answer": answer(rows),
        "table": "\n".join([*head, *body]),
    }


def answer(rows: Sequence[Row]) -> str:
    """In a sentence or two."""
    ratios = {each["name"]: each["ratio"] for each in rows if each["best"]}
    worst = sorted(ratios, key=ratios.__getitem__)[:3]
    ahead, near = (sum(each >= least for each in ratios.values()) for least in (1, 0.85))
    said = [
        f"**Answer.** The geometric mean over {len(ratios)} sizes is {_mean(ratios.values()):.2f} times the speed of",
        f"the best library of each. It is at least as fast at {ahead} of them, and at least 0.85 times as fast at",
        f"{near}. It is furthest behind at {', '.join(f'{name} ({ratios[name]:.2f})' for name in worst)}.",
    ]
    regrets = [each["regret"] for each in rows if each.get("regret") is not None]
    if regrets:
        near = sum(each <= 0.12 for each in regrets)
        said.append(f"The model's first choice is within 12 % of the best candidate at {near} of {len(regrets)}.")
        ranks = [each["rank_correlation"] for each in rows if each.get("rank_correlation") is not None]
        said.append(f"Its ranks and the measured ones have a median correlation (Spearman) of {median(ranks):.2f}.")
    return "\n".join(said)


def _mean(ratios: Iterable[float]) -> float:
    """The geometric mean."""
    logarithms = [log(ratio) for ratio in ratios]
    return exp(sum(logarithms) / len(logarithms))


def summary(rows: Sequence[Row], libraries: Iterable[str]) -> str:
    """Ratios of speeds to each library, and to the best of each size."""
    lines = [
        "| isamap's speed over that of | sizes | geometric mean | least | at least as fast |",
        "|---|---:|---:|---:|---:|",
    ]
    kinds = {
        name: [each["speed"]["isamap"] / each["speed"][name] for each in rows if name in each["speed"]]
        for name in libraries
    }
    kinds["the best of each size"] = [each["ratio"] for each in rows if each["best"]]
    for name, ratios in kinds.items():
        if ratios:
            mean, ahead = _mean(ratios), sum(ratio >= 1 for ratio in ratios)
            lines.append(f"| {name} | {len(ratios)} | {mean:.2f} | {min(ratios):.2f} | {ahead} of {len(ratios)} |")
    return "\n".join(lines)


def _speed(row: Row, name: str) -> str:
    return f"{row['speed'][name]:.1f}" if name in row["speed"] else "wrong" if name in row["wrong"] else "-"


def _machine() -> str:
    found = detected()
    return f"{found.cpu}, as {found.machine}, {'calibrated' if found.is_calibrated else 'not calibrated'}"


def _roofs(core: Core, dtypes: tuple[str, str, str]) -> Row:
    """The most that the core multiplies, and what each memory lets through."""
    product = core.multiply_add(_what(dtypes))
    operations = 2 * product.lanes * product.group * product.per_cycle
    levels = {each.name: round(each.read_bytes_per_cycle * core.clock_hz / 1e9, 1) for each in core.caches}
    unit = "GF/s" if dtypes[2] == "f32" else "GOP/s"
    return {"unit": unit, "peak": round(operations * core.clock_hz / 1e9, 1), "giga_bytes_per_s": levels}


def _what(dtypes: tuple[str, str, str]) -> Any:
    from isamap.ir.contraction import contraction_of

    return contraction_of(Size(2, 2, 2).kernel(dtypes))


def _versions(found: Contest, before: dict[str, str]) -> dict[str, str]:
    return {**before, **{each.name: each.version for each in found.libraries}}
