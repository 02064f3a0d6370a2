"""Where results are written, and the machine they were measured on, in words."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

import torch

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """Processor, cores and accelerator; nothing that names this very host."""
    features = torch.cpu.get_capabilities()
    extras = [name for name in ("amx_bf16", "avx512_bf16", "avx512_f") if features.get(name)]
    name = features.get("cpu_name", platform.machine())
    words = f"{os.cpu_count()} cores of {name} ({', '.join(extras) or 'no AVX-512'})"
    if torch.cuda.is_available():
        words += f", {torch.cuda.get_device_name()}"
    return f"{words}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def write(name: str, result: Mapping[str, object], quiet: bool = False) -> None:
    text = _put(name, {"machine": machine(), **result})
    if not quiet:
        print(text)


def add(name: str, part: str, result: Mapping[str, object]) -> None:
    """One part of a result that several runs make; the others stay as they are."""
    file = RESULTS / f"{name}.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    _put(name, {**known, part: {"machine": machine(), **result}})


def _put(name: str, result: Mapping[str, object]) -> str:
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    return text
