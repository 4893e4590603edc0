"""The fewest cycles of a task graph by the energy of its resources, whatever the order of its jobs.

Jobs that hold a resource start no sooner than their *head*, the longest path up to them; once a hold is over there
follows at least the job's tail, the longest path from its start to the end, less the hold's cycles; of a hold longer
than that tail, no more than the tail counts, as the rest may come after the end. Of the holds with heads of at least a
and at least b cycles to follow, all of the work lies between a and end - b, where the resource gives ``capacity`` every
cycle. So, over all a and b,

    end >= a + ceil(work(a, b) / capacity) + b

On a resource of capacity 1 this is the bound of Jackson's preemptive schedule (J. Carlier, "The one-machine sequencing
problem", European Journal of Operational Research 11, 1982).
"""

from __future__ import annotations

from isamap.ir.task_graph import TaskGraph


def energy_bound_cycles(graph: TaskGraph) -> int:
    """No schedule of ``graph`` ends sooner; at least the longest path. Quadratic in the jobs."""
    best = graph.bound_cycles
    for name, capacity in graph.capacities:
        held = [
            (graph.heads[n], max(0, graph.tails[n] - hold.cycles), hold.amount * min(hold.cycles, graph.tails[n]))
            for n, job in enumerate(graph.jobs)
            for hold in job.holds
            if hold.resource == name and hold.amount and hold.cycles
        ]
        held.sort(key=lambda one: -one[1])
        for head in {head for head, _, _ in held}:
            work = 0
            for mine, tail, more in held:  # the longest tails first
                if mine >= head:
                    work += more
                    best = max(best, head - (-work // capacity) + tail)
    return best
