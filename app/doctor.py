"""`python -m app doctor`: is everything here that the application needs?"""

from __future__ import annotations

import importlib.metadata
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import torch

import explainers
import models
from app.settings import Settings
from app.storage.database import Database
from models.card import Kind

TESTED = {"torch": "2.14.1", "torchvision": "0.29", "streamlit": "1.67", "ray": "2.60"}


def doctor(settings: Settings) -> int:
    """Print one line per check; 0 when all pass, 1 otherwise."""
    checks: dict[str, Callable[[], str]] = {
        "versions": _versions,
        "home folder": lambda: _home(settings.home),
        "database": lambda: _database(settings),
        "first model": lambda: _model(settings),
        "text model": lambda: _text_model(settings),
        "operator's models": lambda: _operator(settings),
        "methods": lambda: _methods(settings),
        "processor": _processor,
    }
    failed = 0
    for name, check in checks.items():
        try:
            print(f"ok    {name}: {check()}")
        except Exception as error:
            failed += 1
            print(f"FAIL  {name}: {error}")
    print("Whylens: ready to serve" if not failed else f"Whylens: {failed} of {len(checks)} checks failed")
    return 1 if failed else 0


def _versions() -> str:
    found = {name: importlib.metadata.version(name) for name in TESTED}
    odd = [
        f"{name} {found[name]} (tested: {tested})"
        for name, tested in TESTED.items()
        if not f"{found[name]}.".startswith(f"{tested}.") and not found[name].startswith(f"{tested}+")
    ]
    if odd:
        raise RuntimeError("not the tested versions: " + ", ".join(odd))
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _home(home: Path) -> str:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=home) as file:
        file.write(b"x")
    return f"{home} is writable"


def _database(settings: Settings) -> str:
    database = Database(settings.database)
    database.upgrade()
    database.close()
    return database.engine.dialect.name


def _model(settings: Settings) -> str:
    card = models.load(settings.model, settings.models, settings.allow_pth).card
    return f"{card.name}, weights {card.digest[:12] if card.digest else 'unknown'}"


def _text_model(settings: Settings) -> str:
    card = models.load(settings.text_model, settings.models, settings.allow_pth).card
    if card.kind != "text":
        raise RuntimeError(f"WHYLENS_TEXT_MODEL must name a model of texts; {card.name} classifies {card.kind}s")
    return f"{card.name}, reads {card.limit} tokens, weights {(card.digest or 'unknown')[:12]}"


def _methods(settings: Settings) -> str:
    """Those that suit the first model, and why others do not."""
    fits = explainers.method_fits(models.load(settings.model, settings.models, settings.allow_pth))
    said = [f"{fit.method} ({fit.status}: {fit.reason})" for fit in fits if fit.status != "valid"]
    return ", ".join([fit.method for fit in fits if fit.status == "valid"] + said)


def _operator(settings: Settings) -> str:
    if settings.models is None:
        return "none: WHYLENS_MODELS names no folder"
    if wrong := models.problems(settings.models, settings.allow_pth):
        raise RuntimeError("; ".join(wrong))
    kinds = get_args(Kind)
    cards = [card for kind in kinds for card in models.list_models(kind, settings.models, settings.allow_pth)]
    return ", ".join(card.name for card in cards)


def _processor() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    capabilities = torch.cpu.get_capabilities()
    fast = [name for name in ("amx_bf16", "avx512_bf16") if capabilities.get(name, False)]
    return (
        f"{os.cpu_count()} cores, {'bfloat16 by ' + ', '.join(fast) if fast else 'no fast bfloat16: float32 is used'}"
    )
