"""The only file that names the concrete database and pool; made once per process."""

from __future__ import annotations

from app.jobs.here import Here
from app.jobs.pool import RayPool
from app.service import Service
from app.settings import Settings
from app.storage.database import Database
from app.storage.store import Store

_service: Service | None = None


def start(settings: Settings) -> Service:
    """Open the database, bring it up to date, start the pool."""
    return use(Service(settings, opened(settings), RayPool(settings)))


def reading(settings: Settings) -> Service:
    """For a command that looks at what is kept, also beside a server: nothing is written, and no job runs.

    Raises UnavailableError, and ValueError for an address that is none or a database of another version.
    """
    store = Store.of(Database(settings.database, reads_only=True))
    store.database.refuse_other_version()
    return Service(settings, store, Here(settings, store))


def opened(settings: Settings) -> Store:
    """The database, brought up to date. Raises UnavailableError, and ValueError for an address that is none."""
    store = Store.at(settings.database)
    store.database.upgrade()
    return store


def use(service: Service) -> Service:
    """Make this the service of the process."""
    global _service
    _service = service
    return service


def service() -> Service:
    if _service is None:
        raise RuntimeError("the service has not been started: call wiring.start first")
    return _service
