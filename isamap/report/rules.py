"""Every rule that a checker or the simulator can find broken, as one table: the text of docs/rules.md."""

from __future__ import annotations

from importlib import import_module

_HEAD = """# Rules

What a `Violation` may name, by judge. Made from the code by `python -m isamap.report.rules`; a test compares.
"""
_SOURCES = {
    "Simulator": "simulate.rules",
    "Programs, operation by operation": "check.program",
    "Matches": "check.match",
    "Tilings": "check.tiling",
    "Schedules": "check.schedule",
    "Modulo schedules": "check.modulo",
    "Schedules of task graphs": "check.task_graph",
    "Placements": "check.placement",
    "Certificates": "check.certificate",
    "Result files": "verify",
    "Outputs": "simulate.compare",
}


def rules_table() -> str:
    """Markdown: one section per judge, one row per rule."""
    parts = [_HEAD]
    for title, module in _SOURCES.items():
        rows = "\n".join(f"| `{rule}` | {text} |" for rule, text in import_module(f"isamap.{module}").RULES.items())
        parts.append(f"## {title}\n\n| rule | what holds |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(rules_table(), end="")
