"""Every way to do an einsum with an instruction: found, counted, proved, or refused with a reason.

``match`` is the door. ``refusals`` says what cannot be compared, ``givens`` lays the two side by side (``orientation``
the expressions, ``direction`` the axes, ``windows`` the accesses), ``formulation`` states the rules (``windowed`` and
``in_place`` those of windows and of pure moves), ``solutions`` enumerates what keeps them, ``symmetry`` merges what is
the same turned round, ``realisation`` and ``utilisation`` describe a match, ``notes`` says what it asks of its user,
``prove`` proves it, ``lemma`` that the instruction is what it is said to be;
``explain`` says why there is none, ``repair`` what would have to change (``relax``), ``instead`` which other could.
``pareto`` prices and ranks matches (``cost``, ``copies``), ``choose`` keeps those worth a tiling; ``greedy`` is the
usual matcher, for comparison. Instructions of several
einsums (composites), tables of them and synthesised constants are not matched yet: ``refusals`` is their place.
"""

from isamap.mapping.choose import choose
from isamap.mapping.composite import Composite, composites
from isamap.mapping.givens import Freedom, Realise
from isamap.mapping.greedy import map_einsum_greedily
from isamap.mapping.instead import with_others
from isamap.mapping.match import map_einsum, map_workload
from isamap.mapping.match_set import MatchSet
from isamap.mapping.multiple import Group, groups
from isamap.mapping.pareto import Cost, Ranked, ranked
from isamap.mapping.ways import Way, ways

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
]
