"""Of which tensor the bytes are: transfers name it, moves pass it on, matches say it of what never leaves the chip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isamap.report.page.trace import Trace, carried_tensor, only_moves
from isamap.report.page.values import Events
from isamap.simulate.layout import Integers

NO_TENSOR = -1
_MOST_ROUNDS = 6


@dataclass(frozen=True)
class Labels:
    """Numbers of tensors (``NO_TENSOR`` where it is not known): per value, per issue (what it carries or computes), and
    per touch (where all its issues agree)."""

    value: Integers
    issue: Integers
    touch: Integers


def label(trace: Trace, events: Events) -> Labels:
    """Labels from transfers, then from matches, each along moves until nothing new is learnt."""
    issue = _carried(trace)
    value = issue[events.writer]
    value = _spread(trace, events, issue, value)
    matched = _filled(value, _largest(events, _matched(trace)[events.touch]))
    value = _spread(trace, events, issue, matched)
    wrote = events.writes & (issue[events.issue] == NO_TENSOR)
    np.maximum.at(issue, events.issue[wrote], value[events.value[wrote]])
    touch = _agreed(len(trace.touched), events.touch, value[events.value])
    return Labels(_filled(value, touch[events.touch[events.at]]), _like_their_kind(trace, issue), touch)


def _spread(trace: Trace, events: Events, issue: Integers, value: Integers) -> Integers:
    """What follows for other values from what is carried and passed on; what moves pass on goes into ``issue``."""
    passes = np.array([only_moves(action) for action in trace.actions], dtype=np.bool_)
    carries = np.array([action.is_transfer for action in trace.actions], dtype=np.bool_)
    moves, transfers = (kind[trace.action_of[events.issue]] for kind in (passes, carries))
    for _ in range(_MOST_ROUNDS):
        before = int((value == NO_TENSOR).sum())
        told = np.where(moves | transfers, issue[events.issue], NO_TENSOR)
        value = _filled(value, _largest(events, told))
        through = moves & (issue[events.issue] == NO_TENSOR)
        np.maximum.at(issue, events.issue[through], value[events.value[through]])
        if int((value == NO_TENSOR).sum()) == before:
            break
    return value


def _matched(trace: Trace) -> Integers:
    """Per touch, the tensor that its operand always holds."""
    names = [trace.holds.get((trace.actions[t.action].name, t.layout.operand)) for t in trace.touched]
    return np.array([NO_TENSOR if name is None else trace.tensor_number(name) for name in names], dtype=np.int64)


def _carried(trace: Trace) -> Integers:
    """Per issue, the tensor of the outermost memory that it carries."""
    names = [carried_tensor(action) for action in trace.actions]
    numbers = [NO_TENSOR if name is None else trace.tensor_number(name) for name in names]
    return np.array(numbers, dtype=np.int64)[trace.action_of]


def _largest(events: Events, label: Integers) -> Integers:
    """Per value, the largest label of its events."""
    return np.maximum.reduceat(label, events.at) if len(events.at) else events.at


def _agreed(count: int, keys: Integers, labels: Integers) -> Integers:
    """Per key, the label that all of its known entries share."""
    known = labels != NO_TENSOR
    keys, labels = keys[known], labels[known]
    high = np.full(count, NO_TENSOR, dtype=np.int64)
    low = np.full(count, np.iinfo(np.int64).max, dtype=np.int64)
    np.maximum.at(high, keys, labels)
    np.minimum.at(low, keys, labels)
    return np.where(high == low, high, NO_TENSOR)


def _like_their_kind(trace: Trace, issue: Integers) -> Integers:
    """Issues that no sampled address told about are taken for what all others of their action are."""
    return _filled(issue, _agreed(len(trace.actions), trace.action_of, issue)[trace.action_of])


def _filled(labels: Integers, instead: Integers) -> Integers:
    return np.where(labels == NO_TENSOR, instead, labels)
