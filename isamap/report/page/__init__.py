"""A compiled kernel as one self-contained HTML page: what was found, and what its program does when it is run again.

Read in this order: ``rerun`` (the program of a file, run again, and what disagrees), ``trace`` (its issues as columns),
``values`` and ``labels`` (what lies at an address when, and of which tensor that is), ``memory_map``, ``lanes`` and
``windows`` (what the timeline draws), ``pack`` (columns for the script); then ``html``, ``words`` and ``picture``; the
parts of the page, ``headline``, ``use``, ``computation`` and ``search``; and ``document``, which puts them together
with ``page.css`` and ``page.js``. The page fetches nothing.
"""

from isamap.report.page.document import render
from isamap.report.page.rerun import Rerun, run_again

__all__ = ["Rerun", "render", "run_again"]
