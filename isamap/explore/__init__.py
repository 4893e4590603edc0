"""Many designs instead of one: every kernel on every machine of a grid, each compiled, simulated and checked.

Read in this order: ``grid`` (which jobs there are, and the key of each), ``job`` (what a worker does), ``worker`` (a
process that may be killed), ``store`` (what is done stays done), ``run`` (the sweep), ``front`` and ``answer`` (what is
worth a look). ``compare`` asks several methods about one kernel on one machine.
"""

from isamap.explore.answer import Front, Result, Swept
from isamap.explore.compare import compare_methods
from isamap.explore.front import pareto_front
from isamap.explore.run import Standing, read_sweep, sweep_designs

__all__ = ["Front", "Result", "Standing", "Swept", "compare_methods", "pareto_front", "read_sweep", "sweep_designs"]
