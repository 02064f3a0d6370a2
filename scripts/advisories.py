"""Whether anything is known against the pinned packages, as far as the network tells: `make advisories`.

pip-audit asks PyPI for the advisories on each package of constraints.txt. Exit code 1 where there is one; where the
network does not answer, it is said how many packages could not be looked up, and that is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PINNED = Path(__file__).parents[1] / "constraints.txt"
SECONDS = 15


def main(audit: str) -> int:
    """`audit` is the program pip-audit."""
    asked = [audit, "-r", str(PINNED), "--no-deps", "--disable-pip", "--format", "json", "--timeout", str(SECONDS)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    if not answer.stdout:
        print(f"No advisories were read: {(answer.stderr.strip().splitlines() or ['no answer'])[-1]}")
        return 0
    found, unknown = read(json.loads(answer.stdout)["dependencies"])
    for line in found:
        print(line)
    print(f"{len(found)} advisories; {unknown} packages could not be looked up")
    return 1 if found else 0


def read(packages: Sequence[Mapping[str, Any]]) -> tuple[list[str], int]:
    """A line for each advisory, and how many packages nobody could say anything of."""
    found = [
        f"{package['name']} {package['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'none'}"
        for package in packages
        for known in package.get("vulns", ())
    ]
    return found, sum("skip_reason" in package for package in packages)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
