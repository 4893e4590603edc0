"""Several einsums: data pass through the outermost memory, with the waits that that takes."""

from __future__ import annotations

import pytest

from isamap.compile import Compiled, Options, compile_workload
from isamap.errors import Infeasible, Unsupported
from isamap.ir.answers import Level, Tiling
from isamap.scheduling import list_schedule
from isamap.scheduling.written import Boxes
from isamap.spec import load_target, load_workload
from tests.nests import S16, binding_of, tiling_from


def compiled(einsums: list[str], more: str = "", tensors: str = "XYZ") -> Compiled:
    """Elementwise einsums on 6 x 9 tensors of tiny."""
    lines = ["name: turns", "sizes: {M: 6, N: 9}", "tensors:"]
    lines += [f"  {name}: {{dtype: s32, shape: [M, N]}}" for name in tensors]
    text = "\n".join([*lines, "einsums:", *(f"  - {einsum}" for einsum in einsums), more, ""])
    return compile_workload(load_workload(text), load_target("tiny"), Options(deterministic=True, time_limit_s=2))


RELU, SUM = "Y[m,n] = max(X[m,n], 0)", "X[m,n] = Y[m,n] + Z[m,n]"
TURNS = [
    ([RELU, "W[m,n] = Y[m,n] + Z[m,n]"], "outputs: [W]", "XYZW"),  # read what was written
    ([RELU, "W[5-m,n] = Y[m,8-n] + Z[m,n]"], "outputs: [W]", "XYZW"),  # in another order
    ([RELU, SUM], "inputs: [X, Z]\noutputs: [X, Y]", "XYZ"),  # write what was read
    ([RELU, "X[5-m,n] = Y[m,8-n] + Z[m,n]"], "inputs: [X, Z]\noutputs: [X, Y]", "XYZ"),
    ([RELU, "Y[m,n] = max(Z[m,n], 0)"], "inputs: [X, Z]\noutputs: [Y]", "XYZ"),  # write what was written
    ([RELU, "X[m,n] = max(Z[m,n], 0)", "Z[m,n] = X[m,n] + Y[m,n]"], "inputs: [X, Z]\noutputs: [X, Y, Z]", "XYZ"),
]


@pytest.mark.parametrize(("einsums", "more", "tensors"), TURNS)
def test_reads_and_writes_of_one_tensor_keep_their_order(einsums: list[str], more: str, tensors: str) -> None:
    answer = compiled(einsums, more, tensors)
    assert answer.violations == ()
    assert answer.simulation.latency_cycles == answer.schedule.latency_cycles


def test_a_fetch_awaits_only_the_stores_that_it_touches() -> None:
    """The second einsum starts before the first has stored everything; an output does not stay on chip."""
    schedule = compiled([RELU, "W[m,n] = Y[m,n] + Z[m,n]"], "outputs: [W, Y]", "XYZW").schedule
    steps = [schedule.steps[n] for n in schedule.step]
    stores = {n for n, step in enumerate(steps) if step.performs == "store" and step.tensor == "Y"}
    at, awaited = 0, []
    for n, count in enumerate(schedule.wait_count):
        waits = set(schedule.wait_on[at : at + count])
        at += count
        if steps[n].performs == "load" and steps[n].tensor == "Y":
            awaited.append(len(waits & stores))
    assert awaited
    assert all(0 < count < len(stores) for count in awaited)


def test_boxes_find_what_they_meet() -> None:
    boxes = Boxes()
    for n, low in enumerate(range(0, 20, 5)):
        boxes.add(((low, low + 5), (0, 3)), [n])
    assert boxes.touched(((4, 6), (1, 2))) == [(0, 0), (1, 0)]
    assert boxes.touched(((4, 6), (3, 4))) == []
    assert boxes.touched(((-9, 1), (-9, 9))) == [(0, 0)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Y[m,n] = max(Y[m,n], 0)", "which reads the tensor that it writes"),
        ("Y[m,0] = max(X[m,0], 0)", "Y, of whose 54 elements only 6 are written"),
    ],
)
def test_what_cannot_be_put_in_order_is_refused(text: str, what: str) -> None:
    given = "Y" if "max(Y" in text else "X"
    with pytest.raises(Unsupported, match=what):
        compiled([text], f"inputs: [{given}]\noutputs: [Y]", "XY")


def test_too_few_slots_for_what_is_being_added_to() -> None:
    """tiny adds in local memory, which has no way to set a tile aside: with k outermost every tile needs a slot."""
    binding = binding_of("gemm", "tiny", {"M": 4, "N": 4, "K": 8})
    tiling = tiling_from(binding, {"m": 2, "n": 2, "k": 4}, {}, "k m n", "k m n")
    assert dict(tiling.levels[1].buffers)["C"] == 4
    list_schedule([(binding, tiling)], binding.target)
    with pytest.raises(Infeasible, match="1 slots are too few for the output tiles"):
        list_schedule([(binding, _with_slots(tiling, 1, "C"))], binding.target)


def test_too_few_places_for_partial_sums() -> None:
    """p16's accumulators hold two tiles; the partial sums of the others wait in the scratchpad."""
    binding = binding_of("gemm", "p16", {"M": 64, "N": 32, "K": 64} | S16)
    tiling = tiling_from(binding, {"m": 16, "n": 16, "k": 32}, {}, "k m n", "k m n")
    list_schedule([(binding, tiling)], binding.target)
    with pytest.raises(Infeasible, match="2 slots are too few for the partial sums"):
        list_schedule([(binding, _with_slots(tiling, 0, "C", 2))], binding.target)


def _with_slots(tiling: Tiling, level: int, name: str, count: int = 1) -> Tiling:
    """``tiling`` with so many slots for one tensor on one level."""

    def changed(n: int, one: Level) -> Level:
        if n != level:
            return one
        buffers = tuple((tensor, count if tensor == name else slots) for tensor, slots in one.buffers)
        held = tuple((tensor, min(count, slots) if tensor == name else slots) for tensor, slots in one.held)
        return Level(one.memory, one.tile, one.order, buffers, one.pieces, held)

    return Tiling(tiling.match, tuple(changed(n, one) for n, one in enumerate(tiling.levels)))
