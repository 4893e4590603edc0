"""(Tilings, Target) -> Schedule: which piece lies where, what runs when, and what awaits what.

``visits`` walks the tiles, ``residency`` decides what stays in which slot, ``expand`` spells out the ``tasks``: inputs
through ``carry``, output tiles through ``sessions``, with ``written`` for data that pass from einsum to einsum;
``list_scheduling`` orders them, ``schedule`` is the door. ``exact`` begins from that answer and looks for a better one
by CP-SAT: time, residency and addresses together (``acyclic``), or the order of the tasks alone (``sweep``).
"""

from isamap.scheduling.alive import pieces_alive
from isamap.scheduling.exact import schedule_exactly
from isamap.scheduling.passing import groups, same_places, turns
from isamap.scheduling.schedule import list_schedule
from isamap.scheduling.whole import Refined, Whole, best_below, whole

__all__ = [
    "Refined",
    "Whole",
    "best_below",
    "groups",
    "list_schedule",
    "pieces_alive",
    "same_places",
    "schedule_exactly",
    "turns",
    "whole",
]
