"""The table of rules in the docs is that of the code."""

from __future__ import annotations

from pathlib import Path

from isamap.report.rules import rules_table

ROOT = Path(__file__).resolve().parents[2]


def test_the_docs_list_every_rule() -> None:
    written = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert written == rules_table(), "run: python -m isamap.report.rules > docs/rules.md"
