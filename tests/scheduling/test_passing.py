"""Einsums that work in turns: who belongs together, who may lag behind, and how many pieces have to stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.errors import Infeasible, Unsupported
from isamap.ir.answers import Buffer, Home
from isamap.scheduling import groups, list_schedule, pieces_alive, same_places, turns
from isamap.scheduling.passing import alike, depths, in_turn
from isamap.scheduling.residency import Slots
from isamap.scheduling.visits import cut, same_elements, visits
from isamap.spec import load_target
from tests.fusion import CHAIN, DEPTHWISE, FusedKernel, fused_kernel


def chain(turns_of_t: int = 2) -> FusedKernel:
    homes = {"T": Home("local", (1, 1), 0, 2, turns_of_t), "U": Home("local", (1, 1), 0, 2, 2)}
    return fused_kernel(CHAIN, "tiny", (("local_bytes", 1024),), tuple(homes.items()))


def depthwise() -> FusedKernel:
    return fused_kernel(DEPTHWISE, "p16", (("spad_kib", 4),), (("T", Home("spad", (1, 4, 4), 1, 4, 1)),), 1)


def test_einsums_that_pass_strips_on_are_a_group() -> None:
    bindings = chain().bindings
    assert groups(bindings) == [[0, 1, 2]]
    assert groups(bindings[:1] + bindings[2:]) == [[0], [1]]
    assert groups(depthwise().bindings) == [[0, 1]]


def test_a_reader_lags_behind_its_writer_where_two_strips_fit() -> None:
    assert depths(chain(2).bindings) == [0, 1, 2]
    assert depths(chain(1).bindings) == [0, 0, 0]
    assert _before(chain(2), (1, 2), (2, 0))
    assert _before(chain(1), (2, 0), (1, 2))


def _before(kernel: FusedKernel, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Is the first computation of one (einsum, first row) begun before that of the other? Both are on one unit."""
    order = _computations(kernel)
    return order.index(one) < order.index(other)


def _computations(kernel: FusedKernel) -> list[tuple[int, int]]:
    """(einsum, first row) of every computation, in order."""
    schedule, at, found = kernel.schedule, 0, []
    names = {binding.number: binding.instruction.name for binding in kernel.bindings}
    for index in schedule.step:
        step = schedule.steps[index]
        if step.performs == names[step.einsum]:
            found.append((step.einsum, schedule.origin[at]))
        at += len(kernel.work.einsums[step.einsum].axes)
    return found


def test_buffers_of_a_group_lie_side_by_side_or_take_turns() -> None:
    """Both einsums use both banks of p16's accumulators, in turn; the scratchpad has room for all."""
    kernel = depthwise()
    during = turns(kernel.bindings, kernel.schedule, kernel.target)
    for buffer in kernel.schedule.buffers:
        einsum = int(buffer.name[0]) if buffer.home is None else 0
        wanted = range(einsum, einsum + 1) if buffer.memory == "acc" else range(2)
        assert during[buffer.name] == wanted
    assert in_turn(kernel.schedule.buffers, kernel.target) == {"acc"}
    assert same_places(kernel.bindings, kernel.schedule, kernel.target) == {"1.O.C@acc": "0.T.C@acc"}
    at = {life.name: address for life, address in kernel.placement.addresses}
    assert [at[f"1.O.C@acc[{n}]"] for n in range(2)] == [at[f"0.T.C@acc[{n}]"] for n in range(2)]


def test_alike() -> None:
    one = Buffer("one", "X", "acc", 2, 512, 512)
    assert alike([one, Buffer("two", "Y", "acc", 2, 512, 512)])
    assert not alike([one, Buffer("two", "Y", "acc", 2, 256, 512)])


def test_slots_taken_over_await_their_last_users_the_first_let_go_first() -> None:
    before, after = Slots(2), Slots(2)
    for number, last in ((0, 7), (1, 5)):
        slot = before.slots[number]
        slot.key, slot.last_use, slot.writer, slot.readers = number, last, 10 + number, (20 + number,)
    after.take_over(before)
    first = after.victim()
    assert (first.number, first.writer, first.readers) == (1, 11, (21,))
    after.give(first, "mine")
    after.used(first, 0, 1)
    assert after.victim().number == 0
    assert after.find(0) is None


def test_pieces_that_stay_until_they_are_not_needed() -> None:
    """Counted visit by visit: the halo of every channel, and what the visit itself needs."""
    kernel = depthwise()
    binding, tiling = kernel.parts[0]
    role = next(role for role in binding.inputs if role.tensor.name == "I")
    pieces = [cut(binding, role, tiling).piece(*visit) for visit in visits(binding, tiling)]
    keys = same_elements(role.access, list(binding.extents), pieces)
    wanted = max(len(set(keys[: n + 1]) & set(keys[n:])) for n in range(len(keys)))
    assert pieces_alive(binding, tiling, role) == wanted
    assert len(set(keys)) < len(set(pieces))


def test_pieces_with_the_same_elements_have_one_name() -> None:
    kernel = depthwise()
    binding, tiling = kernel.parts[0]
    role = next(role for role in binding.inputs if role.tensor.name == "I")
    pieces = [cut(binding, role, tiling).piece(*visit) for visit in visits(binding, tiling)]
    named = dict(zip(pieces, same_elements(role.access, list(binding.extents), pieces), strict=True))

    def elements(piece: tuple[tuple[int, int], ...]) -> tuple[object, ...]:
        start = {axis: low for axis, (low, _) in zip(binding.extents, piece, strict=True)}
        layout = role.layout({axis: high - low for axis, (low, high) in zip(binding.extents, piece, strict=True)})
        return layout.first(role.access, start), layout.block, layout.strides

    for one in named:
        for other in named:
            assert (named[one] == named[other]) == (elements(one) == elements(other))


def test_tiles_that_meet_two_strips_are_refused() -> None:
    kernel = chain()
    binding, tiling = kernel.parts[0]
    outer = tiling.levels[0]
    wider = replace(outer, tile=tuple((axis, 3 if axis == "m" else size) for axis, size in outer.tile))
    spoiled = replace(tiling, levels=(wider, *tiling.levels[1:]))
    with pytest.raises(Unsupported, match="do not go from strip to strip of 2"):
        list_schedule([(binding, spoiled), *kernel.parts[1:]], kernel.target)


def test_strips_need_a_memory_with_room_beside_them() -> None:
    kernel = chain()
    small = load_target("tiny", {"local_bytes": 256})
    with pytest.raises(Infeasible, match="no room for T U beside the other tensors"):
        list_schedule(kernel.parts, small)
