"""What one element of an einsum is: reads, literals, indices as values, casts and functions.

Both operands of an operator have one type; a literal takes the type of the other; integers wrap in their type.
``s8(x)`` wraps, ``sat_s8(x)`` clamps, a float turned into an integer is truncated towards zero (``round`` and
``floor`` say otherwise beforehand). Shifts are arithmetic; ``/`` and ``//`` of integers round down. ``imm(scale)`` is
an immediate of an instruction or transfer: a number that comes with each issue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun
from isamap.ir import expression as tree
from isamap.ir.affine import Affine, affine
from isamap.ir.dtype import DTYPES, DType


@dataclass(frozen=True)
class Access:
    """``tensor[indices]``; an index is affine, or itself an access (a gather)."""

    tensor: str
    indices: tuple[Affine | Access, ...]

    def __str__(self) -> str:
        return f"{self.tensor}[{', '.join(map(str, self.indices))}]"

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that the indices mention, in order of appearance."""
        return tuple(dict.fromkeys(axis for index in self.indices for axis in index.axes))

    @property
    def affine_indices(self) -> tuple[Affine, ...]:
        """The indices where all are affine; raises InvalidNoun on a gather."""
        if not all(isinstance(index, Affine) for index in self.indices):
            raise InvalidNoun([Fault((), "affine indices", repr(str(self)))])
        return tuple(index for index in self.indices if isinstance(index, Affine))

    def rename(self, new_name: Callable[[str], str]) -> Access:
        """The same access over renamed axes."""
        return Access(self.tensor, tuple(index.rename(new_name) for index in self.indices))


@dataclass(frozen=True)
class Literal:
    value: int | float

    def __str__(self) -> str:
        return str(tree.Number(self.value))


@dataclass(frozen=True)
class Read:
    access: Access

    def __str__(self) -> str:
        return str(self.access)


@dataclass(frozen=True)
class Index:
    """An index used as a value, of type s32 (causal masks)."""

    index: Affine

    def __str__(self) -> str:
        return f"index({self.index})"


@dataclass(frozen=True)
class Immediate:
    """A number that each issue brings; like a literal, it takes the type of the other operand."""

    name: str

    def __str__(self) -> str:
        return f"imm({self.name})"


@dataclass(frozen=True)
class Cast:
    dtype: DType
    argument: Scalar
    saturate: bool = False

    def __str__(self) -> str:
        return f"{'sat_' if self.saturate else ''}{self.dtype}({self.argument})"


@dataclass(frozen=True)
class Apply:
    """A function or operator of ``FUNCTIONS`` and its arguments."""

    function: str
    arguments: tuple[Scalar, ...]

    def __str__(self) -> str:
        return tree.to_text(_to_tree(self))


Scalar = Literal | Read | Index | Immediate | Cast | Apply

# how many arguments each function takes; the last group needs floats
_ARITY = {"neg": 1, "abs": 1, "floor": 1, "ceil": 1, "round": 1, "max": 2, "min": 2, "select": 3}
FLOAT_FUNCTIONS = frozenset(("exp", "log", "sqrt", "rsqrt", "tanh", "sigmoid", "erf"))
FUNCTIONS: dict[str, int] = {**_ARITY, **dict.fromkeys(tree.OPERATORS, 2), **dict.fromkeys(sorted(FLOAT_FUNCTIONS), 1)}


def _to_tree(value: Scalar) -> tree.Expression:
    match value:
        case Apply(function, arguments):
            return tree.Call(function, tuple(map(_to_tree, arguments)))
        case Cast(dtype, argument, saturate):
            return tree.Call(f"sat_{dtype}" if saturate else dtype.name, (_to_tree(argument),))
        case Literal(number):
            return tree.Number(number)
        case Immediate(name):
            return tree.Call("imm", (tree.Name(name),))
    return tree.Name(str(value))  # reads and indices print as one word


def reads(value: Scalar) -> Iterator[Access]:
    """Every access that ``value`` reads, left to right, repeats included (a gather's inner access after its outer)."""
    match value:
        case Read(access):
            yield access
            for index in access.indices:
                if isinstance(index, Access):
                    yield from reads(Read(index))
        case Cast(_, argument):
            yield from reads(argument)
        case Apply(_, arguments):
            for argument in arguments:
                yield from reads(argument)


def rebuild(value: Scalar, change: Callable[[Scalar], Scalar]) -> Scalar:
    """``value`` with ``change`` applied to every node, leaves first."""
    match value:
        case Cast(dtype, argument, saturate):
            return change(Cast(dtype, rebuild(argument, change), saturate))
        case Apply(function, arguments):
            return change(Apply(function, tuple(rebuild(argument, change) for argument in arguments)))
    return change(value)


def immediates(value: Scalar) -> tuple[str, ...]:
    """The names of the immediates in ``value``, each once."""
    found: dict[str, None] = {}

    def note(node: Scalar) -> Scalar:
        if isinstance(node, Immediate):
            found[node.name] = None
        return node

    rebuild(value, note)
    return tuple(found)


