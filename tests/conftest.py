"""``--refresh-golden`` rewrites the golden texts instead of comparing with them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="write tests/golden/ anew")


@pytest.fixture(scope="session", autouse=True)
def _nothing_kept() -> Iterator[None]:
    """What this user's machine was calibrated to, and kernels compiled before, are out of the tests' sight."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", folder)
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the file of that name in tests/golden/."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--refresh-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden text {name}: run pytest with --refresh-golden"
        assert text == path.read_text(encoding="utf-8"), f"{name} changed; if that is meant: --refresh-golden"

    return compare


def pytest_runtest_setup(item: pytest.Item) -> None:
    """``@pytest.mark.isa("avx512f")``: skipped where this CPU has not that instruction set, by LLVM's names."""
    wanted = {name for mark in item.iter_markers("isa") for name in mark.args}
    if wanted:
        from isamap.codegen.cpu import features

        if missing := sorted(wanted - features()):
            pytest.skip(f"this CPU has no {' '.join(missing)}")
