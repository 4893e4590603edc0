"""The kernel for a core with caches as one constraint model.

Sets        F fields of a choice (tile, depth, width, height, ...), V_f what field f may be
Variables   x_f in V_f;  busy, waits, copies in cycles;  total
Minimise    total
Rules
  (pipes)   busy        = pipes(x_tile, x_depth, x_ahead)
  (memory)  waits_t     = what tensor t of the two factors and the output waits, of the fields that it depends on
  (copies)  copies      = of the fields that panels depend on
  (beside)  total >= busy + EXPOSED * sum waits + copies,   total >= EXPOSED * busy + sum waits + copies
  (other)   a choice that was answered, or differs from it in nothing that matters, is not answered again

The cost functions hold the bandwidths, latencies and capacities of the core's caches; each becomes a table over its own
fields, so that the solver never meets their product. Cycles are rounded to 1/SCALE of the least that the pipes need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from ortools.sat.python import cp_model

from isamap.ir.cpu import Core
from isamap.tiling.cached.copies import copies
from isamap.tiling.cached.cost import EXPOSED
from isamap.tiling.cached.memory import columns_factor, output, rows_factor
from isamap.tiling.cached.options import Choice, Options
from isamap.tiling.cached.pipes import pipes

Cost = Callable[[Options, Core, Choice], float]
_SCALE = 10_000
_SHARE = round(EXPOSED * 100)
_MATTERS = ("tile", "depth", "columns_packed", "rows_packed", "rows_inside", "ahead")


def _busy(options: Options, core: Core, choice: Choice) -> float:
    return pipes(options, core, choice.tile, choice.depth, choice.ahead)


# what each cost depends on: fields that are not named may be anything
_PIPES: tuple[tuple[Cost, tuple[str, ...]], ...] = ((_busy, ("tile", "depth", "ahead")),)
_MEMORY: tuple[tuple[Cost, tuple[str, ...]], ...] = (
    (columns_factor, ("tile", "depth", "width", "height", "columns_packed", "rows_inside", "ahead")),
    (rows_factor, ("tile", "depth", "width", "height", "rows_packed", "rows_inside")),
    (output, ("tile", "depth", "width")),
)
_COPIES: tuple[tuple[Cost, tuple[str, ...]], ...] = (
    (copies, ("tile", "depth", "width", "height", "columns_packed", "rows_packed")),
)


class Formulation:
    """The model of one contraction's options on ``core``."""

    def __init__(self, options: Options, core: Core) -> None:
        self.options, self.core = options, core
        self.model = cp_model.CpModel()
        self.fields = {
            name: self.model.new_int_var(0, len(values) - 1, name) for name, values in options.values.items()
        }
        self._unit = min(_busy(options, core, choice) for choice in self._over(("tile", "depth", "ahead"))) / _SCALE
        busy, waits, made = ([self._table(*each) for each in group] for group in (_PIPES, _MEMORY, _COPIES))
        self.total = self.model.new_int_var(0, 1 << 40, "total")
        self.model.add(100 * self.total >= 100 * sum(busy) + _SHARE * sum(waits) + 100 * sum(made))  # (beside)
        self.model.add(100 * self.total >= _SHARE * sum(busy) + 100 * sum(waits) + 100 * sum(made))  # (beside)
        self.model.minimize(self.total)

    def forbid(self, choice: Choice) -> None:
        """(other)"""
        places = [self.options.values[name].index(getattr(choice, name)) for name in _MATTERS]
        self.model.add_forbidden_assignments([self.fields[name] for name in _MATTERS], [places])

    def best(self, seconds: float) -> Choice | None:
        """The best choice, proved within ``seconds`` or the best found by then; None where none is left."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers, solver.parameters.max_time_in_seconds = 1, seconds
        solver.parameters.cp_model_presolve = False  # of tables it takes longer than the search
        if solver.solve(self.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        values = self.options.values
        return self.options.choice({name: values[name][solver.value(at)] for name, at in self.fields.items()})

    def _table(self, cost: Cost, names: Sequence[str]) -> cp_model.IntVar:
        """A variable for a cost, tied to the fields that it depends on."""
        rows = []
        for places, choice in zip(self._places(names), self._over(names), strict=True):
            rows.append((*places, round(cost(self.options, self.core, choice) / self._unit)))
        domain = cp_model.Domain.from_values(sorted({row[-1] for row in rows}))
        found = self.model.new_int_var_from_domain(domain, cost.__name__)
        self.model.add_allowed_assignments([*(self.fields[name] for name in names), found], rows)
        return found

    def _places(self, names: Sequence[str]) -> Iterator[tuple[int, ...]]:
        return product(*(range(len(self.options.values[name])) for name in names))

    def _over(self, names: Sequence[str]) -> Iterator[Choice]:
        """A choice for every combination of the named fields; the others as they come first."""
        values = self.options.values
        first = {name: several[0] for name, several in values.items()}
        for each in product(*(values[name] for name in names)):
            yield self.options.choice(first | dict(zip(names, each, strict=True)))
