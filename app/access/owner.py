"""Who is asking. On one machine, bound to localhost, there is one user; every row carries the owner all the same."""

from __future__ import annotations

LOCAL_USER = "local"
