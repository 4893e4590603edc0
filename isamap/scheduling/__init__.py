"""(Tilings, Target) -> Schedule: which piece lies where, what runs when, and what awaits what.

``visits`` walks the tiles, ``residency`` decides what stays in which slot, ``expand`` spells out the ``tasks``: inputs
through ``carry``, output tiles through ``sessions``, with ``written`` for data that pass from einsum to einsum;
``list_scheduling`` orders them, ``schedule`` is the door.
"""

from isamap.scheduling.schedule import list_schedule

__all__ = ["list_schedule"]
