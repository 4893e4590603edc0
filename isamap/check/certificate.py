"""Does what a result says of its value follow from the kernel and the machine? No solver is asked.

What is said of value, bound and status must fit together and what the program costs; where all cuts were searched,
they are enumerated again by brute force (``certificate_search``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isamap.check.certificate_search import check_search
from isamap.ir.answers import Violation
from isamap.ir.certificate import FIX, OTHER_WAYS, Certificate
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload

RULES: dict[str, str] = {
    "objective": "The certificate is about the objective of the result.",
    "value": "The value is what the program costs when it is run again.",
    "bounds": "The closed-form bounds are those that follow from kernel and machine.",
    "bound": "The bound is the greatest closed-form bound or, where all cuts were searched, the least of the value and "
    "of what is known of each cut: neither more nor less.",
    "gap": "The gap is (value - bound) / value.",
    "status": "The status is optimal exactly where value and bound meet.",
    "kind": "Verified: the bound follows in closed form. Trusted: it does but for cuts that took a solver. None: there "
    "is no bound.",
    "matches": "The matches of the certificate are all that there are, each once and right.",
    "candidates": "The number of cuts is that of all matches, tiles and pieces.",
    "cut": "A cut that took a solver is one of the cuts, and listed once.",
    "missing": "Every cut whose closed-form bound is below the bound is listed with what a solver found of it.",
    "needless": "A cut whose closed-form bound is no less than the bound takes no solver.",
    "closed-form": "The bound of a listed cut is the one that follows from its issues, pieces and tiles.",
    "proved": "A solver found no schedule of a listed cut below the bound.",
    "model": "What the solver was given is the model of the cut, by its hash.",
    "within": "Where parts of the answer were fixed, no search of what is left counts: the bound is a closed form.",
    "parameters": "The seed and the workers that repeat a solver's run are given.",
}


def check_certificate(
    certificate: Certificate,
    summary: Mapping[str, Any],
    work: Workload,
    target: Target,
    *,
    value: float,
    closed_forms: tuple[tuple[str, float], ...],
    closed_form: float | None,
) -> list[Violation]:
    """What is wrong with the certificate of a result whose program does ``work`` and, run again, costs ``value``.

    ``closed_forms`` are the bounds worked out again, by name, and ``closed_form`` what they come to. Raises Unsupported
    where there is too much to enumerate.
    """
    found = list(_statements(certificate, summary, value))
    found += _closed_forms(certificate, closed_forms)
    if certificate.searched and FIX in dict(certificate.within):
        fixed = dict(certificate.within)[FIX]
        what = f"{certificate.candidates} cuts were searched with parts of the answer fixed: {fixed}"
        found.append(Violation("within", "certificate", what))
    elif certificate.searched:
        found += check_search(certificate, work, target)
    else:
        others = dict(certificate.bounds).get(OTHER_WAYS)
        expected = closed_form if closed_form is None or others is None else min(closed_form, others)
        if certificate.bound != expected:
            what = f"{certificate.bound} is stated, {expected} follows in closed form"
            found.append(Violation("bound", "certificate", what))
    return found


def _statements(certificate: Certificate, summary: Mapping[str, Any], value: float) -> Iterator[Violation]:
    """What certificate and summary say must agree, within and with each other."""
    if certificate.objective != summary.get("objective"):
        what = f"the certificate is about {certificate.objective}, the result about {summary.get('objective')}"
        yield Violation("objective", "certificate", what)
    for where, stated in (("certificate", certificate.value), ("summary", summary.get("value"))):
        if stated != value:
            yield Violation("value", where, f"{stated} is stated, the program costs {value}")
    bound = certificate.bound
    if summary.get("bound") != bound:
        yield Violation("bound", "summary", f"{summary.get('bound')}, and {bound} in the certificate")
    if bound is not None and value and summary.get("gap") != (value - bound) / value:
        yield Violation("gap", "summary", f"{summary.get('gap')} is not ({value} - {bound}) / {value}")
    status = "optimal" if value == bound else "feasible"
    if summary.get("status") != status:
        yield Violation("status", "summary", f"{summary.get('status')}, with value {value} and bound {bound}")
    kind = "none" if bound is None else "trusted" if certificate.closed else "verified"
    for where, stated in (("certificate", certificate.kind), ("summary", summary.get("certificate"))):
        if stated != kind:
            yield Violation("kind", where, f"{stated}, but what it says makes it {kind}")
    numbers = dict(certificate.parameters)
    if certificate.closed and (numbers.get("seed") != summary.get("seed") or numbers.get("workers", 0) < 1):
        yield Violation("parameters", "certificate", f"{numbers}, not the seed {summary.get('seed')} and the workers")


def _closed_forms(certificate: Certificate, closed_forms: tuple[tuple[str, float], ...]) -> Iterator[Violation]:
    stated = [(name, value) for name, value in certificate.bounds if name != OTHER_WAYS]
    for name, value in closed_forms:
        if (name, value) not in stated:
            yield Violation("bounds", name, f"{dict(stated).get(name)} is stated, {value} follows")
    for name, value in stated:
        if name not in dict(closed_forms) or [one for one, _ in stated].count(name) > 1:
            yield Violation("bounds", name, f"{value} is stated, there is no such bound, or it is stated twice")
