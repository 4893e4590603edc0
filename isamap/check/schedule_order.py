"""What is known to be over when a task starts, whatever the cycles: by waits and by the order of queues.

The tasks of a queue start in order. Where it has one server that is held as long as the operands are, the next task's
start also tells that the operands of those before are free. That a result is there, only a wait for it tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isamap.check.schedule_times import Duration
from isamap.check.task import OPERANDS, RESULT, Task


class Order:
    """Answers ``over``: per task it holds how many tasks of each queue that tells are known to have free operands;
    everything else is searched for."""

    def __init__(self, tasks: Sequence[Task], lasting: Sequence[Duration], counts: Mapping[str, int]) -> None:
        self.tasks, self.lasting = tasks, lasting
        self.position: list[int] = []
        self.before: list[int] = []  # the task before in the same queue, or -1
        self.tells = {queue: count == 1 for queue, count in counts.items()}  # where tasks end before the next starts
        last = dict[str, int]()
        for number, one in enumerate(lasting):
            self.before.append(last.get(one.queue, -1))
            self.position.append(self.position[self.before[-1]] + 1 if self.before[-1] >= 0 else 0)
            last[one.queue] = number
        self.free = self._free(list(counts))

    def over(self, earlier: int, event: int, later: int) -> bool:
        """Is ``event`` of task ``earlier`` known to be over when task ``later`` starts?"""
        one = self.lasting[earlier]
        if event == OPERANDS and self.tells[one.queue] and one.operands <= one.interval:
            return self.free[later][one.queue] > self.position[earlier]
        return self._found(earlier, event, later)

    def _gives(self, wait: tuple[int, int], event: int) -> bool:
        """Does this wait tell that ``event`` of the task awaited is over?"""
        on, awaited = wait
        return awaited == event or (awaited == RESULT and self.lasting[on].operands <= self.lasting[on].result)

    def _free(self, queues: Sequence[str]) -> list[dict[str, int]]:
        found: list[dict[str, int]] = []
        for number, task in enumerate(self.tasks):
            own, before = self.lasting[number].queue, self.before[number]
            mine = dict(found[before]) if before >= 0 else dict.fromkeys(queues, 0)
            mine[own] = self.position[number]
            for wait in task.waits:
                for queue, count in found[wait[0]].items():
                    mine[queue] = max(mine[queue], count)
                queue = self.lasting[wait[0]].queue
                mine[queue] = max(mine[queue], self.position[wait[0]] + self._gives(wait, OPERANDS))
            found.append(mine)
        return found

    def _found(self, earlier: int, event: int, later: int) -> bool:
        """Search backwards from ``later``, over waits and over the queue, for a wait that tells."""
        seen, stack = {later}, [later]
        while stack:
            number = stack.pop()
            waits = self.tasks[number].waits
            if any(wait[0] == earlier and self._gives(wait, event) for wait in waits):
                return True
            for nearer in (*(on for on, _ in waits), self.before[number]):
                if nearer > earlier and nearer not in seen:
                    seen.add(nearer)
                    stack.append(nearer)
        return False
