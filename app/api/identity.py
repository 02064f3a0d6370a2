"""Who is asking, and whom they ask: what every route depends on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app import wiring
from app.access.identity import HEADER, Identity, read
from app.failures import NotFoundError
from app.service import Service

Desk = Annotated[Service, Depends(wiring.service)]


def _who(request: Request, desk: Desk) -> Identity:
    return read(request.headers.get(HEADER), desk.settings)


Who = Annotated[Identity, Depends(_who)]


def _owner(who: Who) -> str:
    if who.owner is None:  # the gate has refused it before
        raise NotFoundError("There is nothing here.")
    return who.owner


Owner = Annotated[str, Depends(_owner)]
