"""Was everything searched? All of it is enumerated again, by code that shares nothing with the search.

The matches by brute force (``certificate_matches``), then their tiles and pieces (``certificate_cuts``), the bound of
each cut in closed form (``certificate_bound``) and the model of those that took a solver (``certificate_model``). What
is left to trust is the solver's word on the listed models, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isamap.check.certificate_bound import Issues, Known
from isamap.check.certificate_cuts import PiecesOf, tiles
from isamap.check.certificate_matches import every_match, same
from isamap.check.certificate_model import model_hash
from isamap.check.certificate_several import check_several
from isamap.check.match import check_match
from isamap.errors import Unsupported
from isamap.ir.answers import Match, Violation
from isamap.ir.binding import Binding, bind
from isamap.ir.certificate import Certificate, Closed, Cut
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload

_MOST_CUTS = 200_000


def check_search(certificate: Certificate, work: Workload, target: Target) -> Iterator[Violation]:
    """What is wrong with the certificate of a search of all cuts; raises Unsupported where it is not of the latency, or
    there is too much to enumerate."""
    if certificate.objective != "latency":
        raise Unsupported("check", f"a search of all cuts for {certificate.objective}")
    wrong = list(_matches(certificate, work, target))
    yield from wrong
    if wrong:
        return
    if len(work.einsums) > 1:
        yield from check_several(certificate, work, target)
        return
    listed = [closed.cuts[0] for closed in certificate.closed if len(closed.cuts) == 1 and not closed.staying]
    known = {closed.cuts[0]: closed for closed in certificate.closed if closed.cuts and not closed.staying}
    for closed in certificate.closed:
        if len(closed.cuts) != 1 or closed.staying:
            yield Violation(
                "cut", "closed", f"{len(closed.cuts)} cuts of one einsum, {len(closed.staying)} tensors on chip"
            )
    yield from (Violation("cut", _where(cut), "is listed twice") for cut in known if listed.count(cut) > 1)
    enumeration = _Enumeration(certificate, known)
    for number, match in enumerate(certificate.matches):
        yield from enumeration.walk(number, bind(work, match, target))
    yield from (Violation("cut", _where(cut), "is no cut") for cut in known if cut not in enumeration.met)
    if certificate.candidates != enumeration.count:
        what = f"{certificate.candidates} cuts are stated, there are {enumeration.count}"
        yield Violation("candidates", "certificate", what)
    least = min([certificate.value, enumeration.least])
    if certificate.bound is None or certificate.bound > least:
        yield Violation("bound", "certificate", f"{certificate.bound} is stated, of some cut only {least} is known")
    elif certificate.bound < least and not certificate.closed:
        yield Violation("bound", "certificate", f"{certificate.bound} is stated, {least} is known of every cut")


def _matches(certificate: Certificate, work: Workload, target: Target) -> Iterator[Violation]:
    within = dict(certificate.within)
    if not within.keys() <= {"instruction"}:
        raise Unsupported("check", f"a certificate within {within}", "only an instruction can be asked for")
    every = []
    for number in range(len(work.einsums)):
        every += every_match(work, number, target, within.get("instruction")) or every_match(work, number, target)
    stated = [same(match) for match in certificate.matches]
    for match in every:
        if same(match) not in stated:
            yield Violation("matches", _feeds(match), "is a match, and not listed")
    for match in certificate.matches:
        if same(match) not in map(same, every) or stated.count(same(match)) > 1:
            yield Violation("matches", _feeds(match), "is listed, and no match, part of another, or listed twice")
        yield from (Violation("matches", _feeds(match), str(wrong)) for wrong in check_match(match, work, target))


class _Enumeration:
    """A walk over all cuts. ``count`` of them were met, ``met`` of those listed, and of all that are not listed none
    has a closed-form bound below ``least``."""

    def __init__(self, certificate: Certificate, known: Mapping[Cut, Closed]) -> None:
        self.bound, self.value, self.known = certificate.bound or 0.0, certificate.value, known
        self.tiles = {(cut.match, cut.tile) for cut in known}
        self.count, self.least, self.met = 0, float("inf"), set[Cut]()

    def walk(self, number: int, binding: Binding) -> Iterator[Violation]:
        """What is wrong with the cuts of match ``number``."""
        pieces_of, tasks = PiecesOf(binding), Known()
        for tile in tiles(binding):
            issues = Issues(binding, tile, tasks)
            listed = (number, tuple(tile.items())) in self.tiles
            if not listed and (issues.unit_cycles >= self.value or issues.least_cycles >= self.bound):
                self.count += 1
                self.least = min(self.least, issues.least_cycles if issues.unit_cycles < self.value else self.value)
                continue
            for pieces in pieces_of.cuts(tile):
                self.count += 1
                if self.count > _MOST_CUTS:
                    raise Unsupported("check", f"a certificate of more than {_MOST_CUTS:,} cuts")
                named = tuple((label, tuple(piece.items())) for label, piece in pieces.items())
                cut, bound = Cut(number, tuple(tile.items()), named), issues.bound_cycles(pieces)
                if cut in self.known:
                    self.met.add(cut)
                    yield from self._closed(self.known[cut], bound, model_hash([(binding, tile, pieces)]))
                else:
                    self.least = min(self.least, bound)
                    if bound < self.bound:
                        yield Violation("missing", _where(cut), f"its closed-form bound is {bound}")

    def _closed(self, closed: Closed, bound: int, model: str) -> Iterator[Violation]:
        where = _where(closed.cuts[0])
        if bound >= self.bound:
            yield Violation("needless", where, f"its closed-form bound is {bound} already")
        if closed.bound_cycles != bound:
            yield Violation("closed-form", where, f"{closed.bound_cycles} is stated, {bound} follows")
        if closed.least_cycles != self.bound:
            yield Violation("proved", where, f"{closed.least_cycles} is stated, the bound is {self.bound}")
        if closed.model != model:
            yield Violation("model", where, f"{closed.model} is stated, its model is {model}")


def _where(cut: Cut) -> str:
    sizes = " ".join(f"{axis}={size}" for axis, size in cut.tile)
    pieces = "".join(f", {label} in {' '.join(f'{a}={s}' for a, s in sizes)}" for label, sizes in cut.pieces)
    return f"match {cut.match} in tiles {sizes}{pieces}"


def _feeds(match: Match) -> str:
    return f"einsum {match.einsum} on {match.instruction} " + " ".join(
        f"{d}={','.join(fused) or '-'}" for d, fused in match.axes
    )
