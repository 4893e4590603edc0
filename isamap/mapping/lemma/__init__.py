"""Is what an instruction does bit by bit what it means? Proved, or refuted by an example, or for which values.

``unroll`` turns meaning and implementation into terms (``term``, built from scalars by ``scalar_term``), one pair per
output element; ``canonical`` finds the pairs that are the same up to names. A term is read in three ways: ``number``
(a value), ``interval`` (which values it may have), ``bit_vector`` (a formula for Z3). ``prove`` asks, ``widest`` looks
for the ranges in which the two agree, ``reach`` says which values a kernel's tensors may hold, and ``rule`` lets an
instruction be used only where the two agree.
"""

from isamap.mapping.lemma.prove import Counterexample, Lemma, lemma
from isamap.mapping.lemma.widest import widest_range

__all__ = ["Counterexample", "Lemma", "lemma", "widest_range"]
