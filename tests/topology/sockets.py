"""Browsers as the server sees them: a socket over which the page is drawn again and again, and someone who looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

import httpx2 as httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Origin, Subprotocol
from websockets.sync.client import ClientConnection, connect

from tests.server import PATIENCE


class Browser:
    """One that has an explanation open, polls it, and paints on it, until told to leave."""

    def __init__(self, url: str, headers: Mapping[str, str], explanation: str, side: int) -> None:
        self._url, self._headers, self._explanation = url, headers, explanation
        self._brush = bytes(side * side // 2) + bytes([255]) * (side * side - side * side // 2)
        self.drawn = self.painted = 0
        self.faults: list[str] = []
        self._left = Event()
        self._thread = Thread(target=self._stay, daemon=True)

    def enter(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """Once what is asked has been answered."""
        self._left.set()

    def gone(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "a browser still waits for an answer"

    def _stay(self) -> None:
        try:
            with (
                httpx.Client(base_url=self._url, headers=self._headers, timeout=PATIENCE) as client,
                connect(
                    f"{self._url.replace('http', 'ws', 1)}/_stcore/stream",
                    origin=Origin(self._url),
                    additional_headers=self._headers,
                    subprotocols=[Subprotocol("streamlit")],
                    open_timeout=PATIENCE,
                    max_size=None,
                ) as socket,
            ):
                while not self._left.is_set():
                    self._draw(socket)
                    self.look(client)
        except Exception as error:
            self.faults.append(repr(error))

    def _draw(self, socket: ClientConnection) -> None:
        """One run of the page, from the question to its last message."""
        asked = BackMsg()
        asked.rerun_script.query_string = f"e={self._explanation}"
        socket.send(asked.SerializeToString())
        while True:
            heard = ForwardMsg()
            heard.ParseFromString(bytes(socket.recv(PATIENCE, decode=False)))
            if heard.WhichOneof("type") == "delta" and heard.delta.new_element.WhichOneof("type") == "exception":
                self.faults.append(heard.delta.new_element.exception.message)
            if heard.WhichOneof("type") == "script_finished":
                break
        self.drawn += 1

    def look(self, client: httpx.Client) -> None:
        at = f"/api/v1/explanations/{self._explanation}"
        for answer in (client.get(at), client.post(f"{at}/paint", content=self._brush)):
            if not answer.is_success:
                self.faults.append(answer.text)
        self.painted += 1


@contextmanager
def looking_on(browsers: list[Browser]) -> Iterator[None]:
    for browser in browsers:
        browser.enter()
    try:
        yield
    finally:
        for browser in browsers:
            browser.leave()
        for browser in browsers:
            browser.gone()
