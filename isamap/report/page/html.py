"""HTML that cannot be broken by what it shows: text is escaped unless it was built here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_VOID = {"meta", "link", "br"}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Part = str | Markup


def text(part: Part) -> Markup:
    """``part`` as HTML, escaped where it is plain text."""
    return part if isinstance(part, Markup) else Markup(escape(part))


def join(parts: Iterable[Part], between: str = "") -> Markup:
    return Markup(between.join(map(text, parts)))


def tag(name: str, /, *parts: Part, **attributes: str | int | float | bool | None) -> Markup:
    """An element; ``_`` in an attribute's name stands for ``-``, a trailing one is dropped (``class_``). None and False
    leave an attribute out."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{join(parts)}</{name}>")


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[Part]], right: Sequence[str] = ()) -> Markup:
    """A table whose first column heads its rows; the columns in ``right`` hold numbers."""
    sides = ["number" if header in right else None for header in headers]
    head = [tag("th", header, scope="col", class_=side) for header, side in zip(headers, sides, strict=True)]
    body = [tag("tr", tag("th", row[0], scope="row", class_=sides[0]), *map(_cell, row[1:], sides[1:])) for row in rows]
    whole = tag("table", tag("caption", caption), tag("thead", tag("tr", *head)), tag("tbody", *body))
    return tag("div", whole, class_="scroll")


def bar(fraction: float, colour: str = "") -> Markup:
    """A bar that fills ``fraction`` of its cell."""
    width = f"{min(max(fraction, 0.0), 1.0) * 100:.2f}%"
    return tag("span", tag("span", style=f"width:{width}", class_=colour or None), class_="bar", aria_hidden="true")


def section(title: str, name: str, *parts: Part) -> Markup:
    return tag("section", tag("h2", title, id=f"{name}-title"), *parts, aria_labelledby=f"{name}-title", id=name)


def note(*parts: Part) -> Markup:
    return tag("p", *parts, class_="note")


def _cell(part: Part, side: str | None) -> Markup:
    return tag("td", part, class_=side)
