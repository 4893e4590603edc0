"""What a computation means, and what a machine does with a program: the judge, which trusts no solver.

Meaning: ``element_types`` (numbers in their types), ``value`` (one element), ``recognise`` and ``contraction`` (sums
of products), ``einsum`` (one einsum on arrays), ``evaluate`` (a workload), ``random_inputs``, ``compare`` and
``rounding`` (are two results the same), ``same_meaning`` (are two workloads).
Machine: ``layout``, ``action`` and ``prepare`` (operations made ready), ``expand``, ``columns`` and ``unroll`` (a
program as columns), ``touch`` (which bytes), ``costs``, ``clock`` and ``lockstep`` (when), ``order``, ``hazards`` and
``verdict`` (in what order), ``packed``, ``windows``, ``perform``, ``to_the_bit`` and ``execute`` (the numbers),
``machine`` (all of it), ``rules`` (every rule that it can find broken).
"""

from isamap.simulate.compare import mismatches
from isamap.simulate.evaluate import evaluate
from isamap.simulate.machine import Simulation, simulate
from isamap.simulate.random_inputs import random_inputs
from isamap.simulate.same_meaning import same_meaning

__all__ = ["Simulation", "evaluate", "mismatches", "random_inputs", "same_meaning", "simulate"]
