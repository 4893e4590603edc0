"""A scalar of the language at one point, as a term: types as in ``isamap.ir.scalar``, where a literal takes the type of
the other operand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from isamap.errors import Unsupported
from isamap.ir.affine import Affine
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.expression import COMPARISONS
from isamap.ir.scalar import Access, Apply, Cast, Immediate, Index, Literal, Read, Scalar, infer
from isamap.mapping.lemma.number import applied
from isamap.mapping.lemma.term import Term, Terms


class Point(Protocol):
    """What a scalar stands at: the elements that it reads and the values of its indices."""

    def element(self, access: Access) -> int: ...

    def index(self, index: Affine) -> int | None:
        """The value; None: it may be any."""
        ...


class Scalars:
    """Makes terms of scalars over tensors of the types ``dtypes``."""

    def __init__(self, terms: Terms, dtypes: Mapping[str, DType]) -> None:
        self.terms, self.dtypes = terms, dict(dtypes)
        self._immediates: dict[str, DType] = {}

    def term(self, value: Scalar, wanted: DType, point: Point) -> int:
        """The term of ``value``, of its own type, or of ``wanted`` where it is made of literals only. Raises
        Unsupported on floats, and on an immediate that takes several types."""
        dtype = infer(value, self.dtypes) or wanted
        refuse_float(dtype)
        match value:
            case Literal(number):
                return self.terms.constant(int(dtype.wrap(number)), dtype)
            case Read(access):
                return point.element(access)
            case Index(index):
                found = point.index(index)
                return self.terms.input("index " + str(index), (), dtype) if found is None else self.terms.constant(
                    found, dtype)  # fmt: skip
            case Immediate(name):
                if self._immediates.setdefault(name, dtype) != dtype:
                    raise Unsupported("mapping", f"imm({name}) as {self._immediates[name]} and as {dtype}")
                return self.terms.input(f"imm({name})", (), dtype)
            case Cast(_, Literal(number), saturate):
                held = dtype.saturate(number) if saturate else dtype.wrap(number)
                return self.terms.constant(int(held), dtype)
            case Cast(_, argument, saturate):
                inner = self.term(argument, DTYPES["s64"], point)
                return self._cast(inner, dtype, saturate)
            case Apply(function, arguments):
                return self._applied(function, arguments, dtype, point)

    def _cast(self, inner: int, dtype: DType, saturate: bool) -> int:
        if self.terms[inner].dtype == dtype:
            return inner
        return self._folded(Term("saturate" if saturate else "cast", dtype, (inner,)))

    def _applied(self, function: str, arguments: tuple[Scalar, ...], dtype: DType, point: Point) -> int:
        if function == "select":
            wanted = (DTYPES["bool"], dtype, dtype)
            parts = tuple(self.term(a, want, point) for a, want in zip(arguments, wanted, strict=True))
            return self._folded(Term("select", dtype, parts))
        common = next((t for t in (infer(a, self.dtypes) for a in arguments) if t is not None), dtype)
        if function in COMPARISONS and all(infer(a, self.dtypes) is None for a in arguments):
            raise Unsupported("mapping", f"a comparison of literals ({Apply(function, arguments)})")
        parts = tuple(self.term(argument, common, point) for argument in arguments)
        return self._folded(Term(function, DTYPES["bool"] if function in COMPARISONS else common, parts))

    def _folded(self, term: Term) -> int:
        """The term, worked out where its arguments are constants."""
        parts = [self.terms[argument] for argument in term.arguments]
        if all(part.function == "constant" for part in parts):
            return self.terms.constant(applied(term, [part.value for part in parts]), term.dtype)
        return self.terms.add(term)


def refuse_float(dtype: DType) -> None:
    """Raises Unsupported on a float: its roundings are not modelled."""
    if dtype.is_float:
        raise Unsupported("mapping", f"rounded arithmetic ({dtype})")
