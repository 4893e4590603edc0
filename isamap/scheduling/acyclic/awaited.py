"""What the tasks of a plan await: their data, and the bytes that they are the first to write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from isamap.scheduling.acyclic.body import Body, Key, Plan, Stay, Where, readers, writers
from isamap.scheduling.acyclic.solve import lasts
from isamap.scheduling.tasks import OPERANDS, RESULT


@dataclass(frozen=True)
class Awaited:
    """Tasks and events that a task of ``plan`` has to await."""

    body: Body
    plan: Plan

    def all(self, key: Key) -> list[tuple[Key, int]]:
        """Everything that ``key`` awaits, once each."""
        return list(dict.fromkeys((*self._data(key), *self._bytes(key))))

    @cached_property
    def _lying(self) -> dict[Where, tuple[Stay, int, tuple[int, int]]]:
        """Each stay that takes place, with its address and cycles."""
        plan = self.plan
        return {
            where: (stay, plan.address[where], lasts(self.body, plan, where))
            for where, stay in self.body.stays()
            if where[0] != "piece" or ("load", where[1], where[2], 0) in plan.start
        }

    def _bytes(self, key: Key) -> Iterator[tuple[Key, int]]:
        """The last readers of what lay before where ``key`` writes first."""
        for where in self._begins(key):
            mine, at, (begin, _) = self._lying[where]
            for other, (stay, there, (_, end)) in self._lying.items():
                meets = at < there + stay.size_bytes and there < at + mine.size_bytes
                if other != where and stay.memory == mine.memory and meets and end <= begin:
                    yield from ((reader, OPERANDS) for reader in self._readers(other))

    def _begins(self, key: Key) -> list[Where]:
        """The stays that the task is the first, or one of the first, to write."""
        kind, n, copy, _ = key
        if kind == "load":
            return [("piece", n, copy)]
        if kind == "compute":
            tile = self.body.computations[n].tile
            where = self._grows(tile)
            begins = key in writers(self.body, where) and self.plan.first(self.body, tile) == n
            return [where] if begins else []
        wheres: list[Where] = [("home", n, 0), ("in", n, 0), ("out", n, 0)]
        if self.body.tiles[n].tensor is not None:
            wheres.append(("tensor", self.body.tiles[n].tensor or 0, 0))
        return [where for where in wheres if where in self._lying and key in writers(self.body, where)]

    def _grows(self, tile: int) -> Where:
        """The stay in which a tile is computed."""
        tensor = self.body.tiles[tile].tensor
        whole = tensor is not None and self.body.tiles[tile].stay is None
        return ("tensor", tensor or 0, 0) if whole else ("home", tile, 0)

    def _readers(self, where: Where) -> list[Key]:
        found = [key for key in readers(self.body, where) if key in self.plan.start]
        if where[0] == "piece":
            found = [key for key in found if self.plan.reads[key[1], where[1]] == where[2]]
        return found

    def _data(self, key: Key) -> Iterator[tuple[Key, int]]:
        """The results that the task reads or adds to."""
        kind, n, _, _ = key
        if kind == "compute":
            for p in self.body.computations[n].pieces:
                parts = range(len(self.body.pieces[p].loads))
                yield from ((("load", p, self.plan.reads[n, p], part), RESULT) for part in parts)
            yield from self._added(n)
            yield from ((self._complete(t), RESULT) for t in self.body.computations[n].tiles)
        elif kind == "load":
            for t in self.body.pieces[n].tiles:
                yield from ((("store", t, 0, part), RESULT) for part in range(len(self.body.tiles[t].stores)))
        elif kind == "fill":
            yield from self._entered(n)
        elif kind == "store" and self.body.tiles[n].drain is not None:
            yield ("drain", n, 0, 0), RESULT
        elif kind in ("drain", "store"):
            yield ("compute", self._in_turn(n)[-1], 0, 0), RESULT

    def _added(self, computation: int) -> Iterator[tuple[Key, int]]:
        """What has to be in a tile before ``computation`` adds to it."""
        tile = self.body.computations[computation].tile
        turn = self._in_turn(tile)
        place = turn.index(computation)
        if place:
            yield ("compute", turn[place - 1], 0, 0), RESULT
        elif self.body.tiles[tile].fill is not None:
            yield ("fill", tile, 0, 0), RESULT
        else:
            yield from self._entered(tile)

    def _complete(self, tile: int) -> Key:
        """The task whose result is the whole tile on chip."""
        drained = self.body.tiles[tile].drain is not None
        return ("drain", tile, 0, 0) if drained else ("compute", self._in_turn(tile)[-1], 0, 0)

    def _entered(self, tile: int) -> Iterator[tuple[Key, int]]:
        return ((("enter", tile, 0, part), RESULT) for part in range(len(self.body.tiles[tile].enters)))

    def _in_turn(self, tile: int) -> Sequence[int]:
        """The computations of a tile in the order of the plan."""
        return sorted(self.body.of_tile(tile), key=lambda c: (self.plan.start["compute", c, 0, 0], c))
