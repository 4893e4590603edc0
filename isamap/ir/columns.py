"""A column of numbers as one line of text, for result files: exact, compact, the same every time.

``pack`` keeps differences between numbers a fixed distance apart where that is smaller (issues repeat their origins
every few numbers), stores them in the fewest bytes that hold all of them, compresses, and writes base64. The first
bytes record the array's typecode, the stored one, the distance and how many numbers follow; all is little endian and
under the checksum of zlib.
"""

from __future__ import annotations

import base64
import binascii
import operator
import struct
import sys
import zlib
from array import array
from itertools import accumulate
from typing import Any

from isamap.errors import Fault, InvalidNoun

__all__ = ["pack", "unpack"]

TYPECODES = "bBhHiIlLqQfd"
_STORED_BYTES = {"b": 1, "h": 2, "i": 4, "q": 8, "Q": 8, "f": 4, "d": 8}
_HEADER = struct.Struct("<ccBQ")  # typecode, stored typecode, distance (0: numbers as they are), how many
_LEVEL = 4
_SAMPLE = 8192
_FARTHEST = 24


def pack(column: array[Any]) -> str:
    """``column`` as text; ``unpack`` gives it back."""
    if column.typecode not in TYPECODES:
        raise InvalidNoun([Fault(("column",), f"an array of typecode {' '.join(TYPECODES)}", repr(column.typecode))])
    distance = _best_distance(column)
    stored = _narrow(_differences(column, distance)) if column.typecode not in "fd" else column
    header = _HEADER.pack(column.typecode.encode(), stored.typecode.encode(), distance, len(column))
    return base64.b64encode(zlib.compress(header + _little_endian(stored).tobytes(), _LEVEL)).decode("ascii")


def unpack(text: str) -> array[Any]:
    """The array that ``pack`` wrote as ``text``; raises InvalidNoun where it is damaged."""
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode(text.encode("ascii"), validate=True))
        if not stream.eof or stream.unused_data:
            raise ValueError("it is cut short" if not stream.eof else "something follows it")
        kind, kept, distance, count = _HEADER.unpack_from(data)
        typecode, stored = kind.decode(), array(kept.decode() if kept.decode() in _STORED_BYTES else "?")
        if typecode not in TYPECODES or len(data) - _HEADER.size != count * stored.itemsize:
            raise ValueError("its header does not fit its content")
        stored.frombytes(data[_HEADER.size :])
        return _sums(typecode, _little_endian(stored), distance)
    except (binascii.Error, zlib.error, struct.error, ValueError, OverflowError) as error:
        shown = text if len(text) <= 40 else f"{text[:37]}..."
        raise InvalidNoun([Fault(("column",), "a packed column", repr(shown), str(error))]) from None


def _best_distance(column: array[Any]) -> int:
    """The distance whose differences compress best in a sample; 0 where none helps or differences do not fit."""
    if column.typecode in "fd" or len(column) < 2 or max(max(column), max(column) - min(column)) >= 1 << 63:
        return 0
    middle = max(0, len(column) // 2 - _SAMPLE // 2)
    sample = column[middle : middle + _SAMPLE]
    size = {
        distance: len(zlib.compress(_narrow(_differences(sample, distance)).tobytes(), _LEVEL))
        for distance in range(min(_FARTHEST, len(sample) - 1) + 1)
    }
    return min(size, key=lambda distance: (size[distance], distance))


def _differences(column: array[Any], distance: int) -> list[int]:
    if not distance:
        return column.tolist()
    return [*column[:distance], *map(operator.sub, column[distance:], column)]


def _sums(typecode: str, stored: array[Any], distance: int) -> array[Any]:
    """Undoes ``_differences``."""
    if not distance:
        return array(typecode, stored)
    column = array(typecode, bytes(len(stored) * array(typecode).itemsize))
    for first in range(distance):
        column[first::distance] = array(typecode, accumulate(stored[first::distance]))
    return column


def _narrow(numbers: list[int]) -> array[int]:
    """An array of the smallest items that hold every number."""
    least, most = min(numbers, default=0), max(numbers, default=0)
    for typecode, size in _STORED_BYTES.items():
        if typecode == "Q" or max(-1 - least, most) < 1 << (8 * size - 1):
            return array(typecode, numbers)
    raise AssertionError("the last typecode holds everything that an array can")


def _little_endian(column: array[Any]) -> array[Any]:
    if sys.byteorder == "big":  # a copy: the caller's array stays as it is
        column = column[:]
        column.byteswap()
    return column
