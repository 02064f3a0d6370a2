"""One ASGI application: the Streamlit page, the API, health and metrics, behind one guard."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from streamlit.runtime.pages_manager import PagesManager

from app import failures, wiring
from app.access.gate import Gate
from app.access.guard import SameOrigin, SecureHeaders
from app.access.identity import HEADER
from app.access.login import Login
from app.access.owner import LOCAL_USER
from app.access.requests import Requests
from app.access.signing import signer
from app.access.sockets import OpenSockets
from app.api import api
from app.api.follow import SECONDS_BETWEEN_LOOKS
from app.jobs.spec import UNFINISHED
from app.metrics import exposition
from app.service import Service
from app.sharing import links

LOG = logging.getLogger("whylens")
SOCKETS = OpenSockets()


def healthz(_: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


async def readyz(_: Request) -> Response:
    """The first model is loaded and jobs are taken; 503 until then, with the reason when there is one."""
    try:
        ready = await run_in_threadpool(lambda: wiring.service().pool.ready())
    except Exception as error:
        return JSONResponse({"ready": False, "message": failures.sentence(error)}, 503)
    return JSONResponse({"ready": ready}, 200 if ready else 503)


def metrics(_: Request) -> Response:
    """The process, runs by state and method, how long they and questions took, and what memory and disk hold."""
    service = wiring.service()
    return Response(exposition(service.store.database, service.pool.memory()), media_type=CONTENT_TYPE_LATEST)


@asynccontextmanager
async def _life(_: object) -> AsyncIterator[None]:
    """Raises RuntimeError unless `serve` has started the service and pages are told who asks."""
    service = wiring.service()
    if st.get_option("server.trustedUserHeaders") != {HEADER: "identity"}:
        raise RuntimeError(f"Pages would not know who asks: server.trustedUserHeaders must map {HEADER} to identity.")
    signer(service.settings.home)  # made now, or refused
    for name in ("uvicorn.access", "uvicorn.error"):  # Streamlit has switched them on; addresses hold ids
        logging.getLogger(name).setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()  # collections of what never dies cost tens of milliseconds in every rerun
    tasks = [asyncio.create_task(SOCKETS.watch(service.store.shares.live))]
    if service.settings.guard != "header":  # there, everybody has a first example of their own
        tasks.append(asyncio.create_task(_explain_first(service)))
    LOG.info("serving on %s (Ctrl+C stops)", service.settings.url)
    yield
    for task in tasks:
        task.cancel()
    service.pool.close()


async def _explain_first(service: Service) -> None:
    """So that whoever opens the page finds a picture explained, and the explanation judged."""
    try:
        first = await run_in_threadpool(service.first, LOCAL_USER)
        while (await run_in_threadpool(service.run, first)).state in UNFINISHED:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        await run_in_threadpool(service.judge, LOCAL_USER, first.id)
    except Exception as error:
        LOG.error("the first example cannot be explained: %s", failures.sentence(error))


PagesManager.uses_pages_directory = False  # or an address opened first would run its page without main.py
app = st.App(
    Path(__file__).with_name("main.py"),
    lifespan=_life,
    routes=[
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/s/{token}", links.opened),
        *Login(wiring.service).routes,
        Mount("/api/v1", api()),
    ],
    middleware=[
        Middleware(Requests, settings=lambda: wiring.service().settings),
        Middleware(SecureHeaders),
        Middleware(SameOrigin, hosts=lambda: wiring.service().settings.hosts),
        Middleware(Gate, desk=wiring.service, sockets=SOCKETS),
    ],
)
