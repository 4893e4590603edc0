"""Every way to do an einsum with an instruction: found, counted, proved, or refused with a reason.

One einsum    ``match`` is the door. ``refusals`` says what cannot be compared, ``givens`` lays the two side by side
              (``orientation`` the expressions, ``direction`` the axes, ``windows`` the accesses), ``formulation``
              states the rules (``windowed`` those of windows, ``in_place`` of pure moves, ``padding``), ``solutions``
              enumerates what keeps them, ``symmetry`` merges what is the same turned round. ``realisation``,
              ``utilisation`` and ``modes`` describe a match, ``notes`` says what it asks of its user, ``prove`` proves
              it, and ``lemma`` that the instruction is what it is said to be. ``why_not`` explains and repairs.
Its worth     ``cost`` and ``copies`` count, ``pareto`` ranks; ``choose`` keeps what is worth a tiling. ``greedy`` is
              the usual matcher, for comparison.
Several       ``rewrite`` turns an einsum into others of the same meaning, ``composite`` looks for rewrites whose parts
              all match, ``ways`` puts the best of them in place. ``multiple`` (with ``together``) lets one instruction
              do several einsums, ``store`` a transfer do one on the way out.
"""

from isamap.mapping.choose import choose, worth_planning
from isamap.mapping.composite import Composite, composites
from isamap.mapping.givens import Freedom, Realise
from isamap.mapping.greedy import map_einsum_greedily
from isamap.mapping.match import map_einsum, map_workload
from isamap.mapping.match_set import MatchSet
from isamap.mapping.multiple import Group, groups
from isamap.mapping.pareto import Cost, Ranked, ranked
from isamap.mapping.ways import Way, ways
from isamap.mapping.why_not.instead import with_others

__all__ = [
    "Composite",
    "Cost",
    "Freedom",
    "Group",
    "MatchSet",
    "Ranked",
    "Realise",
    "Way",
    "choose",
    "composites",
    "groups",
    "map_einsum",
    "map_einsum_greedily",
    "map_workload",
    "ranked",
    "ways",
    "with_others",
    "worth_planning",
]
