"""The HTTP API under `/api/v1`: one router per noun, one error shape."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api import (
    assets,
    batches,
    catalogue,
    concepts,
    docs,
    explanations,
    exports,
    heads,
    library,
    notes,
    paint,
    revisions,
    sets,
    shares,
)
from app.failures import MENDABLE, ConflictError, NotFoundError, sentence
from app.unavailable import UnavailableError

NOUNS = (
    assets, batches, catalogue, concepts, docs, explanations, exports, heads, library, notes, paint, revisions, sets,
    shares,
)  # fmt: skip


def api() -> FastAPI:
    """An application of its own, so that unknown paths below it are answered in JSON and not by the page."""
    app = FastAPI(title="Whylens", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    for noun in NOUNS:
        app.include_router(noun.router)
    for mendable in MENDABLE:
        app.add_exception_handler(mendable, _mendable)
    app.add_exception_handler(NotFoundError, _missing)
    app.add_exception_handler(ConflictError, _conflict)
    app.add_exception_handler(UnavailableError, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _broken_off)
    app.add_exception_handler(Exception, _unexpected)
    return app


def _mendable(_: Request, error: Exception) -> Response:
    return _error(422, str(error))


def _missing(_: Request, error: Exception) -> Response:
    return _error(404, str(error))


def _conflict(_: Request, error: Exception) -> Response:
    return _error(409, str(error))


def _unavailable(_: Request, error: Exception) -> Response:
    return _error(503, str(error))


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = (
        ".".join(part for part in first["loc"][1:] if isinstance(part, str)) or "body"
    )  # a number is a place in JSON
    return _error(422, f"{field}: {first['msg']}")


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, str(error.detail))


def _broken_off(_: Request, __: Exception) -> Response:
    return _error(400, "The request broke off before its end.")  # read by nobody, as a rule: they are gone


def _unexpected(_: Request, error: Exception) -> Response:
    return _error(500, sentence(error))


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"status": status, "message": message}}, status)
