"""What is raised where the database is not to be had."""

from __future__ import annotations


class UnavailableError(ConnectionError):
    """The database is away, full or read-only: nothing was changed, and the same may be tried again."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The database is not to be had at the moment: {reason}. Nothing was lost; try again in a minute."
        )
