"""What the rooms answer: Match, Tiling, Schedule, Placement; and how sure an answer is: Solved, Violation."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from isamap.errors import Fault, InvalidNoun

T = TypeVar("T")
Status = Literal["optimal", "feasible", "infeasible", "unknown"]
Realisation = Literal["direct", "view", "gather", "broadcast", "constant"]
Sizes = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Moment:
    """The best value and bound that a search had after so many seconds."""

    seconds: float
    value: float | None
    bound: float | None


@dataclass(frozen=True)
class Solved(Generic[T]):
    """An answer and its worth. ``value`` and ``bound`` are in the objective's unit; ``method`` says how it was
    obtained, ``history`` how value and bound came closer, ``interrupted`` whether Ctrl-C ended the search. UNKNOWN has
    no answer of the solver's own (it may hold the one that the search began from); a stopped search keeps its best one
    as ``feasible``."""

    answer: T | None
    status: Status
    objective: str = "latency"
    value: float | None = None
    bound: float | None = None
    seconds: float = 0.0
    seed: int = 0
    method: str = ""
    history: tuple[Moment, ...] = ()
    interrupted: bool = False

    @property
    def gap(self) -> float | None:
        """(value - bound) / value."""
        if self.value is None or self.bound is None:
            return None
        return (self.value - self.bound) / self.value if self.value else 0.0


@dataclass(frozen=True)
class Violation:
    """A rule that an answer breaks: the rule's name, where, and what was found."""

    rule: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.where}: {self.detail}"


@dataclass(frozen=True)
class Match:
    """One way to do an einsum with an instruction.

    ``axes`` gives for each instruction axis the kernel axes fused into it, outer to inner (none: it stays empty at
    extent 1, or at its least extent); kernel axes not named stay loops outside. A kernel axis that every index counts
    down (``7 - p``) is counted from its other end, which matters only where lanes share elements or tensors lie in
    place. ``operands`` gives for each operand of the instruction the tensor it holds and the number of the access (0:
    the output; then the reads, left to right).
    ``modes`` are the machine's own, one choice each; ``immediates`` the numbers that every issue brings.
    """

    einsum: int
    instruction: str
    axes: tuple[tuple[str, tuple[str, ...]], ...]
    operands: tuple[tuple[str, str, int], ...]
    realisation: tuple[tuple[str, Realisation], ...]
    utilisation: float
    proved: bool
    modes: tuple[tuple[str, str], ...] = ()
    immediates: tuple[tuple[str, int | float], ...] = ()

    def __post_init__(self) -> None:
        mapped = [axis for _, fused in self.axes for axis in fused]
        twice = sorted({axis for axis in mapped if mapped.count(axis) > 1})
        if twice:
            raise InvalidNoun([Fault(("axes",), "each kernel axis at most once", " ".join(twice))])

    @property
    def mapped_axes(self) -> tuple[str, ...]:
        return tuple(axis for _, fused in self.axes for axis in fused)


@dataclass(frozen=True)
class Level:
    """Loops over tiles of one memory: ``order`` lists, outer to inner, the axes that step by their ``tile`` size.

    ``pieces`` says in which pieces (sizes per axis) each tensor lives in ``memory`` from this level on, ``buffers`` how
    many such pieces fit at once, and ``held`` how many of them are kept for their next use (the others load ahead;
    all but one where it is not said). A tensor that several operands hold has an entry for each: ``tensor.operand``.
    Where the level is ``turning``, its loops go the other way every time they are entered again; those over
    ``backward`` axes begin at the far end.
    """

    memory: str
    tile: Sizes
    order: tuple[str, ...]
    buffers: Sizes
    pieces: tuple[tuple[str, Sizes], ...] = ()
    held: Sizes = ()
    turning: bool = False
    backward: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = [Fault(("tile", axis), "a positive size", str(size)) for axis, size in self.tile if size < 1]
        faults += [Fault(("buffers", name), "at least 1", str(count)) for name, count in self.buffers if count < 1]
        if faults:
            raise InvalidNoun(faults)

    @property
    def loops_text(self) -> str:
        """The loops, outer to inner: ``-k`` begins at the far end; ``m k, turning``."""
        names = " ".join(f"-{axis}" if axis in self.backward else axis for axis in self.order)
        return names + ", turning" * (self.turning and bool(names)) or "-"


@dataclass(frozen=True)
class Tiling:
    """Levels from the outermost block to the issue: the innermost level's tile is what one issue does.

    ``modelled_value`` ranks tilings of one einsum: the modelled objective, a little more where there are more issues.
    """

    match: Match
    levels: tuple[Level, ...]
    modelled_cycles: int = 0
    modelled_value: float = 0.0

    @property
    def loops(self) -> tuple[tuple[str, int], ...]:
        """(axis, step), outer to inner, over all levels."""
        return tuple((axis, dict(level.tile)[axis]) for level in self.levels for axis in level.order)


