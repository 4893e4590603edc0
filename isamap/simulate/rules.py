"""Every rule that the simulator can find broken, and the list in which it notes what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isamap.ir.answers import Violation

RULES: dict[str, str] = {
    "performs": "An operation names an instruction or transfer that the target has.",
    "operands": "An operation has exactly one view for each operand, and the axes of the meaning.",
    "memory": "A view lies in the memory that the operand or transfer names; tensors lie in the outermost memory only.",
    "dtype": "A view has the operand's type; the far end of a transfer has the type of what it makes of the near one.",
    "tensor": "A view names a tensor of the program, with one step per coordinate, in the tensor's own type.",
    "modes": "The machine's own modes are stated, in a legal combination.",
    "immediates": "The numbers that the meaning leaves open are given, each once, and no other.",
    "resource": "An issue asks of a port or bus no more than it has.",
    "origins": "An issue has one number per view in an addressed memory, one per coordinate in a tensor.",
    "expression": "Positions, waits and starts are whole numbers made of the loop variables around them.",
    "wait-unknown": "A wait names one issue of the program.",
    "wait-not-earlier": "A wait names an issue that comes earlier in the sequence.",
    "capacity": "Every byte that is touched lies inside its memory.",
    "alignment": "A block in an addressed memory begins at a multiple of the memory's alignment (1 byte: anywhere).",
    "bank": "A view of a banked memory lies within one bank.",
    "read-outside": "A read outside a tensor's shape needs a border.",
    "write-outside": "A write lies inside the tensor's shape.",
    "write-twice": "A view that is written names every address once.",
    "operand-overlap": "The bytes that an issue writes are those of none of its other operands.",
    "read-unwritten": "Bytes are read only after they were written.",
    "output-unwritten": "Every element of every output is written.",
    "raw-order": "Waits and queue order prove that a result is complete before it is read.",
    "waw-order": "Waits and queue order prove that a result is complete before it is overwritten.",
    "war-order": "Waits and queue order prove that an operand is released before it is overwritten.",
    "raw-cycle": "By the cycles, a result is complete before it is read.",
    "waw-cycle": "By the cycles, a result is complete before it is overwritten.",
    "war-cycle": "By the cycles, an operand is released before it is overwritten.",
    "start-missing": "Every issue of a lock-step program has a start cycle of at least 0.",
    "start-order": "In a lock-step program, a queue's issues start in sequence order.",
    "start-wait": "In a lock-step program, an issue starts no earlier than its waits are done.",
    "start-unit": "In a lock-step program, a unit or channel serves no more issues at once than its count.",
    "start-resource": "In a lock-step program, a port, bus or bank is never asked for more than it has.",
}
REFUSALS = frozenset(
    ("performs", "operands", "memory", "dtype", "tensor", "modes", "immediates", "resource", "origins", "expression")
)
"""Where one of these is broken the program has no meaning on the machine, and is not run."""

SHOWN_PER_RULE = 20


class Findings:
    """Violations in the order found, at most ``SHOWN_PER_RULE`` of each rule, the rest counted."""

    def __init__(self) -> None:
        self._shown: dict[str, list[Violation]] = {}
        self._count: dict[str, int] = {}

    def add(self, rule: str, where: str, detail: str) -> None:
        assert rule in RULES, rule
        self._count[rule] = self._count.get(rule, 0) + 1
        if self._count[rule] <= SHOWN_PER_RULE:
            self._shown.setdefault(rule, []).append(Violation(rule, where, detail))

    def add_each(self, rule: str, found: Sequence[int], describe: Callable[[int], tuple[str, str]]) -> None:
        """One violation per number found; only those shown are described, as (where, detail)."""
        before = self._count.get(rule, 0)
        for n in list(found)[: max(0, SHOWN_PER_RULE - before)]:
            self.add(rule, *describe(int(n)))
        self._count[rule] = before + len(found)
        if not self._count[rule]:
            del self._count[rule]

    @property
    def rules(self) -> frozenset[str]:
        return frozenset(self._count)

    @property
    def violations(self) -> tuple[Violation, ...]:
        listed = []
        for rule, shown in self._shown.items():
            listed += shown
            if self._count[rule] > len(shown):
                listed.append(Violation(rule, "elsewhere", f"{self._count[rule] - len(shown)} more"))
        return tuple(listed)
