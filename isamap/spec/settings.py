"""``--set NAME=VALUE``: sizes and types of a kernel, parameters of a target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node, ScalarNode

from isamap.errors import Fault, InputError
from isamap.spec.diagnostic import did_you_mean
from isamap.spec.document import Document, mapping_at, scalar
from isamap.spec.resolve import Kind, open_document

SETTABLE: dict[Kind, tuple[str, ...]] = {"kernel": ("sizes", "types"), "hardware": ("parameters",)}


def parse_setting(text: str) -> tuple[str, object]:
    """Name and value of ``NAME=VALUE``; the value follows YAML (64, s16, [1, 64]). Raises InputError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise InputError([Fault(("--set",), "NAME=VALUE", repr(text))])
    try:
        node = YAML(typ="safe", pure=True).compose(value.strip())
        return name.strip(), _value(node)
    except (YAMLError, ValueError):
        raise InputError([Fault(("--set",), "a number, a word or a list of them", repr(value))]) from None


def split_settings(
    kernel: str | Path | None, target: str | Path | None, settings: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """The settings of the kernel and those of the target.

    A name that both have, or neither, raises InputError. None stands for a command without a kernel or a target.
    """
    ours = _names(open_document(kernel, "kernel"), "kernel") if kernel is not None and settings else {}
    theirs = _names(open_document(target, "hardware"), "hardware") if target is not None and settings else {}
    faults = []
    for name in settings:
        if name in ours and name in theirs:
            both = f"{ours[name]} of the kernel and {theirs[name]} of the target"
            faults.append(Fault(("--set",), f"{name} in one file only", both, "rename one of the two"))
        elif name not in ours and name not in theirs:
            faults.append(_unknown(name, {**ours, **theirs}))
    if faults:
        raise InputError(faults)
    return {n: v for n, v in settings.items() if n in ours}, {n: v for n, v in settings.items() if n in theirs}


def put_in(document: Document, settings: Mapping[str, object], sections: tuple[str, ...]) -> None:
    """Replaces values in the document; each name must stand in one of its sections. Raises InputError."""
    known = {name: section for section in sections for name in mapping_at(document.data, section)}
    unknown = [_unknown(name, known) for name in settings if name not in known]
    if unknown:
        raise InputError(unknown)
    for name, value in settings.items():
        document.data[known[name]][name] = value
        document.settings[(known[name], name)] = f"--set {name}={value}"


def _value(node: Node) -> object:
    if isinstance(node, ScalarNode):
        return scalar(node)
    if isinstance(node.value, list) and all(isinstance(item, ScalarNode) for item in node.value):
        return [scalar(item) for item in node.value]
    raise ValueError(node)


def _names(document: Document, kind: Kind) -> dict[str, str]:
    return {name: f"a name in {s}" for s in SETTABLE[kind] for name in mapping_at(document.data, s)}


def _unknown(name: str, known: Mapping[str, str]) -> Fault:
    listed = " ".join(known) or "none (nothing can be set here)"
    return Fault(("--set",), f"a size, type or parameter of {listed}", repr(name), did_you_mean(name, known))
