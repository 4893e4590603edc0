"""What a computation means, and what a machine does with a program: the judge, which trusts no solver.

Meaning: ``element_types`` (numbers in their types), ``value`` (one element), ``contraction`` (sums of products),
``einsum`` (one einsum on arrays), ``evaluate`` (a workload), ``random_inputs``.
Machine: ``layout`` and ``action`` (operations made ready), ``unroll`` (a program as columns), ``touch`` (which bytes),
``clock`` and ``lockstep`` (when), ``order`` and ``hazards`` (in what order), ``execute`` (the numbers), ``machine``
(all of it), ``rules`` (every rule it can find broken).
"""

from isamap.simulate.compare import mismatches
from isamap.simulate.evaluate import evaluate
from isamap.simulate.machine import Simulation, simulate
from isamap.simulate.random_inputs import random_inputs

__all__ = ["Simulation", "evaluate", "mismatches", "random_inputs", "simulate"]
