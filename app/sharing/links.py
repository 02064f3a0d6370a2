"""`/s/<token>`: whoever has a link is let in to what it shows. The token stays in this one address."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import wiring
from app.access import notices
from app.access.gate import SHARE, share_signs
from app.access.signing import signer
from app.sharing import shares

PATHS = {"explanation": "/", "concepts": "/concepts"}


async def opened(request: Request) -> Response:
    """A cookie that lives no longer than the share, and on to its page."""
    desk = wiring.service()
    share = await run_in_threadpool(shares.redeem, desk, request.path_params["token"])
    if share is None:
        return notices.gone()
    answer = RedirectResponse(f"{PATHS[share.kind]}?s={share.id}", 303, notices.SEALED)
    answer.set_cookie(
        SHARE + share.id,
        signer(desk.settings.home).sign(share_signs(share.id), share.id, share.expires),
        expires=share.until,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer
