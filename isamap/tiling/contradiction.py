"""What cannot be of two pinned levels: names that the machine does not have there, sizes that no issue takes, loops
that leave points out, buffers that no memory holds. Each with what would be possible."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod

from isamap.errors import Fault, InvalidNoun
from isamap.ir.answers import sizes
from isamap.ir.binding import Binding, Role
from isamap.ir.carried import why_not_carried
from isamap.ir.fixed import FixedLevel
from isamap.ir.hardware import Memory
from isamap.tiling.complete import cut_in, is_complete, labels
from isamap.tiling.greedy import whole_at_home
from isamap.tiling.nest import histogram
from isamap.tiling.restricted import pinned_block

BLOCKS, ISSUES = 0, 1


def contradictions(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> list[Fault]:
    """Every fault of the two levels under this binding, under the path ``levels``; none does not mean that a tiling
    exists."""
    faults = [*_places(binding, blocks, issues), *_at_home(binding, blocks), *_held(blocks, issues)]
    faults += [*_sizes_of_an_issue(binding, blocks, issues), *_loops(binding, blocks, issues)]
    if not faults:
        try:
            faults = [*_pieces(binding, blocks, issues), *_room(binding, blocks, issues)]
        except InvalidNoun as error:
            faults = [Fault((ISSUES, "tile"), "a tile whose operands lie as the instruction takes them", str(error))]
    return [fault.under("levels") for fault in faults]


def _places(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> Iterator[Fault]:
    """Memories and labels are those that the binding has on each level."""
    output, at_home = binding.output, {role.label for role in binding.roles if role.home is not None}
    landing = (*binding.fetched, output)[0].route.landing.name
    names = labels(binding)
    for n, level, memory in ((BLOCKS, blocks, landing), (ISSUES, issues, output.route.memory.name)):
        if level.memory not in ("", memory):
            what = "blocks lie in" if n == BLOCKS else "the output of an issue lies in"
            yield Fault((n, "memory"), f"{memory}, which {what}", repr(level.memory))
        allowed = sorted(names[n] | (at_home if n == BLOCKS else set()))
        for key, table in (("buffers", level.buffers), ("held", level.held), ("pieces", level.pieces)):
            for label, _ in table:
                leaves = n == BLOCKS and label == output.label and label not in at_home
                if label not in allowed or (leaves and key != "buffers"):
                    yield Fault((n, key), f"of {' '.join(allowed)}", repr(label))


def _at_home(binding: Binding, blocks: FixedLevel) -> Iterator[Fault]:
    """Tensors that stay on chip do so whole, in one place."""
    counts, wholes = whole_at_home(binding)
    given = dict(blocks.buffers), dict(blocks.pieces)
    for label, whole in wholes.items():
        if given[0].get(label, 1) != counts.get(label, 1):
            yield Fault((BLOCKS, "buffers", label), "1: the tensor stays on chip whole", str(given[0][label]))
        for x, size in given[1].get(label, ()):
            if size != dict(whole).get(x, size):
                what = f"{dict(whole)[x]}: the tensor stays on chip whole"
                yield Fault((BLOCKS, "pieces", label, x), what, str(size))


def _sizes_of_an_issue(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> Iterator[Fault]:
    """No issue is larger than the instruction takes, with the axes that are not said at 1; nor, at an edge, smaller."""
    tile, name, extents = dict(issues.tile), binding.instruction.name, binding.extents
    for axis, fused in binding.match.axes:
        found = next(a for a in binding.instruction.axes if a.name == axis)
        given = [x for x in fused if x in tile]
        if given and prod(tile[x] for x in given) > found.most:
            what = f"at most {found.most}, what {name} takes along {axis} = {' '.join(fused)}"
            product = " x ".join(f"{x}={tile[x]}" for x in given)
            yield Fault((ISSUES, "tile", given[-1]), what, product)
        elif len(given) == len(fused) and given:
            cuts = [histogram(extents[x], pinned_block(x, extents[x], blocks) or extents[x], tile[x]) for x in fused]
            smallest = prod(min(cut) for cut in cuts)
            if smallest < found.least:
                what = f"issues of at least {found.least}, what {name} takes along {axis} = {' '.join(fused)}"
                yield Fault((ISSUES, "tile", given[-1]), what, f"some of {smallest}")
    for x, size in issues.tile:
        if x not in binding.match.mapped_axes and size != 1:
            yield Fault((ISSUES, "tile", x), f"1: no axis of {name} takes {x} in this match", str(size))


def _loops(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> Iterator[Fault]:
    """Tiles lie in blocks; whatever takes several blocks or tiles has a loop; turning is of both levels or none."""
    tiles, mapped = dict(issues.tile), binding.match.mapped_axes
    for x, extent in binding.extents.items():
        block, tile = pinned_block(x, extent, blocks), tiles.get(x, None if x in mapped else 1)
        if block is not None and block < extent and blocks.order is not None and x not in blocks.order:
            yield _no_loop(BLOCKS, blocks, f"{x}, which takes {ceil(extent / block)} blocks of {block}")
        if block is None or tile is None or tile == block:
            continue
        if tile > block:
            yield Fault((ISSUES, "tile", x), f"at most {block}, the block of {x}", str(tile))
        elif issues.order is not None and x not in issues.order:
            yield _no_loop(
                ISSUES, issues, f"{x}, of which a block of {block} takes {ceil(block / tile)} tiles of {tile}"
            )
    differ = blocks.turning != issues.turning and None not in (blocks.turning, issues.turning)
    if differ and not is_complete(binding, blocks, issues):
        said = str(blocks.turning).lower()
        yield Fault((ISSUES, "turning"), f"{said} as on the level above, or a complete tiling", "the other")


def _no_loop(number: int, level: FixedLevel, expected: str) -> Fault:
    return Fault((number, "order"), f"a loop over {expected}", f"only {' '.join(level.order or ()) or 'no loop'}")


def _held(blocks: FixedLevel, issues: FixedLevel) -> Iterator[Fault]:
    for n, level in enumerate((blocks, issues)):
        for label, held in level.held:
            if held > dict(level.buffers).get(label, held):
                most = dict(level.buffers)[label]
                yield Fault((n, "held", label), f"at most {most}, the buffers of {label}", str(held))


def _pieces(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> Iterator[Fault]:
    """A piece is a tile or a block long, or of a tile of two one; transfers can carry it."""
    for role in binding.fetched:
        for x, size in dict(blocks.pieces).get(role.label, ()):
            tile = dict(issues.tile).get(x, 1 if x not in binding.match.mapped_axes else None)
            block = pinned_block(x, binding.extents[x], blocks)
            known = [one for one in (tile, block) if one is not None]
            if x in role.access.axes and len(known) == 2 and size not in known and (size, tile) != (1, 2):
                what = f"{tile}, the tile of {x}, or {block}, its block"
                yield Fault((BLOCKS, "pieces", role.label, x), what, str(size))
    if is_complete(binding, blocks, issues):
        whole = sizes({x: dict(issues.tile).get(x, 1) for x in binding.extents})
        for role in binding.roles:
            refusal = why_not_carried(role, dict(cut_in(role, blocks, whole)))
            if refusal:
                yield Fault((ISSUES, "tile"), "pieces that can be carried", refusal)


def _room(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> Iterator[Fault]:
    """The buffers that are said, and one each of the others, fit their memories; what is not said of sizes is 1."""
    tile, output = sizes({x: dict(issues.tile).get(x, 1) for x in binding.extents}), binding.output
    needs: dict[str, list[tuple[str, int, int]]] = {}

    def need(memory: Memory, level: FixedLevel, role: Role, size_bytes: int) -> None:
        entry = (role.label, dict(level.buffers).get(role.label, 1), size_bytes)
        needs.setdefault(memory.name, []).append(entry)

    for role in binding.fetched:
        need(role.route.memory, blocks, role, role.slot_bytes(dict(cut_in(role, blocks, tile))))
    if output.label in labels(binding)[BLOCKS]:
        need(output.route.landing, blocks, output, output.staged_slot_bytes(dict(tile)))
    if output.home is None or output.route.staging is not None:
        need(output.route.memory, issues, output, output.slot_bytes(dict(tile)))
    room, landing = binding.room(), (*binding.fetched, output)[0].route.landing.name
    for memory, parts in needs.items():
        needed = sum(count * size for _, count, size in parts)
        if needed > room[memory]:
            listed = ", ".join(f"{label} {count} x {size:,}" for label, count, size in parts)
            path, more = (BLOCKS if memory == landing else ISSUES, "buffers"), f"{needed - room[memory]:,} too many"
            yield Fault(path, f"at most {room[memory]:,} bytes in {memory}", f"{needed:,}: {listed}", more)
