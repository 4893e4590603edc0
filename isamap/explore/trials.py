"""What candidates cost once they are scheduled, kept in a store: what a ranking or a cost model can be fitted on.

The candidates are those that ``isamap compile --ranking`` puts in order: of every einsum, tilings of all its bindings.
A trial stays in the store until the kernel, the machine, the tiling or isamap's version is another one.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from isamap.compile import possible_ways
from isamap.compiled import Options
from isamap.errors import Infeasible, Unsupported
from isamap.explore.grid import isamap_version
from isamap.explore.job import Outcome
from isamap.explore.store import Store
from isamap.ir.binding import bind
from isamap.ir.hardware import Target
from isamap.ir.text import from_text, to_text
from isamap.ir.workload import Workload
from isamap.plan import Search, own_candidates
from isamap.plan.apart import bindings_of
from isamap.plugins import Candidate
from isamap.scheduling import list_schedule

_KIND = "trial"


@dataclass(frozen=True)
class Trial:
    """A candidate of a kernel, the cycles of its list schedule (None: there is no room for it), and the seconds that
    scheduling took."""

    work: Workload
    candidate: Candidate
    latency_cycles: int | None
    seconds: float


def run_trials(work: Workload, target: Target, store: Store) -> tuple[Trial, ...]:
    """Every candidate of ``work`` as it is, without rewrites, in the order of the cost model; those that the store does
    not have are scheduled. Raises NoMatch, Infeasible, Unsupported where there is none."""
    search = Search(work, target, Options(method="heuristic", deterministic=True), None, None)
    way = next((way for way in possible_ways(search) if way.work == work), None)
    if way is None:
        raise Unsupported("explore", f"trials of {work.name}, which {target.name} does only after it is rewritten,")
    choices = list(bindings_of(work, way.candidates, target))
    candidates = [candidate for bindings in choices for candidate in own_candidates(search, bindings)]
    records = [_asked(work, candidate) for candidate in candidates]
    kept = store.results([_key(record) for record in records])
    with store.together():
        for candidate, record in zip(candidates, records, strict=True):
            key = _key(record)
            if key in kept:
                record |= kept[key].outcome.record
            else:
                record |= _answered(candidate)
                store.keep(key, Outcome("done", record), {}, None)
    answered = zip(candidates, records, strict=True)
    return tuple(Trial(work, one, record["latency_cycles"], record["seconds"]) for one, record in answered)


def read_trials(store: Store) -> tuple[Trial, ...]:
    """All trials in the store, in the order in which they were made."""
    records = (kept.outcome.record for kept in store.every())
    return tuple(_read(record) for record in records if record.get("kind") == _KIND)


def _asked(work: Workload, candidate: Candidate) -> dict[str, Any]:
    """What a trial depends on, as text."""
    binding, tiling = candidate
    nouns = {"work": work, "machine": binding.target, "match": binding.match, "tiling": tiling}
    return {"kind": _KIND, "isamap": isamap_version(), **{name: to_text(noun) for name, noun in nouns.items()}}


def _key(record: Mapping[str, Any]) -> str:
    asked = [record[name] for name in ("kind", "isamap", "work", "machine", "match", "tiling")]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _answered(candidate: Candidate) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        cycles: int | None = list_schedule([candidate], candidate[0].target).latency_cycles
    except (Infeasible, Unsupported):
        cycles = None
    return {"latency_cycles": cycles, "seconds": round(time.perf_counter() - began, 6)}


def _read(record: Mapping[str, Any]) -> Trial:
    work = _noun(record["work"])
    binding = bind(work, _noun(record["match"]), _noun(record["machine"]))
    return Trial(work, (binding, _noun(record["tiling"])), record["latency_cycles"], record["seconds"])


@lru_cache(256)
def _noun(text: str) -> Any:
    return from_text(text)
