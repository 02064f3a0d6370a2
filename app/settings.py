"""What the operator decides, read once from `WHYLENS_*` variables and never changed afterwards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.card import Kind

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class Settings(BaseSettings):
    """One field per variable: `home` is `WHYLENS_HOME`, and so on. Raises ValidationError naming the field."""

    model_config = SettingsConfigDict(env_prefix="WHYLENS_", frozen=True, extra="forbid")

    home: Annotated[Path, Field(description="Folder of the database and the pool's token; private to the user.")] = (
        Path.home() / ".whylens"
    )
    host: Annotated[str, Field(description="Address to bind. Only this machine, until there is authentication.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Field(ge=1, le=65535, description="Port to serve on.")] = 8501
    database_url: Annotated[str, Field(description="SQLAlchemy address; SQLite in the home folder when empty.")] = ""
    ray_address: Annotated[str, Field(description="Address of a Ray cluster; a pool of our own when empty.")] = ""
    job_slots: Annotated[int, Field(ge=1, le=256, description="Explanations computed at the same time.")] = 1
    gpus_per_job: Annotated[float, Field(ge=0, le=8, description="Share of a GPU that one job reserves.")] = 0
    threads: Annotated[int, Field(ge=1, le=1024, description="Threads of each process that scores.")] = (
        os.cpu_count() or 1
    )
    model: Annotated[str, Field(description="Model shown first.")] = "efficientnet_lite0"
    text_model: Annotated[str, Field(description="Model asked about a text when none is named.")] = "minilm"
    models: Annotated[Path | None, Field(description="Folder of the operator's own model cards (TOML).")] = None
    allow_pth: Annotated[
        bool,
        Field(description="Accept .pth weights in the models folder. A .pth file has been able to run code twice."),
    ] = False
    max_upload_bytes: Annotated[int, Field(ge=1_000, le=200_000_000, description="Largest upload, in bytes.")] = (
        20_000_000
    )
    max_upload_pixels: Annotated[int, Field(ge=1, le=400_000_000, description="Largest upload, in pixels.")] = (
        50_000_000
    )
    max_text_chars: Annotated[int, Field(ge=1, le=10_000_000, description="Longest text, in characters.")] = 100_000
    jobs_per_owner: Annotated[int, Field(ge=1, le=10_000, description="Unfinished explanations one user may have.")] = (
        20
    )

    image_sets: Annotated[
        Path | None, Field(description="Folder of folders of pictures; each is a set that everybody may study.")
    ] = None
    max_set_images: Annotated[int, Field(ge=10, le=20_000, description="Most files sent as one set of pictures.")] = (
        2_000
    )
    max_set_bytes: Annotated[
        int, Field(ge=1_000, le=10_000_000_000, description="Largest set of pictures, in bytes, sent and unpacked.")
    ] = 500_000_000
    activation_cache_bytes: Annotated[
        int,
        Field(
            ge=0, le=10_000_000_000_000, description="Bytes of what layers said of pictures, kept for the next time."
        ),
    ] = 2_000_000_000

    @model_validator(mode="after")
    def _guarded(self) -> Settings:
        if self.host not in LOCAL:
            raise ValueError(
                f"WHYLENS_HOST: must be one of {', '.join(sorted(LOCAL))} while there is no authentication; "
                f"got {self.host!r}"
            )
        if self.ray_address and self.database.startswith("sqlite"):
            raise ValueError(
                "WHYLENS_RAY_ADDRESS: names a cluster, and several machines need PostgreSQL; set WHYLENS_DATABASE_URL"
            )
        return self

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'whylens.db'}"

    def usual_model(self, kind: Kind) -> str:
        """The one that is asked when none is named."""
        return self.model if kind == "image" else self.text_model

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def variables() -> dict[str, str]:
    """Every variable with its one-line help; the README lists exactly these."""
    return {f"WHYLENS_{name.upper()}": field.description or "" for name, field in Settings.model_fields.items()}
