"""Closed-form lower bounds on latency, energy and traffic; each with its derivation."""

from isamap.bounds.compulsory import compulsory_bytes
from isamap.bounds.latency import energy_bound_pj, latency_bound_cycles

__all__ = ["compulsory_bytes", "energy_bound_pj", "latency_bound_cycles"]
