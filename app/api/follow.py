"""Server-sent events of a run: one whenever there is news, until it has ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from app.description import progress
from app.jobs.spec import UNFINISHED
from app.service import Service

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_SIGNS = 10.0  # proxies cut a stream that says nothing


def events(desk: Service, key: str) -> StreamingResponse:
    return StreamingResponse(_follow(desk, key), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _follow(desk: Service, key: str) -> AsyncIterator[bytes]:
    told: tuple[object, ...] | None = None
    silent = 0.0
    while True:
        run = await run_in_threadpool(desk.store.runs.find, key)
        if run is None:  # deleted meanwhile
            return
        now = await run_in_threadpool(progress, desk, run)
        news = (now["state"], now["done"], now["preview"], now["position"])
        if news != told:
            told, silent = news, 0.0
            yield f"event: progress\ndata: {json.dumps(now)}\n\n".encode()
        elif silent >= SECONDS_BETWEEN_SIGNS:
            silent = 0.0
            yield b": still here\n\n"
        if now["state"] not in UNFINISHED:
            return
        await anyio.sleep(SECONDS_BETWEEN_LOOKS)
        silent += SECONDS_BETWEEN_LOOKS
