"""The nouns and the language. Knows no solver, no file and no numpy.

Read in this order: ``dtype``, ``expression`` (one syntax), ``affine``, ``scalar``, ``einsum``, ``workload`` (a
computation), ``hardware`` (a machine), ``answers`` (what the rooms find), ``program`` (what a machine runs), ``text``.
"""
