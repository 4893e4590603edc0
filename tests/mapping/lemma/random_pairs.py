"""Random instructions of tiny types with implementations that are the meaning rewritten: rightly, and not."""

from __future__ import annotations

from random import Random

from isamap.ir.hardware import Instruction
from tests.mapping.lemma.instructions import instruction

_TYPES = ["u4", "s4"]
_WIDE = ["s8", "u8", "s16"]


def pair(seed: int) -> tuple[Instruction, dict[str, tuple[int, int]]]:
    """An instruction over one or two elements of four bits from each side, and ranges of operands."""
    dice = Random(seed)
    one, other = dice.choice(_TYPES), dice.choice(_TYPES)
    wide = dice.choice(_WIDE)
    value = _value(dice, wide, dice.choice([2, 3]))
    for operand in "AB":
        value = value if operand in value else f"({wide}({operand}[k]) {dice.choice('+*^')} {value})"
    operator = dice.choice(["+=", "+=", "=", "max=", "min=", "*="])
    size = dice.choice([1, 2])
    out = wide if operator == "=" else dice.choice(_TYPES)
    target, outcome = (f"{out}({text})" for text in (value, _changed(dice, value, wide)))
    statements, intermediates = _statements(dice, operator, outcome, out)
    k = "i" if operator == "=" else "k"
    found = instruction(
        f"random_{seed}",
        f"A={one}[{k}] B={other}[{k}] C={out}[i]",
        f"C[i] {operator} {target}".replace("[k]", f"[{k}]"),
        [statement.replace("[k]", f"[{k}]") for statement in statements],
        axes="i: 1" if operator == "=" else f"i: 1, k: {size}",
        intermediates=intermediates.replace("[k]", f"[{k}]"),
    )
    ranges = {"C": (0, 0)} if operator == "=" else {}
    for name, dtype in (("A", one), ("B", other)):
        if dice.random() < 0.3 or (size == 2 and operator != "="):
            low = dice.randrange(-8, 4) if dtype == "s4" else dice.randrange(12)
            ranges[name] = (low, low + dice.randrange(5))
    return found, ranges


def _statements(dice: Random, operator: str, outcome: str, out: str) -> tuple[list[str], str]:
    """In one step, by way of an intermediate result, or with the accumulator in a saturating or wider sum."""
    match dice.randrange(4):
        case 0 if operator == "+=":
            return ["T[i] += s16(" + outcome + ")", f"C[i] = {dice.choice(['', 'sat_'])}{out}(s16(C[i]) + T[i])"], (
                'T: "s16[i]"'
            )
        case 1:
            narrow = dice.choice([out, "s16", "s8"])
            return [f"T[k] = {narrow}({outcome})", f"C[i] {operator} {out}(T[k])"], f'T: "{narrow}[k]"'
    return [f"C[i] {operator} {outcome}"], ""


def _value(dice: Random, wide: str, depth: int) -> str:
    if depth == 0 or dice.random() < 0.1:
        return dice.choice([f"{wide}(A[k])", f"{wide}(B[k])", f"{wide}(A[k])", f"{wide}(B[k])", str(dice.randrange(6))])
    one, other = _value(dice, wide, depth - 1), _value(dice, wide, depth - 1)
    if one.isdigit():
        one = f"{wide}(A[k])"
    match dice.randrange(9):
        case 0 | 1:
            return f"({one} {dice.choice('+-')} {other})"
        case 2 | 3:
            return f"({one} * {other})"
        case 4:
            return f"{dice.choice(['max', 'min'])}({one}, {other})"
        case 5:
            return f"({one} {dice.choice(['<<', '>>'])} {dice.randrange(1, 4)})"
        case 6:
            return f"({one} {dice.choice('&|^')} {other})"
        case 7:
            return f"({one} {dice.choice(['//', '%', '/'])} {dice.choice([other, '2', '3', '4'])})"
    return f"select({one} {dice.choice(['<', '<=', '==', '!=', '>'])} {other}, {other}, {one})"


_RULES = [  # (find, put): right for all, for some types, and for none
    ("* 2)", "<< 1)"), ("% 4)", "& 3)"), ("% 2)", "& 1)"), ("// 2)", ">> 1)"), (" / 4)", " >> 2)"), ("<< 1)", "* 2)"),
    ("<< 2)", "* 4)"), (">> 1)", "// 2)"), (">> 2)", "// 3)"), (" & ", " % "), (" - ", " + "), ("max(", "min("),
    (" <= ", " < "), ("// 3)", "/ 3)"), (" | ", " + "), (" ^ ", " | "), (">> 3)", "// 8)"),
]  # fmt: skip


def _changed(dice: Random, value: str, wide: str) -> str:
    """``value`` written in another way."""
    for _ in range(dice.randrange(3)):
        fitting = [(find, put) for find, put in _RULES if find in value]
        if fitting:
            find, put = dice.choice(fitting)
            value = value.replace(find, put, 1)
    match dice.randrange(6):
        case 0:
            return value.replace(f"{wide}(", f"sat_{wide}(")
        case 1:
            return f"sat_{wide}(s32({value}))"
        case 2:
            return f"{wide}({value.replace(f'{wide}(', 's32(')})"
        case 3:
            return f"sat_{wide}({value.replace(f'{wide}(', 's32(')})"
    return value
