"""The operator's own models: a folder of cards in TOML, each with its weights beside it.

    architecture = "torchvision/resnet18"       # or timm/…
    weights = "shapes.safetensors"              # a file of this folder
    labels = ["circle", "square"]               # or "imagenet"
    size = [64, 64]                             # the rest is optional
    resize = [72, 72]
    mean = [0.5, 0.5, 0.5]
    std = [0.5, 0.5, 0.5]

`shapes.toml` becomes the model `operator/shapes`. A classifier of texts is a folder as transformers saves it:

    architecture = "transformers"
    weights = "reviews"                         # beside the card; config.json, tokenizer.json, model.safetensors
    labels = ["bad", "good"]                    # optional, as is the rest: else as config.json names them
    limit = 256                                 # tokens
"""

from __future__ import annotations

import pickle
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from models.card import MIN_LIMIT, ModelCard, UnsupportedModelError
from models.labels import imagenet
from models.sources import timm_zoo, torchvision_zoo, transformers_folder

PREFIX = "operator/"
MAX_CARD = 1_000_000  # bytes
MAX_LABELS = 50_000
MAX_TEXT = 200  # characters of a label or of any other text
TEXTS = ("fit", "interpolation", "concept_layer", "licence", "source")
FIELDS = ("architecture", "weights", "labels", "size", "resize", "mean", "std", "limit", *TEXTS)
TRANSFORMERS = "transformers"
OF_TEXTS = ("architecture", "weights", "labels", "limit", "licence", "source")


@dataclass(frozen=True)
class Entry:
    """A card that was read and found sound; its weights have not been read."""

    card: ModelCard
    architecture: str
    weights: Path
    labels: tuple[str, ...]