def with_immediates(value: Scalar, given: Mapping[str, int | float]) -> Scalar:
    """``value`` with the immediates that are ``given`` put in."""

    def put(node: Scalar) -> Scalar:
        return Literal(given[node.name]) if isinstance(node, Immediate) and node.name in given else node

    return rebuild(value, put)


def infer(value: Scalar, dtype_of: Mapping[str, DType]) -> DType | None:
    """The type of ``value`` given the types of the tensors (None: only literals); raises InvalidNoun on a mismatch."""
    match value:
        case Literal() | Immediate():
            return None
        case Read(access):
            if access.tensor not in dtype_of:
                raise InvalidNoun([Fault((), "a tensor of " + " ".join(dtype_of), repr(access.tensor))])
            return dtype_of[access.tensor]
        case Index():
            return DTYPES["s32"]
        case Cast(dtype, argument):
            infer(argument, dtype_of)
            return dtype
    if value.function == "select":
        infer(value.arguments[0], dtype_of)
        return _common(value, [infer(argument, dtype_of) for argument in value.arguments[1:]])
    found = [infer(argument, dtype_of) for argument in value.arguments]
    common = _common(value, found)
    if value.function in FLOAT_FUNCTIONS and common is not None and not common.is_float:
        raise InvalidNoun([Fault((), f"a float in {value.function}", f"{common} in {str(value)!r}")])
    return DTYPES["bool"] if value.function in tree.COMPARISONS else common


def _common(value: Scalar, found: list[DType | None]) -> DType | None:
    known = [dtype for dtype in found if dtype is not None]
    if any(dtype != known[0] for dtype in known):
        listed = " and ".join(map(str, known))
        raise InvalidNoun([Fault((), "one type on both sides", f"{listed} in {str(value)!r}", "cast one, e.g. s32(x)")])
    return known[0] if known else None


def scalar(
    source: tree.Expression | str,
    tensors: frozenset[str],
    constants: Mapping[str, int] | None = None,
    types: Mapping[str, str] | None = None,
) -> Scalar:
    """The scalar that ``source`` writes. ``types`` maps type names (``acc``) to dtype names; raises InvalidNoun."""
    node = tree.parse(source) if isinstance(source, str) else source
    known, named = constants or {}, types or {}

    def build(part: tree.Expression) -> Scalar:
        match part:
            case tree.Number(value):
                return Literal(value)
            case tree.Subscript():
                return Read(access(part, tensors, known))
            case tree.Name(name) if name in known:
                return Literal(known[name])
            case tree.Name():
                return Index(affine(part))
            case tree.Call("index", (inner,)):
                return Index(affine(inner, known))
            case tree.Call("imm", (tree.Name(name),)):
                return Immediate(name)
            case tree.Call("imm", _):
                raise InvalidNoun([Fault((), "imm(NAME), a number that each issue brings", repr(str(part)))])
            case tree.Call(function, arguments):
                built = tuple(map(build, arguments))
                plain = function.removeprefix("sat_")
                if named.get(plain, plain) in DTYPES and len(built) == 1:
                    return Cast(DTYPES[named.get(plain, plain)], built[0], function != plain)
                return _applied(function, built, named)
        raise InvalidNoun([Fault((), "a value", repr(str(part)))])

    return build(node)


def _applied(function: str, arguments: tuple[Scalar, ...], types: Mapping[str, str]) -> Scalar:
    if function not in FUNCTIONS:
        words = sorted(name for name in FUNCTIONS if name.isalnum())
        possible = " ".join([*words, *types, *DTYPES])
        raise InvalidNoun([Fault((), f"a function or type ({possible})", repr(function))])
    if len(arguments) != FUNCTIONS[function]:
        raise InvalidNoun([Fault((), f"{FUNCTIONS[function]} argument(s) of {function}", str(len(arguments)))])
    return Apply(function, arguments)


def access(node: tree.Expression, tensors: frozenset[str], constants: Mapping[str, int]) -> Access:
    """The access that a subscript writes; raises InvalidNoun where the tensor is unknown or an index not affine."""
    if not isinstance(node, tree.Subscript):
        raise InvalidNoun([Fault((), "tensor[indices]", repr(str(node)))])
    if node.base not in tensors:
        raise InvalidNoun([Fault((), "a tensor of " + " ".join(sorted(tensors)), repr(node.base))])
    return Access(
        node.base,
        tuple(
            access(index, tensors, constants) if isinstance(index, tree.Subscript) else affine(index, constants)
            for index in node.indices
        ),
    )


def without_identity_casts(value: Scalar, dtype_of: Mapping[str, DType]) -> Scalar:
    """``value`` where a cast to the type that its argument has already is gone."""

    def drop(node: Scalar) -> Scalar:
        if isinstance(node, Cast) and infer(node.argument, dtype_of) == node.dtype:
            return node.argument
        return node

    return rebuild(value, drop)
