"""Open connections of those whom a link has let in: closed when it is over or taken back, in whatever process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Send

from app import failures

SECONDS_BETWEEN_LOOKS = 2.0
CLOSED: Message = {"type": "websocket.close", "code": 1008}
LEFT: Message = {"type": "websocket.disconnect", "code": 1008}

Live = Callable[[frozenset[str]], frozenset[str]]  # of these shares, those that are


@dataclass(eq=False)
class Socket:
    """One connection: what it was let in by, and whether that has ended."""

    shares: frozenset[str]
    receive: Receive
    send: Send
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self) -> Message:
        """The next message, or that there is none to come."""
        heard, ended = asyncio.ensure_future(self.receive()), asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({heard, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not self.ended.is_set():
                return heard.result()
            await self.send(CLOSED)
            return LEFT
        finally:
            heard.cancel()
            ended.cancel()

    async def say(self, message: Message) -> None:
        if not self.ended.is_set():
            await self.send(message)


@dataclass
class OpenSockets:
    """Of this process."""

    _open: set[Socket] = field(default_factory=set)

    @contextmanager
    def opened(self, shares: frozenset[str], receive: Receive, send: Send) -> Iterator[Socket]:
        socket = Socket(shares, receive, send)
        self._open.add(socket)
        try:
            yield socket
        finally:
            self._open.discard(socket)

    @property
    def shares(self) -> frozenset[str]:
        return frozenset().union(*(socket.shares for socket in self._open))

    def end(self, shares: Iterable[str]) -> None:
        ended = frozenset(shares)
        for socket in self._open:
            if socket.shares & ended:
                socket.ended.set()

    async def look(self, live: Live) -> None:
        """Ask which shares are still live, and end the others' connections."""
        if shares := self.shares:
            self.end(shares - await run_in_threadpool(live, shares))

    async def watch(self, live: Live) -> None:
        """For ever."""
        while True:
            try:
                await self.look(live)
            except Exception as error:  # a database that is away for a moment must not end the watch
                failures.sentence(error)
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