def survey(folder: Path, allow_pth: bool = False) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The sound entries of the folder, and a sentence for each card that is not."""
    entries, problems = [], []
    for file in sorted(folder.glob("*.toml")):
        try:
            entries.append(read(file, allow_pth))
        except UnsupportedModelError as error:
            problems.append(str(error))
    return tuple(entries), tuple(problems)


def read(file: Path, allow_pth: bool = False) -> Entry:
    """One card. Raises UnsupportedModelError naming the file and the field."""
    try:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", file.stem):
            raise ValueError("its name must be 1 to 100 letters, digits, '_', '.' or '-'")
        if file.stat().st_size > MAX_CARD:
            raise ValueError(f"a card must not exceed {MAX_CARD} bytes; got {file.stat().st_size}")
        return entry(file, tomllib.loads(file.read_text(encoding="utf-8")), allow_pth)
    except (ValueError, OSError) as error:  # a TOML or UTF-8 error is a ValueError too
        raise UnsupportedModelError(f"model card {file.name}: {error}") from error


def load(found: Entry) -> tuple[nn.Module, ModelCard, tuple[str, ...]]:
    name = found.card.name
    state = state_dict(found.weights)
    source, _, architecture = found.architecture.partition("/")
    build = torchvision_zoo.build if source == "torchvision" else timm_zoo.build
    network = build(architecture, len(found.labels))
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    given = {key: tuple(tensor.shape) for key, tensor in state.items()}
    if expected != given:
        key = min(key for key in expected.keys() | given.keys() if expected.get(key) != given.get(key))
        raise UnsupportedModelError(
            f"{name}: {found.weights.name} does not fit {found.architecture} with {len(found.labels)} classes; "
            f"{key!r} should be {expected.get(key, 'absent')} and is {given.get(key, 'absent')}"
        )
    network.load_state_dict(state)
    return network, found.card, found.labels


def state_dict(file: Path) -> Mapping[str, Tensor]:
    """Tensors by name. A `.pth` goes through torch's restricted unpickler, never through a laxer one."""
    try:
        state = load_file(file) if file.suffix == ".safetensors" else torch.load(file, "cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise UnsupportedModelError(f"{file.name} is not a readable {file.suffix} file of tensors") from error
    if not isinstance(state, Mapping) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise UnsupportedModelError(
            f"{file.name} must hold a state dict, a mapping of names to tensors, and nothing else"
        )
    return state


def entry(file: Path, fields: Mapping[str, object], allow_pth: bool) -> Entry:
    unknown = sorted(fields.keys() - set(FIELDS))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; the fields are {', '.join(FIELDS)}")
    if fields.get("architecture") == TRANSFORMERS:
        return text_entry(file, fields)
    if "limit" in fields:
        raise ValueError(f"limit is for classifiers of texts; got {fields['limit']!r:.60} for one of images")
    size = sides(fields, "size", default=(224, 224))
    mean, std = channels(fields, "mean", default=0.0), channels(fields, "std", default=1.0)
    texts = {field: text(fields, field) for field in TEXTS if field in fields}
    card = ModelCard(
        name=PREFIX + file.stem,
        size=size,
        resize=sides(fields, "resize", default=size),
        mean=mean,
        std=std,
        **texts,  # type: ignore[arg-type]  # ModelCard checks the choices
    )
    return Entry(card, architecture(fields), weights(file.parent, text(fields, "weights"), allow_pth), labels(fields))


def text_entry(file: Path, fields: Mapping[str, object]) -> Entry:
    foreign = sorted(fields.keys() - set(OF_TEXTS))
    if foreign:
        raise ValueError(f"{foreign[0]} is for classifiers of images; those of texts have {', '.join(OF_TEXTS)}")
    saved = beside(file.parent, text(fields, "weights"))
    if not saved.is_dir():
        raise ValueError(f"weights folder {saved.name!r} is missing")
    transformers_folder.check(saved)
    named, most = transformers_folder.described(saved)
    limit = fields.get("limit", most)
    if not isinstance(limit, int) or isinstance(limit, bool) or not MIN_LIMIT <= limit <= most:
        raise ValueError(f"limit must be a whole number of tokens in [{MIN_LIMIT}, {most}]; got {limit!r:.60}")
    licence, source = (text(fields, field) if field in fields else "unknown" for field in ("licence", "source"))
    card = ModelCard(name=PREFIX + file.stem, kind="text", limit=limit, licence=licence, source=source)
    return Entry(card, TRANSFORMERS, saved, labels(fields if "labels" in fields else {"labels": list(named)}))


def architecture(fields: Mapping[str, object]) -> str:
    name = text(fields, "architecture")
    source, _, inner = name.partition("/")
    if (source == "torchvision" and inner in torchvision_zoo.names()) or (source == "timm" and timm_zoo.knows(inner)):
        return name
    raise ValueError(
        f"architecture must be torchvision/… or timm/… with a name these libraries know, or transformers; got {name!r}"
    )


def weights(folder: Path, name: str, allow_pth: bool) -> Path:
    """A file of the folder itself; a name that leads anywhere else is refused, through a link too."""
    suffixes = (".safetensors", ".pth") if allow_pth else (".safetensors",)
    file = beside(folder, name)
    if Path(name).suffix not in suffixes or file.suffix not in suffixes:
        raise ValueError(f"weights must end in {' or '.join(suffixes)}; got {name!r}")
    if not file.is_file():
        raise ValueError(f"weights file {name!r} is missing")
    return file


def beside(folder: Path, name: str) -> Path:
    """What bears that name in the folder itself."""
    if "\0" in name or "/" in name or "\\" in name or name in ("", ".", ".."):
        raise ValueError(f"weights must be the name of a file beside the card; got {name!r}")
    found = (folder / name).resolve()
    if found.parent != folder.resolve():
        raise ValueError(f"weights must lie in the folder of the card; {name!r} is a link that leaves it")
    return found


def labels(fields: Mapping[str, object]) -> tuple[str, ...]:
    given = fields.get("labels")
    if given == "imagenet":
        return imagenet()
    if not isinstance(given, list) or not all(isinstance(label, str) for label in given):
        raise ValueError(f"labels must be a list of texts or 'imagenet'; got {given!r:.60}")
    if not 1 <= len(given) <= MAX_LABELS:
        raise ValueError(f"labels must number 1 to {MAX_LABELS}; got {len(given)}")
    for label in given:
        if not 1 <= len(label) <= MAX_TEXT:
            raise ValueError(f"labels must have 1 to {MAX_TEXT} characters; got {len(label)}")
    return tuple(given)


def text(fields: Mapping[str, object], field: str) -> str:
    value = fields.get(field)
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT:
        raise ValueError(f"{field} must be a text of 1 to {MAX_TEXT} characters; got {value!r:.60}")
    return value


def sides(fields: Mapping[str, object], field: str, default: tuple[int, int]) -> tuple[int, int]:
    match fields.get(field, list(default)):
        case [int(height), int(width)] if not isinstance(height, bool) and not isinstance(width, bool):
            return height, width
        case other:
            raise ValueError(f"{field} must be [height, width] in pixels; got {other!r:.60}")


def channels(fields: Mapping[str, object], field: str, default: float) -> tuple[float, float, float]:
    match fields.get(field, [default] * 3):
        case [int() | float() as red, int() | float() as green, int() | float() as blue]:
            return float(red), float(green), float(blue)
        case other:
            raise ValueError(f"{field} must be three numbers, one per channel; got {other!r:.60}")