@dataclass(frozen=True)
class Home:
    """Where a tensor lies that stays on chip, from the einsum that writes it to those that read it: row-major in
    ``memory``, or (``blocks``: a size per dimension) in blocks which are row-major inside and among each other.

    ``rows`` > 0: it passes through in *strips* of so many coordinates of ``dimension``, which is outermost there; a
    strip takes the place of the one ``turns`` strips before it.
    """

    memory: str
    blocks: tuple[int, ...] = ()
    dimension: int = 0
    rows: int = 0
    turns: int = 1


@dataclass(frozen=True)
class Buffer:
    """``slots`` equal places in a memory through which the pieces of a tensor rotate, ``piece`` large before edges
    make them smaller; with a ``home`` one place for a tensor that stays on chip, for every einsum that has it."""

    name: str
    tensor: str
    memory: str
    slots: int
    slot_bytes: int
    alignment_bytes: int = 1
    piece: Sizes = ()
    home: Home | None = None

    @property
    def whole(self) -> bool:
        """Is it the one place of a tensor that stays on chip?"""
        return self.home is not None

    def slot_name(self, number: int) -> str:
        """What a placement calls slot ``number``."""
        return f"{self.name}[{number}]"


@dataclass(frozen=True)
class Step:
    """A kind of task: an instruction or transfer on a tile of ``sizes`` of einsum ``einsum``'s axes.

    ``buffers`` names the buffers whose slots it touches, in the order of the instruction's operands (or source,
    destination); an operand in the outermost memory has an empty name and no slot there (-1). ``tensor`` is what a
    transfer or move carries; empty for a computation, which says instead how large the piece in each buffer is
    (``pieces``), of which its tile may be a part. A piece of more block axes than the transfer has dimensions
    goes in several parts, numbered over the outer axes. Where a tile has two values of an axis and an operand holds
    each in a piece of its own, ``second`` names (operand, axis); the buffers of such second pieces come last.
    """

    performs: str
    einsum: int
    sizes: Sizes
    buffers: tuple[str, ...]
    tensor: str = ""
    mode: Literal["", "initialise", "accumulate"] = ""
    part: int = 0
    pieces: tuple[Sizes, ...] = ()
    second: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Schedule:
    """Tasks in program order, as columns: what (``step``), on which tile (``origin``: a start per axis of the step's
    einsum), in which ``slot`` of each of the step's buffers, after which tasks (``wait_on`` numbers them,
    ``wait_event`` 0 result, 1 operands), and when (``start``, a prediction). A schedule that was made together with its
    addresses brings them in ``placed``: every slot's lifetime in cycles and its address."""

    steps: tuple[Step, ...]
    buffers: tuple[Buffer, ...]
    step: array[int] = field(default_factory=lambda: array("i"))
    origin: array[int] = field(default_factory=lambda: array("q"))
    slot: array[int] = field(default_factory=lambda: array("i"))
    wait_count: array[int] = field(default_factory=lambda: array("i"))
    wait_on: array[int] = field(default_factory=lambda: array("q"))
    wait_event: array[int] = field(default_factory=lambda: array("b"))
    start: array[int] = field(default_factory=lambda: array("q"))
    latency_cycles: int = 0
    placed: tuple[tuple[Lifetime, int], ...] = ()


@dataclass(frozen=True)
class Lifetime:
    """A buffer that needs ``size_bytes`` of ``memory`` during the half-open cycles [start, end).

    ``address`` is where it must lie (None: anywhere). ``in_place`` names a buffer that it may take over: where both
    begin at one address they may share their bytes while both live, as a sum that is written over its first operand.
    """

    name: str
    memory: str
    start_cycles: int
    end_cycles: int
    size_bytes: int
    alignment_bytes: int = 1
    address: int | None = None
    in_place: str = ""

    def __post_init__(self) -> None:
        faults = []
        if self.end_cycles <= self.start_cycles:
            faults.append(Fault((self.name,), "start before end", f"[{self.start_cycles}, {self.end_cycles})"))
        if self.size_bytes < 0:
            faults.append(Fault((self.name,), "a size of at least 0 bytes", str(self.size_bytes)))
        if faults:
            raise InvalidNoun(faults)


@dataclass(frozen=True)
class Placement:
    """Each lifetime's address, in bytes from the start of its memory."""

    addresses: tuple[tuple[Lifetime, int], ...]

    def height(self, memory: str) -> int:
        """The first byte above every buffer of ``memory``."""
        return max((a + life.size_bytes for life, a in self.addresses if life.memory == memory), default=0)

    def address(self, name: str) -> int:
        return next(address for life, address in self.addresses if life.name == name)


def sizes(table: Mapping[str, int]) -> Sizes:
    """A mapping as the tuple that frozen nouns hold."""
    return tuple(table.items())
