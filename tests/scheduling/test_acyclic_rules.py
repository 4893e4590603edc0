"""Each rule of the acyclic formulation on two to four operations: the best latency, and the wrong one without the rule.

``dma`` brings in, ``alu`` computes, ``out`` stores; where nothing else is said a task holds its queue as long as it
takes, and everything fits.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.ir.effort import Effort
from isamap.ir.hardware import Use
from isamap.scheduling.acyclic.body import Body, Computation, Piece, Stay, Tile
from isamap.scheduling.acyclic.formulation import RULES
from isamap.scheduling.acyclic.solve import solve
from tests.scheduling.bodies import body, cost, horizon

BYTE = Stay("spad", 1, 1)
STORE = Tile(BYTE, (cost("out", 3),))
THREE = {"queues": (("dma", 1), ("alu", 1), ("out", 1))}


def computation(tile: int, *pieces: int, cycles: int = 2) -> Computation:
    return Computation(tile, pieces, cost("alu", cycles), cost("alu", cycles))


def one_after_the_other() -> Body:
    """Load 5, compute 2, store 3."""
    return body([Piece(BYTE, (cost("dma", 5),))], [STORE], [computation(0, 0)], **THREE)


def given_a_value() -> Body:
    """The tile enters in 4, compute 2, store 3."""
    return body([], [Tile(BYTE, (cost("out", 3),), (cost("dma", 4),))], [computation(0)], **THREE)


def two_contributions() -> Body:
    """Two units; each contribution takes 4 and needs the other's result, store 3."""
    queues = (("dma", 1), ("alu", 2), ("out", 1))
    return body([], [STORE], [computation(0, cycles=4), computation(0, cycles=4)], queues=queues)


def two_loads() -> Body:
    """Loads of 2 and 3 on one channel, compute 2, store 3."""
    pieces = [Piece(BYTE, (cost("dma", cycles),)) for cycles in (2, 3)]
    return body(pieces, [STORE], [computation(0, 0, 1)], **THREE)


def one_bus() -> Body:
    """Loads of 2 and 3 on two channels that share a bus, compute 2, store 3."""
    pieces = [Piece(BYTE, (cost(queue, n, None, None, Use("bus")),)) for queue, n in (("dma", 2), ("out", 3))]
    return body(pieces, [STORE], [computation(0, 0, 1)], resources=(("bus", 4),), **THREE)


def half_the_bus() -> Body:
    """As ``one_bus``, with shares of 3 and 2 of 4 bytes per cycle."""
    pieces = [
        Piece(BYTE, (cost(queue, n, None, None, Use("bus", share)),))
        for queue, n, share in (("dma", 2, 3), ("out", 3, 2))
    ]
    return body(pieces, [STORE], [computation(0, 0, 1)], resources=(("bus", 4),), **THREE)


def one_byte_left() -> Body:
    """Two bytes, for a piece and a tile: load 2, compute 5, store 3, and only then (the load 2 beside the store) the
    other tile, compute 5, store 3."""
    pieces = [Piece(BYTE, (cost("dma", 2),)) for _ in range(2)]
    return body(pieces, [STORE, STORE], [computation(0, 0, cycles=5), computation(1, 1, cycles=5)], 2, **THREE)


def own_bank() -> Body:
    """The result is there after 1, but the bank is held for 5; drain 2, store 3."""
    tile = Tile(Stay("acc", 1, 1), (cost("out", 3),), outward=BYTE, drain=cost("dma", 2))
    memories = (("spad", 9, 1), ("acc", 2, 2))
    task = cost("alu", 1, 1, 5)
    return body([], [tile], [Computation(0, (), task, task)], memories=memories, **THREE)


def one_bank_for_two() -> Body:
    """One of two banks serves both tiles in turn: each as in ``own_bank``, the other bank being taken by a third."""
    tile = Tile(Stay("acc", 1, 1), (cost("out", 3),), outward=BYTE, drain=cost("dma", 2))
    memories = (("spad", 9, 1), ("acc", 2, 2))
    task, long = cost("alu", 1, 1, 5), cost("alu", 1, 20, 20)
    computations = [Computation(n, (), one, one) for n, one in enumerate((task, task, long))]
    return body([], [tile] * 3, computations, memories=memories, **THREE)


def through_memory() -> Body:
    """Compute 2, store 3; then load 5 of what was stored, compute 2, store 3."""
    pieces = [Piece(BYTE, (cost("dma", 5),), tiles=(0,))]
    return body(pieces, [STORE, STORE], [computation(0), computation(1, 0)], **THREE)


