"""Who is asking. On one machine, bound to localhost, there is one user; every row carries the owner all the same."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app import wiring
from app.service import Service

LOCAL_USER = "local"


def _owner() -> str:
    return LOCAL_USER


Owner = Annotated[str, Depends(_owner)]
Desk = Annotated[Service, Depends(wiring.service)]
