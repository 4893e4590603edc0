"""What was computed and how: einsums, matches, tilings, tensors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from isamap.ir.answers import Match, Tiling
from isamap.report.page.html import Markup, section, table, tag
from isamap.report.page.rerun import Rerun
from isamap.report.page.words import axes_in_words, loops_in_words, operands_in_words, use_in_words


def computation(rerun: Rerun) -> Markup:
    """Each einsum, how it was matched, how it was tiled."""
    result = rerun.result
    steps = result.summary.get("rewritten") or []
    parts: list[Markup] = [tag("p", f"Rewritten: {step}.") for step in steps if isinstance(step, str)]
    for match, tiling in zip_longest(result.matches, result.tilings):
        if match is not None:
            parts += [tag("h3", tag("code", result.performed.einsums[match.einsum].statement)), *_match(match, rerun)]
        if tiling is not None:
            parts.append(_tiling(tiling))
    return section("Computation", "computation", *parts)


def _match(match: Match, rerun: Rerun) -> Iterator[Markup]:
    result = rerun.result
    meaning = "; ".join(einsum.statement for einsum in result.target.instruction(match.instruction).meaning)
    yield tag("p", "Done by ", tag("strong", match.instruction), ", which means ", tag("code", meaning), ".")
    yield tag("ul", *(tag("li", sentence) for sentence in (
        axes_in_words(match), loops_in_words(match, result.performed), use_in_words(match))))  # fmt: skip
    modes = [f"{name} = {choice}" for name, choice in match.modes] + [f"{n} = {v}" for n, v in match.immediates]
    if modes:
        yield tag("p", "With ", ", ".join(modes), ".")
    yield table("Operands", ("operand", "takes", "tensor", "how"), operands_in_words(match, result.target))


def _tiling(tiling: Tiling) -> Markup:
    rows = [
        (
            level.memory,
            " ".join(f"{axis}={size}" for axis, size in level.tile),
            level.loops_text,
            " ".join(f"{tensor}:{buffers}" for tensor, buffers in level.buffers) or "-",
        )
        for level in tiling.levels
    ]
    headers = ("memory", "tile", "loops, outer to inner", "buffers")
    return table("Tiling, outermost level first; the last tile is what one issue does", headers, rows)


def origin(rerun: Rerun) -> Markup:
    """What it takes to get the same answer again."""
    result = rerun.result
    work, target, summary = result.work, result.target, result.summary
    given = " ".join(f"{name}={value}" for name, value in target.parameters)
    tensors = [
        (tensor.name, str(tensor.dtype), "x".join(map(str, tensor.shape)) or "1", _role(tensor.name, rerun))
        for tensor in work.tensors
    ]
    facts = [
        ("machine's parameters", given or "none"),
        ("seed of the inputs that were checked", str(result.seed)),
        ("seconds of search", str(summary.get("solve_seconds") or "not stated")),
        ("certificate", str(summary.get("certificate", "none"))),
    ]
    rows = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts]
    shown = table("Tensors", ("tensor", "type", "shape", "role"), tensors)
    return section("Kernel and machine", "origin", shown, tag("dl", *rows, class_="facts"))


def _role(name: str, rerun: Rerun) -> str:
    work = rerun.result.work
    roles = [role for role, names in (("input", work.inputs), ("output", work.outputs)) if name in names]
    return ", ".join(roles) or "-"