def on_chip() -> Body:
    """Two units. A tile of a tensor that stays takes 4, is drained there in 5, and read for 2; store 3."""
    tiles = [Tile(Stay("acc", 1, 1), (), drain=cost("out", 5), tensor=0), STORE]
    computations = [computation(0, cycles=4), replace(computation(1), tiles=(0,))]
    given = {"tensors": (BYTE,), "memories": (("spad", 9, 1), ("acc", 9, 1))}
    return body([], tiles, computations, queues=(("dma", 1), ("alu", 2), ("out", 1)), **given)


def whole_tensor_stays() -> Body:
    """Two bytes: a tensor of one, computed in place in 2 and read twice. Tiles (5 and 1, store 3 each) share what is
    left, one after the other: 2 + 1 + 3 + 5 + 3. If the tensor did not stay for the second one, it could go on in its
    byte, beside the store of the first: 2 + 1 + 5 + 3."""
    tiles = [Tile(None, (), tensor=0), STORE, STORE]
    computations = [computation(0), *(replace(computation(1 + n, cycles=c), tiles=(0,)) for n, c in enumerate((5, 1)))]
    return body([], tiles, computations, 2, tensors=(BYTE,), **THREE)


CASES = [
    ("use", one_after_the_other, 10, 5),
    ("fetch", one_after_the_other, 10, 5),
    ("open", given_a_value, 9, 5),
    ("add", two_contributions, 11, 7),
    ("close", one_after_the_other, 10, 3),
    ("through", through_memory, 15, 10),
    ("pass", on_chip, 14, 5),
    ("stay", one_byte_left, 18, 15),
    ("stay", whole_tensor_stays, 14, 11),
    ("queue", two_loads, 10, 8),
    ("resource", one_bus, 10, 8),
    ("resource", half_the_bus, 10, 8),
    ("bank", own_bank, 10, 6),
    ("bytes", one_byte_left, 18, 15),
    ("latency", one_after_the_other, 10, 0),
]
REDUNDANT = {"capacity", "bound", "copies", "alike"}


def best(given: Body, *without: str, bound: int = 0) -> int:
    answer = solve(given, horizon(given), Effort(10, deterministic=True), bound=bound, without=without)
    assert answer.outcome.status == "optimal"
    assert answer.plan is not None
    return answer.plan.latency_cycles


@pytest.mark.parametrize(("label", "make", "right", "wrong"), CASES)
def test_each_rule_is_needed(label: str, make: object, right: int, wrong: int) -> None:
    """``bytes`` is left out together with its redundant ``capacity``."""
    given = make()  # type: ignore[operator]
    assert best(given) == right
    assert best(given, label, *(["capacity"] if label == "bytes" else [])) == wrong


@pytest.mark.parametrize("label", sorted(REDUNDANT))
@pytest.mark.parametrize("make", [one_byte_left, two_loads, one_bank_for_two])
def test_a_redundant_rule_changes_nothing(label: str, make: object) -> None:
    given = make()  # type: ignore[operator]
    right = best(given)
    assert best(given, label, bound=right) == right


def test_every_rule_has_a_case_and_stands_in_the_formulation() -> None:
    from isamap.scheduling.acyclic import formulation

    assert {label for label, *_ in CASES} | REDUNDANT == set(RULES)
    assert formulation.__doc__ is not None
    for label, rule in RULES.items():
        assert f" {label} " in formulation.__doc__
        assert rule.__name__.strip("_") == label


def test_a_bank_serves_one_tile_after_the_other() -> None:
    """The long one takes a bank for itself, the short ones the other in turn: 1 and a drain from 5 to 7, twice over
    (7 + 5 + 2), store 3; the long one's drain and store come after 20."""
    assert best(one_bank_for_two()) == 25
    assert best(one_bank_for_two(), "bank") == 25


def test_a_piece_may_be_brought_in_again() -> None:
    """Three bytes: the tile, and two of three pieces. The first is read first and last; bringing it in again (1) costs
    less than keeping the others out."""
    pieces = [Piece(BYTE, (cost("dma", 1),), copies=2), *(Piece(Stay("spad", 2, 1), (cost("dma", 1),)) for _ in "ab")]
    wanted = [computation(0, 0), computation(0, 1), computation(0, 0, 2)]
    given = body(pieces, [STORE], wanted, 4, **THREE)
    answer = solve(given, horizon(given), Effort(10, deterministic=True))
    assert answer.outcome.status == "optimal"
    short = solve(body([Piece(p.stay, p.loads) for p in pieces], [STORE], wanted, 4, **THREE), 40, Effort(10))
    assert short.plan is not None
    assert answer.plan is not None
    assert answer.plan.latency_cycles <= short.plan.latency_cycles


def test_what_does_not_fit_is_proved_impossible() -> None:
    given = body([Piece(Stay("spad", 3, 1), (cost("dma", 1),))], [STORE], [computation(0, 0)], 3, **THREE)
    assert solve(given, 40, Effort(10)).outcome.status == "infeasible"
