"""`python -m app serve`: one process, one port."""

from __future__ import annotations

import logging
import signal
import socket
from contextlib import closing

import uvicorn

from app import wiring
from app.settings import Settings
from app.unavailable import UnavailableError

LOG = logging.getLogger("whylens")
MESSAGE_BYTES = 16_000_000  # a whole brush map and its widgets, with room; the server's own default is 200 MB
SECONDS_TO_LEAVE = 2  # open progress streams would hold a stop for ever


def serve(settings: Settings) -> int:
    """Serve until stopped. Returns 2 when the port is taken or the database cannot be had."""
    with closing(socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            LOG.error("WHYLENS_PORT: %d cannot be used: %s", settings.port, error.strerror)
            return 2
    LOG.info("starting the worker pool")
    # before the loop and in the main thread: the kernel ends Ray's processes with the thread that started them
    try:
        wiring.start(settings)
    except (UnavailableError, ValueError) as error:
        LOG.error("%s", error)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop is a stop, whoever asks
    uvicorn.run(
        "app.asgi:app",
        host=settings.host,
        port=settings.port,
        ws_max_size=MESSAGE_BYTES,
        access_log=False,
        proxy_headers=False,  # it believes whoever runs on this machine; the gate believes those it was told to
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=SECONDS_TO_LEAVE,
    )
    LOG.info("stopped")
    return 0
