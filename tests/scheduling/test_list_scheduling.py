"""Each rule of the clock on two to four tasks of the bench machine, whose starts can be told by hand.

``load`` takes ceil(bytes / 16) cycles and the whole bus; ``store`` ceil(bytes / 8) and half of it, two at a time, its
result 5 later; ``add`` on n takes the unit for n, its operands for 2n, its result comes after 3n, it holds half of the
port; ``negate`` takes n and the whole port; ``half`` takes n and half of it, two at a time.
"""

from __future__ import annotations

from isamap.ir.answers import Step
from isamap.scheduling.list_scheduling import ListScheduler
from isamap.scheduling.residency import NEVER
from isamap.scheduling.tasks import OPERANDS, RESULT, Cost, Tasks, instruction_cost, transfer_cost
from tests.machines import bench

Waits = list[tuple[int, int]]


def move(name: str, size_bytes: int) -> Cost:
    return transfer_cost(bench().transfer(name), size_bytes, 0)


def work(name: str, n: int) -> Cost:
    return instruction_cost(bench().instruction(name), {"n": n}, False, [])


def run(*entries: tuple[Cost, Waits] | tuple[Cost, Waits, int], in_order: tuple[str, ...] = ("alu",)) -> ListScheduler:
    """(cost, waits, deadline) per task; deadlines are the tasks' own order where not said."""
    tasks = Tasks(bench())
    for n, (cost, waits, *deadline) in enumerate(entries):
        tasks.add(Step("x", 0, (), ()), (), (), cost, waits, deadline[0] if deadline else n)
    scheduler = ListScheduler(tasks, in_order)
    scheduler.run()
    return scheduler


def test_a_queue_takes_one_after_the_other() -> None:
    assert run((move("load", 64), []), (move("load", 16), []), (move("load", 16), [])).start == [0, 4, 5]


def test_the_one_wanted_sooner_goes_first() -> None:
    found = run((move("load", 64), [], 9), (move("load", 16), [], 3))
    assert found.start == [1, 0]
    assert found.order == [1, 0]


def test_what_nobody_wants_goes_last() -> None:
    assert run((move("load", 64), [], NEVER), (move("load", 16), [], 3)).start == [1, 0]


def test_waits_for_results_and_for_operands() -> None:
    found = run((work("add", 8), []), (move("load", 16), [(0, OPERANDS)]), (move("load", 16), [(0, RESULT)]))
    assert found.start == [0, 16, 24]


def test_a_store_may_be_read_later_than_its_channel_is_free() -> None:
    assert run((move("store", 16), []), (move("load", 16), [(0, RESULT)])).start == [0, 7]


def test_the_unit_is_free_after_its_interval() -> None:
    assert run((work("add", 8), []), (work("add", 4), [])).start == [0, 8]


def test_computations_keep_their_order() -> None:
    """The second add could start at 0; the first awaits a load of 10 cycles."""
    found = run((move("load", 160), []), (work("add", 8), [(0, RESULT)]), (work("add", 8), []))
    assert found.start == [0, 10, 18]
    free = run((move("load", 160), []), (work("add", 8), [(0, RESULT)]), (work("add", 8), []), in_order=())
    assert free.start == [0, 10, 0]


def test_an_exclusive_port_is_held_through_the_occupancy() -> None:
    """add holds half of the port for 16 cycles; negate wants all of it."""
    assert run((work("add", 8), []), (work("negate", 4), [])).start == [0, 16]


def test_the_second_on_an_exclusive_port_awaits_the_first() -> None:
    """negate had the whole port; on the machine, which serves whoever comes first, a wait keeps that order."""
    load = move("load", 32)
    found = run((load, []), (move("store", 16), [(0, RESULT)]), (load, [(0, RESULT)]), in_order=())
    assert found.start == [0, 2, 4]  # the bus is whole again when the store is over
    found = run((work("negate", 4), []), (work("keep", 4), []), in_order=())
    assert found.start == [0, 0]  # keep uses no port
    assert found.extra == [[], []]


def test_two_queues_in_turn_on_one_bus() -> None:
    """Both use all of the bus: the later one gets a wait for the operands of the earlier."""
    tasks = Tasks(bench())
    whole = move("load", 32)
    other = Cost("copier", 2, 2, 2, whole.uses)
    for n, cost in enumerate((whole, other, whole)):
        tasks.add(Step("x", 0, (), ()), (), (), cost, [], n)
    scheduler = ListScheduler(tasks, ())
    scheduler.run()
    assert scheduler.start == [0, 2, 4]
    assert scheduler.extra == [[], [(0, OPERANDS)], [(1, OPERANDS)]]


def test_shares_of_a_port_are_held_at_once() -> None:
    """add and half take 8 of 16 bytes each; a second half has to wait for the first."""
    assert run((work("add", 8), []), (work("half", 4), []), (work("half", 4), [])).start == [0, 0, 4]


def test_a_channel_of_two_and_a_bus_of_two_halves() -> None:
    assert run(*[(move("store", 32), [])] * 3).start == [0, 0, 4]


def test_a_blocked_transfer_lets_another_pass() -> None:
    """The bus is taken by a store; the load that is wanted first cannot start, the copier can."""
    found = run((move("store", 32), []), (move("load", 16), []), (work("negate", 4), []), in_order=())
    assert found.start == [0, 4, 0]


def test_a_circle_leaves_tasks_unordered() -> None:
    tasks = Tasks(bench())
    for _ in range(2):
        tasks.add(Step("x", 0, (), ()), (), (), move("load", 16), [])
    tasks.waits[0].append((1, RESULT))
    tasks.waits[1].append((0, RESULT))
    scheduler = ListScheduler(tasks, ())
    scheduler.run()
    assert scheduler.order == []


def test_the_end_is_the_last_result() -> None:
    assert run((work("add", 8), []), (move("store", 8), [])).end_cycle == 24
