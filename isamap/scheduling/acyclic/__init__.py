"""Time, residency and addresses of a small kernel in one model.

``reading`` makes a ``body`` of a schedule's tasks, ``formulation`` states the problem over ``variables``, ``solve``
hints and solves it, ``answer`` spells the plan found out as a schedule with addresses.
"""
