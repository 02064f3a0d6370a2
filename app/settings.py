"""What the operator decides, read once from `WHYLENS_*` variables and never changed afterwards."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.access.passwords import PasswordHash
from models.card import Kind

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
HEADER_NAME = re.compile("[A-Za-z0-9-]+")


class Settings(BaseSettings):
    """One field per variable: `home` is `WHYLENS_HOME`, and so on. Raises ValidationError naming the field."""

    model_config = SettingsConfigDict(env_prefix="WHYLENS_", frozen=True, extra="forbid")

    home: Annotated[Path, Field(description="Folder of the database and of secrets; private to the user.")] = (
        Path.home() / ".whylens"
    )
    host: Annotated[
        str, Field(description="Address to bind. Only this machine, unless there is a password or an identity header.")
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port to serve on.")] = 8501
    allowed_hosts: Annotated[
        str, Field(description="Names, with commas, under which others reach a guarded server; localhost always works.")
    ] = ""
    password_hash: Annotated[
        str,
        Field(repr=False, description="What `python -m app hash-password` prints. Then the password is asked for."),
    ] = ""
    identity_header: Annotated[
        str, Field(description="Header in which a proxy in front says who is asking; each has things of their own.")
    ] = ""
    trusted_proxies: Annotated[
        str, Field(description="Addresses or networks, with commas, of proxies whose headers are believed.")
    ] = ""
    database_url: Annotated[
        str, Field(repr=False, description="SQLAlchemy address; SQLite in the home folder when empty.")
    ] = ""
    ray_address: Annotated[str, Field(description="Address of a Ray cluster; a pool of our own when empty.")] = ""
    ray_node: Annotated[
        str, Field(description="Name or address of this machine in the cluster; found out when empty.")
    ] = ""
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
    max_stored_bytes: Annotated[
        int,
        Field(
            ge=0,
            le=10_000_000_000_000,
            description="Above this, results unused for longest go and are computed again when asked for; 0: no limit.",
        ),
    ] = 20_000_000_000
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

    @field_validator("password_hash")
    @classmethod
    def _secret(cls, text: str) -> str:
        if text and PasswordHash.read(text).known:
            raise ValueError("is of a password that everybody knows; choose another")
        return text

    @field_validator("identity_header")
    @classmethod
    def _header(cls, name: str) -> str:
        if name and not HEADER_NAME.fullmatch(name):
            raise ValueError(f"must be letters, digits and hyphens; got {name!r}")
        return name.lower()

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        _proxies(text)
        return text

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if self.host not in LOCAL and not self.guarded:
            raise ValueError(
                f"WHYLENS_HOST: must be one of {', '.join(sorted(LOCAL))} while there is no authentication; "
                f"got {self.host!r}"
            )
        if not self.host:
            raise ValueError("WHYLENS_HOST: must be an address; got ''")
        if self.allowed_hosts and not self.guarded:
            raise ValueError("WHYLENS_ALLOWED_HOSTS: others may come in only with a password or an identity header")
        if self.password_hash and self.identity_header:
            raise ValueError("WHYLENS_IDENTITY_HEADER: choose either this or WHYLENS_PASSWORD_HASH")
        if self.identity_header and not self.trusted_proxies:
            raise ValueError("WHYLENS_IDENTITY_HEADER: anybody could send it; set WHYLENS_TRUSTED_PROXIES")
        if self.ray_address and self.database.startswith("sqlite"):
            raise ValueError(
                "WHYLENS_RAY_ADDRESS: names a cluster, and several machines need PostgreSQL; set WHYLENS_DATABASE_URL"
            )
        return self

    @property
    def guard(self) -> Literal["none", "password", "header"]:
        """What tells users apart."""
        return "password" if self.password_hash else "header" if self.identity_header else "none"

    @property
    def guarded(self) -> bool:
        return self.guard != "none"

    @property
    def hosts(self) -> frozenset[str]:
        """Names under which this server may be asked for."""
        return LOCAL | {name.strip().lower() for name in self.allowed_hosts.split(",") if name.strip()}

    def trusts(self, address: str) -> bool:
        """Whether this is the address of a proxy whose headers are believed."""
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return any(ip in network for network in _proxies(self.trusted_proxies))

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


def _proxies(text: str) -> list[IPv4Network | IPv6Network]:
    return [ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]


def variables() -> dict[str, str]:
    """Every variable with its one-line help; the README lists exactly these."""
    return {f"WHYLENS_{name.upper()}": field.description or "" for name, field in Settings.model_fields.items()}
