"""Many designs instead of one: every kernel on every machine of a grid, each compiled, simulated and checked.

Read in this order: ``grid`` (which jobs there are, and the key of each), ``job`` (what a worker does), ``worker`` (a
process that may be killed), ``store`` (what is done stays done), ``run`` (the sweep), ``front`` and ``answer`` (what is
worth a look).

``compare`` asks several ``methods`` about one kernel on one machine, a ``method_run`` at a time, each ``counted``;
those that search draw ``nests`` from one ``space``.

``trials`` keeps in a store what candidates cost once they are scheduled, and ``features`` says what a candidate looks
like in numbers: what a ranking can learn from.
"""

from isamap.explore.answer import Front, Result, Swept
from isamap.explore.compare import compare_methods
from isamap.explore.features import features_of
from isamap.explore.front import pareto_front
from isamap.explore.run import Standing, read_sweep, sweep_designs
from isamap.explore.store import Store
from isamap.explore.trials import Trial, read_trials, run_trials

__all__ = ["Front", "Result", "Standing", "Store", "Swept", "Trial", "compare_methods", "features_of", "pareto_front",
           "read_sweep", "read_trials", "run_trials", "sweep_designs"]  # fmt: skip
