"""Every exception of isamap, with the exit code that the command line gives it.

::

    IsamapError        1   a defect of isamap's own (never raised as such on purpose)
    ├── InputError     2   a file, an option or a value is wrong; carries one Fault per mistake
    │   ├── InvalidNoun    a noun of ``isamap.ir`` refused its parts
    │   └── Contradiction  what was pinned of an answer cannot be, or not together
    ├── Unsupported    2   the language can say it, this room cannot do it yet; names the room and the feature
    ├── Infeasible     3   proved impossible; says which capacity, which tensors, how many bytes
    │   └── NoMatch        no instruction of the target can do the einsum
    ├── NotFound       4   nothing found in the time given
    └── CheckFailed    5   an answer was found wrong by a checker or by the simulator
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["CheckFailed", "Contradiction", "Fault", "Infeasible", "InputError", "InvalidNoun", "IsamapError",
           "NoMatch", "NotFound", "Unsupported"]  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One mistake: where (a path of keys and positions), what was expected, what was given, what is possible."""

    path: tuple[str | int, ...]
    expected: str
    got: str
    hint: str = ""

    def __str__(self) -> str:
        where = ".".join(str(part) for part in self.path)
        text = f"{where}: " if where else ""
        text += f"expected {self.expected}, got {self.got}"
        return f"{text}; {self.hint}" if self.hint else text

    def under(self, *prefix: str | int) -> Fault:
        """The same fault seen from the noun that holds this one."""
        return Fault((*prefix, *self.path), self.expected, self.got, self.hint)


class IsamapError(Exception):
    """The root of the tree."""

    exit_code = 1


class InputError(IsamapError):
    """Wrong usage or a wrong file."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        self.faults: tuple[Fault, ...] = () if isinstance(faults, str) else tuple(faults)
        super().__init__(faults if isinstance(faults, str) else "\n".join(map(str, self.faults)))


class InvalidNoun(InputError):
    """A noun refused its parts when it was built."""


class Contradiction(InputError):
    """What was pinned of an answer cannot be, or not together."""

    def under(self, *prefix: str | int) -> Contradiction:
        """The same seen from what holds the part that is pinned."""
        return Contradiction(fault.under(*prefix) for fault in self.faults)


class Unsupported(IsamapError):
    """Sayable in the language, not yet possible in the room that is named."""

    exit_code = 2

    def __init__(self, room: str, feature: str, hint: str = "") -> None:
        self.room, self.feature = room, feature
        super().__init__(f"{room}: {feature} is not supported yet" + (f"; {hint}" if hint else ""))


class Infeasible(IsamapError):
    """Proved impossible."""

    exit_code = 3


class NoMatch(Infeasible):
    """No instruction of the target can do the computation."""


class NotFound(IsamapError):
    """Nothing found in the time given."""

    exit_code = 4


class CheckFailed(IsamapError):
    """A checker, the simulator or the functional comparison refused an answer."""

    exit_code = 5
