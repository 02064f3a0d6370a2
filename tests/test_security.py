"""The list of what a web application with models must withstand, S1 to S32: each line that applies has tests that say
its number. Here are those that no other file has: what is installed, and what is written down.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from scripts import advisories

ROOT = Path(__file__).parents[1]
LINES = [line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split()]
PINNED: dict[str, str] = {canonicalize_name(name): version for name, version in LINES}
# advisories end with these
LEAST = {"torch": (2, 10), "pillow": (12, 3)}
# S17 is of servers that fetch what an address names: here nothing takes one
DO_NOT_APPLY = {17}


def test_every_line_that_applies_has_a_test() -> None:
    sources = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    numbers = {int(number) for number in re.findall(r"^def test_s(\d+)_", sources, re.M)}
    assert numbers == set(range(1, 33)) - DO_NOT_APPLY


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_s30_every_package_has_one_version(file: str) -> None:
    lines = (ROOT / file).read_text("utf-8").splitlines()
    asked = {canonicalize_name(line.partition("[")[0]) for line in lines if line[0] not in "#-"}
    assert asked
    assert asked <= set(PINNED)


def test_s30_what_is_known_to_be_mended_is_installed() -> None:
    for name, least in LEAST.items():
        assert tuple(map(int, PINNED[name].split(".")[:2])) >= least, name


def test_s30_an_advisory_fails_and_what_nobody_knows_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(report: str) -> int:
        program = tmp_path / "pip-audit"
        program.write_text(f"#!{sys.executable}\nprint({report!r}, end='')\n")
        program.chmod(0o755)
        return advisories.main(str(program))

    known = '{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2", "3"]}]}'
    unknown = '{"name": "b", "skip_reason": "not found"}'
    assert told(f'{{"dependencies": [{unknown}]}}') == 0
    assert capsys.readouterr().out == "0 advisories; 1 packages could not be looked up\n"
    assert told(f'{{"dependencies": [{known}, {unknown}]}}') == 1
    assert capsys.readouterr().out.splitlines()[0] == "a 1: PYSEC-1, mended in 2, 3"
    assert told("") == 0
    assert capsys.readouterr().out == "No advisories were read: no answer\n"


def test_s32_who_is_trusted_with_what_is_written_down_and_found() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    for section in ("Reporting", "Whom Whylens trusts", "What holds it up", "What it does not do"):
        assert re.search(rf"^## {section}$", text, re.M), section
    assert "](SECURITY.md)" in (ROOT / "README.md").read_text("utf-8")
