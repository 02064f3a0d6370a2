"""What is raised where something that others provide is not to be had for a while."""

from __future__ import annotations


class UnavailableError(ConnectionError):
    """Nothing was changed, and the same may be asked again. `what` is a sentence that names what is missing."""

    def __init__(self, what: str) -> None:
        super().__init__(what)  # alone, since it is how the error is made again in another process

    def __str__(self) -> str:
        return f"{self.args[0]} Nothing was lost; try again in a minute."
