"""A scalar of the language as vector code: one value per lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from llvmlite import ir

from isamap.codegen.casts import converted, is_not_zero
from isamap.codegen.functions import applied
from isamap.codegen.lanes import Lanes
from isamap.errors import Unsupported
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.expression import COMPARISONS
from isamap.ir.scalar import Access, Apply, Cast, Literal, Read, Scalar, infer


@dataclass(frozen=True)
class Elementwise:
    """``read`` gives the elements of an access; ``dtypes`` are those of the tensors by name."""

    lanes: Lanes
    dtypes: Mapping[str, DType]
    read: Callable[[Access], ir.Value]
    known: dict[tuple[Scalar, DType], ir.Value] = field(default_factory=dict)

    def value(self, value: Scalar, wanted: DType) -> ir.Value:
        """``value`` in its own type, or in ``wanted`` where it is made of numbers only. Raises Unsupported, by name,
        for what vectors do not do."""
        key = value, infer(value, self.dtypes) or wanted
        if key not in self.known:
            self.known[key] = self._value(*key)
        return self.known[key]

    def _value(self, value: Scalar, dtype: DType) -> ir.Value:
        match value:
            case Literal(number):
                return self.lanes.constant(dtype, number)
            case Read(access):
                return self.read(access)
            case Cast(_, Literal(number), saturate):
                return self.lanes.constant(dtype, dtype.saturate(number) if saturate else number)
            case Cast(_, argument, saturate):
                source = infer(argument, self.dtypes) or DTYPES["s64"]
                return converted(self.lanes, self.value(argument, source), source, dtype, saturate)
            case Apply("select", (condition, one, other)):
                truth = infer(condition, self.dtypes) or DTYPES["bool"]
                holds = is_not_zero(self.lanes, self.value(condition, truth), truth)
                return self.lanes.builder.select(holds, self.value(one, dtype), self.value(other, dtype))
            case Apply(function, arguments):
                unsaid = DTYPES["f64"] if function in COMPARISONS else dtype
                common = next((t for t in (infer(each, self.dtypes) for each in arguments) if t is not None), unsaid)
                return applied(function, self.lanes, common, *(self.value(each, common) for each in arguments))
        raise Unsupported("code generation", f"{value} as a value of what is stored")
