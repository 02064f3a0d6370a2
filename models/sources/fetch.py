"""Public weights: from the local cache, or from the network if it answers within seconds."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import torch

from models.card import UnsupportedModelError

PATIENCE = 5  # seconds for the first answer; the hub's own client would retry for half a minute


def from_url(name: str, url: str) -> Path:
    """torch.hub's cached copy of `url`, checked against the hash in its file name."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name
    if not file.is_file():
        require_answer(name, url)
        file.parent.mkdir(parents=True, exist_ok=True)
        prefix = re.search(r"-([a-f0-9]+)\.", file.name)
        try:
            torch.hub.download_url_to_file(url, str(file), prefix[1] if prefix else None, progress=False)
        except (OSError, RuntimeError) as error:  # the line dropped, or the hash differs
            raise unavailable(name, url) from error
    return file


def from_hub(name: str, repository: str) -> Path:
    """The repository's `model.safetensors`, from the local hub cache where it is there; pickles are never asked for."""
    from huggingface_hub import hf_hub_download, hf_hub_url, try_to_load_from_cache

    file = try_to_load_from_cache(repository, "model.safetensors")
    if isinstance(file, str):
        return Path(file)
    url = hf_hub_url(repository, "model.safetensors")
    require_answer(name, url)
    try:
        return Path(hf_hub_download(repository, "model.safetensors", etag_timeout=PATIENCE))
    except OSError as error:
        raise unavailable(name, url) from error


def require_answer(name: str, url: str) -> None:
    try:
        with urlopen(Request(url, method="HEAD"), timeout=PATIENCE):
            pass
    except (URLError, OSError) as error:
        raise unavailable(name, url) from error


def unavailable(name: str, url: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{name} needs its public weights from {urlparse(url).netloc}, which cannot be had from here; "
        "efficientnet_lite0 is bundled and needs no network"
    )
