"""Closed-form lower bounds on latency, energy and traffic; each with its derivation."""

from isamap.bounds.compulsory import compulsory_bytes
from isamap.bounds.energy import energy_bound_pj
from isamap.bounds.forced import forced_bytes
from isamap.bounds.latency import Bound, latency_bound_cycles, latency_bounds

__all__ = [
    "Bound", "compulsory_bytes", "energy_bound_pj", "forced_bytes", "latency_bound_cycles", "latency_bounds",
]  # fmt: skip
