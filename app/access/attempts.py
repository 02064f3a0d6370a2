"""How often an address has tried: so many times in a while, and then no more until the first is long enough ago."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

ADDRESSES = 10_000  # remembered; of more, those that tried longest ago are forgotten


@dataclass
class Attempts:
    limit: int = 10
    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _tried: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def allow(self, address: str) -> bool:
        """Counts, where it is allowed."""
        now, key = self.clock(), _network(address)
        tries = self._tried.setdefault(key, deque())
        self._tried.move_to_end(key)
        while tries and now - tries[0] >= self.seconds:
            tries.popleft()
        if len(self._tried) > ADDRESSES:
            self._tried.popitem(last=False)
        if len(tries) >= self.limit:
            return False
        tries.append(now)
        return True

    def forget(self, address: str) -> None:
        """Who got it right begins anew."""
        self._tried.pop(_network(address), None)


def _network(address: str) -> str:
    """Whoever has one address of version 6 has 2**64 of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)
