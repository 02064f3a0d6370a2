"""Bodies of requests, read up to a limit and no further."""

from __future__ import annotations

import json
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from app.failures import RequestError

B = TypeVar("B", bound=BaseModel)


async def read(request: Request, limit: int, noun: str = "file") -> bytes:
    """Raises RequestError before the rest is read."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise RequestError(f"The {noun} is larger than {limit:,} bytes, which is the limit.")
    return bytes(data)


def parsed(model: type[B], data: bytes) -> B:
    """JSON as this model. Refused as FastAPI refuses what it has read itself."""
    try:
        values = json.loads(data)  # not pydantic's reader: half a character must be refused in our own words
    except (ValueError, RecursionError) as error:
        raise RequestValidationError([{"loc": ("body",), "msg": "JSON decode error"}]) from error
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from error
