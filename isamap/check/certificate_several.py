"""Was everything searched, of several einsums together? Every cut of each is enumerated again, for every choice of the
tensors that pass on chip; then all of them together, as far as their bound is not above that of the certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

from isamap.check.certificate_cuts import PiecesOf, tiles
from isamap.check.certificate_latency import latency
from isamap.check.certificate_model import model_hash
from isamap.check.certificate_passing import Staying, bound, every_staying
from isamap.check.certificate_profile import Taken, TakenBy, room
from isamap.errors import Unsupported
from isamap.ir.answers import Violation
from isamap.ir.binding import Binding
from isamap.ir.certificate import Certificate, Closed, Cut
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload

Key = tuple[Staying, tuple[Cut, ...]]
_MOST_TOGETHER = 1_000_000  # choices looked at


def check_several(certificate: Certificate, work: Workload, target: Target) -> Iterator[Violation]:
    """What is wrong with the certificate of a search over the cuts of several einsums; its matches are right. Raises
    Unsupported where there is too much to enumerate."""
    known = {(closed.staying, closed.cuts): closed for closed in certificate.closed}
    if len(known) < len(certificate.closed):
        yield Violation("cut", "closed", "a candidate is listed twice")
    found = _Enumeration(certificate, work, target, known)
    count = 0
    for staying in every_staying(work, target):
        each = [found.cuts(number, staying) for number in range(len(work.einsums))]
        count += prod(one.count for one in each)
        yield from found.together(staying, each)
    yield from (Violation("cut", _where(key), "is no candidate") for key in known if key not in found.met)
    if certificate.candidates != count:
        yield Violation("candidates", "certificate", f"{certificate.candidates} cuts are stated, there are {count}")
    stated, value = certificate.bound, certificate.value
    if stated is None or stated > value or (not certificate.closed and stated < value and not found.is_met):
        yield Violation("bound", "certificate", f"{stated} is stated, which is not what is known of every cut")


@dataclass
class _Cuts:
    """Of one einsum: how many cuts there are, and by what they take those whose unit alone does not tell."""

    count: int = 0
    by_taken: dict[Taken, list[Cut]] = field(default_factory=dict)
    bindings: dict[int, Binding] = field(default_factory=dict)


class _Enumeration:
    """A walk over all candidates. ``met`` are those listed that there are; ``is_met``: some bound is the stated one."""

    def __init__(self, certificate: Certificate, work: Workload, target: Target, known: Mapping[Key, Closed]) -> None:
        self.certificate, self.work, self.target, self.known = certificate, work, target, known
        self.bound = certificate.bound or 0.0
        self.room = room(target)
        self.cut: dict[tuple[int, Staying], _Cuts] = {}
        self.met, self.is_met, self.looked_at = set[Key](), False, 0

    def cuts(self, number: int, staying: Staying) -> _Cuts:
        """The cuts of einsum ``number``."""
        einsum = self.work.einsums[number]
        met = [access.tensor for access in (*einsum.outputs, *einsum.reads)]
        own = tuple(one for one in staying if one[0] in met)
        if (number, own) not in self.cut:
            self.cut[number, own] = self._cut(number, own)
        return self.cut[number, own]

    def _cut(self, number: int, staying: Staying) -> _Cuts:
        found = _Cuts()
        for position, match in enumerate(self.certificate.matches):
            if match.einsum != number:
                continue
            binding = bound(self.work, match, self.target, staying)
            if binding is None:
                continue
            found.bindings[position], pieces_of = binding, PiecesOf(binding)
            for tile in tiles(binding):
                taken = TakenBy(binding, tile)
                if taken.unit_cycles >= self.bound:
                    found.count += 1
                    continue
                for pieces in pieces_of.cuts(tile):
                    found.count += 1
                    named = tuple((label, tuple(piece.items())) for label, piece in pieces.items())
                    cut = Cut(position, tuple(tile.items()), named)
                    found.by_taken.setdefault(taken.taken(pieces), []).append(cut)
        return found

    def together(self, staying: Staying, each: Sequence[_Cuts]) -> Iterator[Violation]:
        """What is wrong with the candidates in which these tensors stay."""
        for least, chosen in self._choices(each, []):
            self.is_met |= least == self.bound
            for cuts in product(*(one.by_taken[taken] for one, taken in zip(each, chosen, strict=True))):
                key = staying, cuts
                if key in self.known:
                    self.met.add(key)
                    yield from self._closed(self.known[key], least, each)
                elif least < self.bound:
                    yield Violation("missing", _where(key), f"its closed-form bound is {least}")

    def _choices(self, each: Sequence[_Cuts], chosen: list[Taken]) -> Iterator[tuple[int, list[Taken]]]:
        """What the einsums' cuts take together, with its bound where that is not above the certificate's."""
        if len(chosen) == len(each):
            yield latency(self.work, chosen, self.room), chosen
            return
        rest = [_fewest(one) for one in each[len(chosen) + 1 :] if one.by_taken]
        if len(rest) < len(each) - len(chosen) - 1:
            return
        for taken in each[len(chosen)].by_taken:
            self.looked_at += 1
            if self.looked_at > _MOST_TOGETHER:
                raise Unsupported("check", f"a certificate of more than {_MOST_TOGETHER:,} choices of cuts")
            if latency(self.work, [*chosen, taken, *rest], self.room) <= self.bound:
                yield from self._choices(each, [*chosen, taken])

    def _closed(self, closed: Closed, least: int, each: Sequence[_Cuts]) -> Iterator[Violation]:
        where = _where((closed.staying, closed.cuts))
        if least >= self.bound:
            yield Violation("needless", where, f"its closed-form bound is {least} already")
        if closed.bound_cycles != least:
            yield Violation("closed-form", where, f"{closed.bound_cycles} is stated, {least} follows")
        if closed.least_cycles != self.bound:
            yield Violation("proved", where, f"{closed.least_cycles} is stated, the bound is {self.bound}")
        cuts = [
            (one.bindings[cut.match], dict(cut.tile), {label: dict(piece) for label, piece in cut.pieces})
            for one, cut in zip(each, closed.cuts, strict=True)
        ]
        if closed.model != (model := model_hash(cuts)):
            yield Violation("model", where, f"{closed.model} is stated, its model is {model}")


def _fewest(cuts: _Cuts) -> Taken:
    """What no cut takes less than."""
    every = list(cuts.by_taken)
    held = [{(name, kind): (amount, slack) for name, kind, amount, slack in one.held} for one in every]
    common = [key for key in held[0] if all(key in one for one in held)]
    tensors = {tensor for one in every for tensor, _ in one.bring}
    return Taken(
        tuple((*key, min(one[key][0] for one in held), min(one[key][1] for one in held)) for key in common),
        min(one.begin for one in every),
        min(one.tile for one in every),
        min(one.issue for one in every),
        min(one.drain for one in every),
        min(one.store for one in every),
        min(one.way_out for one in every),
        tuple((tensor, min(dict(one.bring).get(tensor, 0) for one in every)) for tensor in tensors),
    )


def _where(key: Key) -> str:
    staying = "".join(f", {tensor} stays in {memory}" for tensor, memory in key[0])
    cuts = [f"match {cut.match} in tiles {' '.join(f'{a}={s}' for a, s in cut.tile)}" for cut in key[1]]
    return f"{' with '.join(cuts)}{staying}"
