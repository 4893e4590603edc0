"""A schedule's tasks one by one, in program order: which pieces, output tiles and computations they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from isamap.errors import Unsupported
from isamap.ir.binding import Binding, Role
from isamap.scheduling.acyclic.body import Key, Where
from isamap.scheduling.timed import Issue, Place

Name = tuple[object, ...]
"""What a piece or tile is known by: its buffer, where it begins and how large it is."""


@dataclass
class Walk:
    """The tasks so far: what lies in each place, and the pieces, tiles and computations found."""

    roles: Mapping[tuple[int, str], Role]
    bindings: Mapping[int, Binding]
    staying: frozenset[str]  # the buffers that hold a whole tensor
    content: dict[Place, Where] = field(default_factory=dict)
    pieces: dict[Name, int] = field(default_factory=dict)
    copies: list[int] = field(default_factory=list)
    tiles: dict[Name, int] = field(default_factory=dict)
    keys: dict[Key, Issue] = field(default_factory=dict)
    reads: dict[tuple[int, int], int] = field(default_factory=dict)
    places: dict[Where, Place] = field(default_factory=dict)
    computations: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    used: set[Where] = field(default_factory=set)
    begun: set[int] = field(default_factory=set)  # the tiles computed on

    def step(self, issue: Issue) -> None:
        step = issue.step
        if step.performs == self.bindings[step.einsum].instruction.name:
            self._compute(issue)
        elif step.buffers[0] == "":
            self._load(issue)
        elif step.buffers[-1] == "":
            kind, tile, _ = self._at(issue.reads[0], "home", "out")
            if kind == "home" and ("drain", tile, 0, 0) in self.keys:
                raise Unsupported("scheduling", "an output tile stored from two places")
            self._note(("store", tile, 0, step.part), issue)
        else:
            self._move(issue)

    def _note(self, key: Key, issue: Issue) -> None:
        if key in self.keys:
            raise Unsupported("scheduling", f"an output tile with two sessions ({key[0]} of tile {key[1]} again)")
        self.keys[key] = issue

    def _at(self, place: Place, *kinds: str) -> Where:
        """What lies in a place that is read; it has to be of one of ``kinds``."""
        found = self.content.get(place)
        if found is None or found[0] not in kinds:
            raise Unsupported("scheduling", f"{place[0]} holding what no transfer of this einsum brought there")
        self.used.add(found)
        return found

    def _lies(self, where: Where, place: Place) -> None:
        self.content[place], self.places[where] = where, place

    def _load(self, issue: Issue) -> None:
        role, place = self.roles[issue.step.einsum, issue.writes[0][0]], issue.writes[0]
        if role.written:
            tile = self._tile(issue)
            self._note(("enter", tile, 0, issue.step.part), issue)
            self._lies(("home" if role.route.staging is None else "in", tile, 0), place)
            return
        name = (place[0], issue.origin, issue.step.sizes)
        piece = self.pieces.setdefault(name, len(self.pieces))
        if piece == len(self.copies):
            self.copies.append(0)
        where = ("piece", piece, self.copies[piece] - 1)
        key = ("load", piece, where[2], issue.step.part)
        if self.content.get(place) != where or where in self.used or key in self.keys:
            self.copies[piece] += 1
            where = ("piece", piece, self.copies[piece] - 1)
            key = ("load", piece, where[2], issue.step.part)
        self.keys[key] = issue
        self._lies(where, place)

    def _tile(self, issue: Issue) -> int:
        """The number of the output tile that a task works on."""
        binding, sizes = self.bindings[issue.step.einsum], dict(issue.step.sizes)
        axes = zip(binding.extents, issue.origin, strict=True)
        own = binding.output.access.axes
        name = (issue.step.einsum, *((axis, low, sizes[axis]) for axis, low in axes if axis in own))
        return self.tiles.setdefault(name, len(self.tiles))

    def _compute(self, issue: Issue) -> None:
        number, tile = len(self.computations), self._tile(issue)
        inputs = [at for at in issue.reads if at not in issue.writes and at[0] not in self.staying]
        found = [self._at(place, "piece") for place in inputs]
        for _, piece, copy in found:
            self.reads[number, piece] = copy
        home: Where = ("home", tile, 0)
        at, whole = issue.writes[0], issue.writes[0][0] in self.staying
        if issue.step.mode == "accumulate":
            if not whole and self._at(at, "home") != home:
                raise Unsupported("scheduling", "an output tile added to in another's place")
        elif tile in self.begun:
            raise Unsupported("scheduling", "an output tile with two sessions (begun again)")
        if ("drain", tile, 0, 0) in self.keys or ("store", tile, 0, 0) in self.keys:
            raise Unsupported("scheduling", "an output tile with two sessions (added to after it was brought out)")
        self.begun.add(tile)
        if not whole:
            self._lies(home, at)
        self.computations.append((tile, tuple(piece for _, piece, _ in found)))
        self.keys["compute", number, 0, 0] = issue

    def _move(self, issue: Issue) -> None:
        """A fill or a drain."""
        kind, tile, _ = self._at(issue.reads[0], "home", "in", "out")
        if kind == "out":
            raise Unsupported("scheduling", "an output tile with two sessions (filled from a partial sum)")
        self._note(("drain" if kind == "home" else "fill", tile, 0, 0), issue)
        if issue.writes[0][0] not in self.staying:
            self._lies(("out" if kind == "home" else "home", tile, 0), issue.writes[0])
