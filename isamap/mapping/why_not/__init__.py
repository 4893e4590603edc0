"""Why nothing matches, and the least that would have to change.

``explain`` turns clashing rules into sentences; ``repair`` looks for the smallest sets of changes under which a match
exists, asking the formulation again and again (``question``); ``relax`` says which changes there are and what each
costs, ``split`` cuts an axis in two, ``instead`` names another instruction that does it.
"""
