"""May two writers of a tensor meet in one byte?

Elements narrower than a byte share bytes. Who writes part of a byte leaves the rest as it is, and so has to await those
who write the rest. Pieces are planned so that there are none: whoever writes a piece writes *runs* of neighbouring
elements, and where every run begins with a whole byte, no byte belongs to two of them (what lies before the upper part
of a byte is in the same run, or a run would begin there).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from isamap.ir.binding import Role
from isamap.ir.block import block, blocks
from isamap.ir.dtype import DType
from isamap.ir.hardware import Transfer
from isamap.ir.region import BlockAxis


def why_stores_meet(role: Role, sizes: Mapping[str, int]) -> str:
    """Why two pieces may be written to one byte of ``role``'s tensor, where they have ``sizes`` and at the edges what
    is left; empty where they cannot."""
    store = role.route.store
    if not role.written or not role.tensor.dtype.is_packed or (store is None and role.home is None):
        return ""
    if store is not None:
        name, apart = store.name, list(_stored_apart(store, role, sizes))
    else:
        home, name = role.home, role.route.drain.name if role.route.drain is not None else role.operand.name
        assert home is not None
        apart = list(_between_runs([(sizes[x], home.stride(x)) for x in role.access.axes if sizes[x] > 1]))
    return _reason(role.tensor.dtype, name, role, sizes, [*apart, *_tiles_apart(role, sizes)])


def why_fetches_meet(role: Role, sizes: Mapping[str, int]) -> str:
    """Why two parts of one fetch may write elements of one byte of its slot; empty where they cannot."""
    fetch = role.route.fetch
    if fetch is None or not role.operand.dtype.is_packed:
        return ""
    return _reason(role.operand.dtype, fetch.name, role, sizes, list(_fetched_apart(fetch, role, sizes)))


def _reason(dtype: DType, name: str, role: Role, sizes: Mapping[str, int], apart: Sequence[int]) -> str:
    within = 8 // dtype.bits
    crooked = [elements for elements in apart if elements % within]
    if not crooked:
        return ""
    piece = " x ".join(str(axis.extent) for axis in role.staged_layout(sizes).squeezed)
    return (
        f"{dtype} pieces must begin and end at whole bytes, {within} elements each: {name} would write "
        f"pieces of {role.tensor.name} ({piece or 1}) that begin {abs(crooked[0])} elements apart{_hint(role, within)}"
    )


def _hint(role: Role, within: int) -> str:
    """What to do where rows of the tensor begin inside bytes."""
    tensor = role.tensor
    row = tensor.shape[-1] if tensor.shape else 1
    if not role.written or len(tensor.shape) < 2 or row % within == 0:
        return ""
    return f"; pad the last dimension of {tensor.name} from {row} to {row + -row % within}"


def _fetched_apart(transfer: Transfer, role: Role, sizes: Mapping[str, int]) -> Iterator[int]:
    """How far the runs of a fetch lie apart in its slot, which is its own: nothing to mind where it comes in one."""
    layout = role.staged_layout(sizes)
    if blocks(transfer, layout) > 1:
        inside, outside = _parted(transfer, role, sizes)
        yield from _between_runs([(axis.extent, axis.pitch) for axis in inside])
        yield from (axis.pitch for axis in outside)


def _stored_apart(transfer: Transfer, role: Role, sizes: Mapping[str, int]) -> Iterator[int]:
    """How far the runs of one piece's stores lie apart in the tensor."""
    strides = role.tensor.element_strides
    inside, outside = _parted(transfer, role, sizes)
    yield from _between_runs([(axis.extent, _dot(axis.step, strides)) for axis in inside])
    yield from (_dot(axis.step, strides) for axis in outside)


def _tiles_apart(role: Role, sizes: Mapping[str, int]) -> Iterator[int]:
    """How far the first elements of pieces lie from the tensor's first byte, and from one another."""
    tensor = role.tensor
    for index, extent, stride in zip(role.access.affine_indices, tensor.shape, tensor.element_strides, strict=True):
        yield index.constant * stride - min(0, stride) * (extent - 1)
        for axis in index.axes:
            step = sizes[axis] * abs(index.coefficient(axis))
            if step < extent:  # else there is one piece along the axis
                yield step * stride


def _parted(
    transfer: Transfer, role: Role, sizes: Mapping[str, int]
) -> tuple[tuple[BlockAxis, ...], tuple[BlockAxis, ...]]:
    """The axes that go in one transfer, and those that it takes several for."""
    layout = role.staged_layout(sizes)
    inside = tuple(axis for axis in block(transfer, layout, 0)[0].block if axis.extent > 1)
    return inside, layout.squeezed[: len(layout.squeezed) - len(inside)]


def _between_runs(axes: Sequence[tuple[int, int]]) -> Iterator[int]:
    """The strides of the axes, as (extent, stride), that step from run to run: neighbours make one run."""
    length = 1
    for extent, stride in sorted(axes, key=lambda axis: abs(axis[1])):
        if stride == length:
            length *= extent
        else:
            length = 0
            yield stride


def _dot(step: Sequence[int], strides: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(step, strides, strict=True))
