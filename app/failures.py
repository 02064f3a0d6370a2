"""Errors as the user reads them: one sentence, verbatim when it can be mended, with a short id when it cannot."""

from __future__ import annotations

import logging
import uuid
from contextvars import ContextVar

from app.unavailable import UnavailableError
from app.uploads import UploadError
from explainers import InputError
from models import UnsupportedModelError

LOG = logging.getLogger("whylens")
REQUEST: ContextVar[str] = ContextVar("request", default="-")  # the id of the request that is being answered


class RequestError(ValueError):
    """Something the user asked for that cannot be had; the message is for them."""


class NotFoundError(LookupError):
    """No such thing, or not theirs: the two look alike."""


class ConflictError(ValueError):
    """Somebody else was faster; the message says what can be done."""


MENDABLE = (RequestError, UploadError, UnsupportedModelError, InputError)
TOLD = (*MENDABLE, NotFoundError, UnavailableError)  # what a page says and goes on


def sentence(error: BaseException) -> str:
    """What to tell the user. Anything not made for them is logged with its traceback under the id they are given."""
    if isinstance(error, (*TOLD, ConflictError)):
        return str(error)
    short = uuid.uuid4().hex[:8]
    LOG.error("unexpected error %s in request %s", short, REQUEST.get(), exc_info=error)
    return f"Something went wrong that should not have. It was logged as {short}."


def refuse_outside(field: str, number: int, count: int) -> None:
    """Raises RequestError for what is no place among so many, counted from 0."""
    if not 0 <= number < count:
        raise RequestError(f"{field} must lie in [0, {count - 1}]; got {str(number)[:20]}")
