"""A folder as transformers saves a model: config.json, tokenizer.json, model.safetensors. No code of it ever runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer
from torch import nn

from models.card import ModelCard, UnsupportedModelError
from models.text.networks import SequenceClassifier
from models.text.reader import Reader, fingerprint, reader

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NEEDED = ("config.json", "tokenizer.json", "model.safetensors")
MAX_CONFIG = 10_000_000  # bytes
MOST = 1_000_000  # tokens; transformers writes 10³⁰ where a tokeniser has no limit
USUAL = 512  # tokens, where nothing says how many
STAND_INS = ("mask_token", "unk_token", "pad_token")
OTHER_PROBLEMS = ("regression", "multi_label_classification")


def check(folder: Path) -> None:
    """Raises ValueError unless every file of the folder lies in it and the needed ones are there."""
    for file in folder.iterdir():
        if file.resolve().parent != folder.resolve():
            raise ValueError(f"weights must be a folder of files; {folder.name}/{file.name} is a link that leaves it")
    for name in NEEDED:
        if not (folder / name).is_file():
            raise ValueError(f"weights folder {folder.name!r} has no {name}")


def described(folder: Path) -> tuple[tuple[str, ...], int]:
    """Labels and limit in tokens, as the configuration says. Raises ValueError."""
    config, tokenizer = values(folder / "config.json"), values(folder / "tokenizer_config.json")
    if (problem := config.get("problem_type")) in OTHER_PROBLEMS:
        raise ValueError(f"problem_type must be single_label_classification; got {problem!r}")
    match config.get("id2label", {"0": "LABEL_0", "1": "LABEL_1"}):
        case {**names} if set(names) == {str(k) for k in range(len(names))}:
            labels = tuple(str(names[str(k)]) for k in range(len(names)))
        case other:
            raise ValueError(f"id2label must name the classes 0, 1, … once each; got {other!r:.60}")
    limits = (config.get("max_position_embeddings"), config.get("n_positions"), tokenizer.get("model_max_length"))
    return labels, min((limit for limit in limits if isinstance(limit, int) and limit <= MOST), default=USUAL)


def load(card: ModelCard, folder: Path) -> tuple[SequenceClassifier, ModelCard, Reader]:
    """The classifier saved in the folder; its card has the limit that its table of positions sets."""
    from transformers import AutoModelForSequenceClassification

    found = network(card.name, folder, AutoModelForSequenceClassification)
    if found.config.pad_token_id is None:
        found.config.pad_token_id = 0  # nothing is padded, yet without one decoders refuse a batch
    card = replace(card, limit=min(card.limit or USUAL, positions(found)))
    read = read_by(card, folder, found)
    return SequenceClassifier(found, fingerprint(read.tokenizer)), card, read


def network(name: str, folder: Path, auto: Any) -> PreTrainedModel:
    """As `auto`, a class of transformers, reads it. Every weight must be there, in float32, none may be left over."""
    try:
        with quiet():
            found, report = auto.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                attn_implementation="eager",  # every architecture has it, and the configuration may name another
                output_loading_info=True,
            )
    except Exception as error:  # foreign code on foreign files: whatever it raises, this is no model
        reason = str(error).strip().partition("\n")[0][:200]
        raise UnsupportedModelError(
            f"{name} cannot be loaded from its folder: {type(error).__name__}: {reason}"
        ) from error
    for wrong, keys in (
        ("lacks", report["missing_keys"]),
        ("has weights of another shape for", report["mismatched_keys"]),
    ):
        if keys:
            raise UnsupportedModelError(f"{name}: model.safetensors {wrong} {min(map(str, keys))!r:.100}")
    model: PreTrainedModel = found.eval().requires_grad_(False)
    return model


def read_by(card: ModelCard, folder: Path, network: PreTrainedModel) -> Reader:
    """How texts reach the network: by the folder's tokeniser, through the network's table."""
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library raises nothing narrower
        raise UnsupportedModelError(f"{card.name}: tokenizer.json is not a tokeniser that can be read") from error
    table: Any = network.get_input_embeddings()
    last = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if last >= table.num_embeddings:
        raise UnsupportedModelError(
            f"{card.name}: tokenizer.json has a token {last}, and the network's last is {table.num_embeddings - 1}"
        )
    return reader(tokenizer, table, stand_in(card.name, folder, tokenizer), card.limit or USUAL)


def stand_in(name: str, folder: Path, tokenizer: Tokenizer) -> int:
    """The token that stands for an unknown one: the mask, or else the unknown, or else the padding token."""
    named = {**values(folder / "special_tokens_map.json"), **values(folder / "tokenizer_config.json")}
    for role in STAND_INS:
        token = named.get(role)
        content = token.get("content") if isinstance(token, Mapping) else token
        if isinstance(content, str) and (known := tokenizer.token_to_id(content)) is not None:
            return int(known)
    raise UnsupportedModelError(f"{name}: tokenizer_config.json names none of {', '.join(STAND_INS)}")


def positions(network: nn.Module) -> int:
    """How many positions the network has; RoBERTa's begin behind that of the padding token."""
    for name, part in network.named_modules():
        if name.rpartition(".")[2] in ("position_embeddings", "wpe") and isinstance(part, nn.Embedding):
            return part.num_embeddings - (0 if part.padding_idx is None else part.padding_idx + 1)
    return MOST


def values(file: Path) -> dict[str, Any]:
    """The JSON object in the file; empty where there is no file. Raises ValueError."""
    if not file.is_file():
        return {}
    if file.stat().st_size > MAX_CONFIG:
        raise ValueError(f"{file.name} must not exceed {MAX_CONFIG} bytes; got {file.stat().st_size}")
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{file.name} must hold an object; got {type(found).__name__}")
    return found


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' progress bars and reports, which would stand between our own lines."""
    from transformers.utils import logging

    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
