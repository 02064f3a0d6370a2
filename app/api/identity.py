"""Who is asking, and whom they ask: what every route depends on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app import wiring
from app.owner import LOCAL_USER
from app.service import Service


def _owner() -> str:
    return LOCAL_USER


Owner = Annotated[str, Depends(_owner)]
Desk = Annotated[Service, Depends(wiring.service)]
