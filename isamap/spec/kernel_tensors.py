"""The declarations of a kernel file: sizes, names and tensors."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun, Unsupported
from isamap.ir import expression as tree
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.expression import Call, Name
from isamap.ir.workload import Tensor
from isamap.spec.diagnostic import Faults, Where
from isamap.spec.kernel_schema import KernelFile, TensorShape
from isamap.spec.number import Source, whole


@dataclass(frozen=True)
class Sizes:
    """``fixed`` sizes, and ``ranged`` ones with both ends included; ``file`` is for messages."""

    fixed: Mapping[str, int]
    ranged: Mapping[str, tuple[int, int]]
    file: str

    @staticmethod
    def of(source: KernelFile, faults: Faults, file: str) -> Sizes:
        fixed: dict[str, int] = {}
        ranged: dict[str, tuple[int, int]] = {}
        for name, value in source.sizes.items():
            ends = value if isinstance(value, list) else [value, value]
            if len(ends) != 2 or not 0 <= ends[0] <= ends[1]:
                wanted = "[least, greatest], 1 <= least" if isinstance(value, list) else "a size of at least 0"
                faults.add(("sizes", name), wanted, str(value))
                faults.broken.add(name)
            elif isinstance(value, list):
                ranged[name] = (ends[0], ends[1])
            else:
                fixed[name] = value
        return Sizes(fixed, ranged, file)

    def evaluate(self, source: Source, least: int | None, what: str) -> int:
        """The whole number that ``source`` is; raises InvalidNoun, and Unsupported on a symbolic size."""
        mentioned = tree.names(tree.parse(source)) if isinstance(source, str) else frozenset()
        self.refuse_symbolic(mentioned, what)
        return whole(source, self.fixed, least)

    def refuse_symbolic(self, names: Iterable[str], what: str) -> None:
        """Raises Unsupported where one of ``names`` is a symbolic size."""
        for name in sorted(self.ranged.keys() & set(names)):
            low, high = self.ranged[name]
            feature = f"the symbolic size {name}: [{low}, {high}] in {what} ({self.file})"
            raise Unsupported("spec", feature, f"give it a value: --set {name}={high}")

    def span(self, source: Source) -> tuple[int, int]:
        """Least and greatest value of an extent, at the least and the greatest of each symbolic size."""
        ends = (whole(source, {**self.fixed, **{n: r[end] for n, r in self.ranged.items()}}) for end in (0, 1))
        low, high = sorted(ends)
        return low, high

    def named_axes(self, file: KernelFile) -> frozenset[str]:
        """Sizes that are axes of the same name too: they index alone the very dimension whose extent they give."""
        alone = re.compile(r"(\w+)\s*\[([^\[\]]*)\]")
        found = set()
        for tensor, indices in (pair for text in file.einsums for pair in alone.findall(text)):
            shape = file.tensors[tensor].shape if tensor in file.tensors else []
            found |= {n.strip() for n, extent in zip(indices.split(","), shape, strict=False) if n.strip() == extent}
        return frozenset(found)


def check_names(file: KernelFile, faults: Faults) -> None:
    """Names that the notation can say: letters, digits and _, no word that Python keeps for itself (types may)."""
    groups: dict[str, Iterable[str]] = {
        "sizes": file.sizes,
        "types": file.types,
        "tensors": file.tensors,
        "axes": file.axes,
    }
    for group, names in groups.items():
        for name in names:
            if not name.isidentifier() or (keyword.iskeyword(name) and group != "types"):
                faults.add((group, name), "a name of letters, digits and _ (and no keyword)", repr(name))


def tensors(file: KernelFile, sizes: Sizes, faults: Faults) -> dict[str, Tensor]:
    """Every tensor that can be built."""
    found: dict[str, Tensor] = {}
    for name, shape in file.tensors.items():
        before = len(faults.found)
        dtype = faults.attempt(("tensors", name, "dtype"), _dtype, file, shape)
        extents = _numbers(shape.shape, ("tensors", name, "shape"), sizes, faults, least=None)
        strides = _numbers(shape.strides or [], ("tensors", name, "strides"), sizes, faults, least=None)
        alias = faults.attempt(("tensors", name, "alias_of"), _alias, shape, sizes)
        limits = faults.attempt(("tensors", name, "range"), _range, shape)
        if dtype is None or None in extents or None in strides or len(faults.found) > before:
            continue
        whole_extents = tuple(extent for extent in extents if extent is not None)
        whole_strides = tuple(stride for stride in strides if stride is not None) if shape.strides is not None else None
        try:
            found[name] = Tensor(name, dtype, whole_extents, shape.border, whole_strides, alias, limits)
        except InvalidNoun as error:
            faults.note(*(_blamed(fault, shape, sizes) for fault in error.faults))
    return found


def _numbers(
    sources: list[int | str], path: Where, sizes: Sizes, faults: Faults, least: int | None
) -> tuple[int | None, ...]:
    what = ".".join(map(str, path))
    return tuple(faults.attempt((*path, n), sizes.evaluate, source, least, what) for n, source in enumerate(sources))


def _blamed(fault: Fault, shape: TensorShape, sizes: Sizes) -> Fault:
    """A bad extent that is just a size is the mistake of that size, said once and not at every tensor."""
    match fault.path:
        case ("tensors", _, "shape", int() as n):
            source = shape.shape[n]
            if source in sizes.fixed:
                return Fault(("sizes", str(source)), fault.expected, fault.got)
            mentioned = sorted(tree.names(tree.parse(source))) if isinstance(source, str) else []
            values = ", ".join(f"{name} = {sizes.fixed[name]}" for name in mentioned)
            return Fault(fault.path, fault.expected, fault.got, f"{source} where {values}" if values else "")
    return fault


def _dtype(file: KernelFile, shape: TensorShape) -> DType:
    name = file.types.get(shape.dtype, shape.dtype)
    if name in DTYPES:
        return DTYPES[name]
    raise InvalidNoun([Fault((), f"a type of {' '.join([*file.types, *DTYPES])}", repr(shape.dtype))])


def _alias(shape: TensorShape, sizes: Sizes) -> tuple[str, int] | None:
    if shape.alias_of is None:
        return None
    match tree.parse(shape.alias_of):
        case Name(base):
            return base, 0
        case Call("+", (Name(base), offset)):
            return base, sizes.evaluate(str(offset), 0, "alias_of")
    raise InvalidNoun([Fault((), "T or T + offset in elements", repr(shape.alias_of))])


def _range(shape: TensorShape) -> tuple[int | float, int | float] | None:
    if shape.range is None:
        return None
    if len(shape.range) != 2 or not shape.range[0] <= shape.range[1]:
        raise InvalidNoun([Fault((), "[least, greatest]", str(shape.range))])
    return shape.range[0], shape.range[1]
