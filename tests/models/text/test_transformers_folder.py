"""The operator's own sequence classifiers: as transformers scores them, and nothing of a folder is ever run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import PretrainedConfig, PreTrainedModel

import explainers
import models
from tests.models.text.tokenizers_of_ours import FAMILIES

POSITIONS, LABELS = 40, {0: "bad", 1: "good", 2: "neither"}
BERT_LIKE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": POSITIONS,
    "id2label": LABELS,
}
ARCHITECTURES: dict[str, tuple[str, dict[str, object]]] = {
    "Bert": ("wordpiece", BERT_LIKE),
    "Electra": ("wordpiece", {**BERT_LIKE, "embedding_size": 16}),
    "Roberta": ("byte level", {**BERT_LIKE, "pad_token_id": 1}),
    "DistilBert": (
        "wordpiece",
        {
            "dim": 32,
            "n_layers": 2,
            "n_heads": 4,
            "hidden_dim": 64,
            "max_position_embeddings": POSITIONS,
            "id2label": LABELS,
        },
    ),
    "GPT2": (
        "byte level",
        {
            "n_embd": 32,
            "n_layer": 2,
            "n_head": 4,
            "n_positions": POSITIONS,
            "id2label": LABELS,
            "bos_token_id": 0,
            "eos_token_id": 0,
        },
    ),
    "XLMRoberta": ("unigram", {**BERT_LIKE, "pad_token_id": 1}),
}
ROLES: dict[str, dict[str, object]] = {
    "wordpiece": {"mask_token": {"content": "[MASK]"}, "unk_token": "[UNK]"},
    "byte level": {"unk_token": "<|endoftext|>"},
    "unigram": {"pad_token": "<pad>"},
}


def saved(folder: Path, architecture: str) -> PreTrainedModel:
    """A small network with random weights and its tokeniser, saved as transformers saves them."""
    family, sizes = ARCHITECTURES[architecture]
    tokenizer = FAMILIES[family]()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config: PretrainedConfig = getattr(transformers, f"{architecture}Config")(
            vocab_size=tokenizer.get_vocab_size(), initializer_range=0.3, **sizes
        )
        network: PreTrainedModel = getattr(transformers, f"{architecture}ForSequenceClassification")(config)
    network.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 10**30, **ROLES[family]}))
    network.eval()
    return network


def card(home: Path, **fields: str) -> None:
    lines = {"architecture": '"transformers"', "weights": '"reviews"', **fields}
    (home / "mine.toml").write_text("".join(f"{field} = {value}\n" for field, value in lines.items()))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of cards with one classifier of texts."""
    home = tmp_path / "models"
    (home / "reviews").mkdir(parents=True)
    saved(home / "reviews", "Bert")
    card(home)
    return home


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_scores_are_those_of_transformers(tmp_path: Path, architecture: str) -> None:
    network = saved(tmp_path / "reviews", architecture)
    card(tmp_path)
    model = models.load("operator/mine", operator=tmp_path)
    assert isinstance(model, models.TextClassifier)
    assert model.labels == ("bad", "good", "neither")
    assert (model.card.name, model.card.kind, model.card.temperature) == ("operator/mine", "text", None)
    assert model.card.limit == POSITIONS - (2 if "Roberta" in architecture else 0)  # positions start behind padding
    assert model.card.differentiable
    for text in ("the film is good", "un café 👍🏽", "a good film is a joy " * 30):
        ids = torch.tensor([model.reader.encoding(text).ids])
        expected = network(input_ids=ids).logits.softmax(1).detach().numpy()
        assert np.allclose(model.predict(text), expected, atol=1e-5)  # float32; attention summed in another order
    assert model.prepare("a good film is a joy " * 30).cut > 0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_deeplift_follows_them(tmp_path: Path, architecture: str) -> None:
    saved(tmp_path / "reviews", architecture)
    card(tmp_path)
    model = models.load("mine", operator=tmp_path)
    passage = model.prepare("the film is good, really")
    x, x0 = passage.x[None], passage.mask[None, :, None].expand(1, *passage.x.shape).clone()
    found = explainers.deeplift(lambda rows: model.module(rows)[:, 1], x, x0)
    with torch.no_grad():
        rise = float((model.module(x) - model.module(x0))[0, 1])
    assert found.fallbacks == ()
    assert abs(float(found.values.double().sum()) - rise) <= 1e-3 * abs(rise)


def test_listed_with_what_its_card_says(home: Path) -> None:
    card(home, labels='["a", "b", "c"]', limit="20", licence='"MIT"')
    listed = [card for card in models.list_models("text", home) if card.name == "operator/mine"]
    assert [(card.limit, card.licence) for card in listed] == [(20, "MIT")]
    assert "operator/mine" not in [card.name for card in models.list_models("image", home)]
    assert models.problems(home) == ()
    model = models.load("operator/mine", operator=home)
    assert model.labels == ("a", "b", "c")
    assert len(model.tokens("a good film is a joy " * 30)) == 20


def test_the_tokeniser_is_in_the_digest(home: Path) -> None:
    first = models.load("operator/mine", operator=home).card.digest
    assert models.load("operator/mine", operator=home).card.digest == first
    file = home / "reviews" / "tokenizer.json"
    file.write_text(
        file.read_text()
        .replace('"lowercase":true', '"lowercase":false')
        .replace('"lowercase": true', '"lowercase": false')
    )
    assert models.load("operator/mine", operator=home).card.digest != first


def test_it_takes_no_other_labels(home: Path) -> None:
    model = models.load("operator/mine", operator=home)
    assert isinstance(model, models.TextClassifier)
    with pytest.raises(
        models.UnsupportedModelError, match="classes of its own; other labels and heads need an encoder"
    ):
        model.with_labels({"a": "x", "b": "y"})
    with pytest.raises(models.UnsupportedModelError, match="need an encoder"):
        model.with_head(["a", "b", "c", "d"], ["x", "x", "y", "y"])


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("weights", '"gone"', "weights folder 'gone' is missing"),
        ("weights", '"../models/reviews"', "weights must be the name of a file beside the card"),
        ("weights", '"/etc"', "weights must be the name of a file beside the card"),
        ("limit", "2", r"limit must be a whole number of tokens in \[3, 40\]; got 2"),
        ("limit", "41", r"limit must be a whole number of tokens in \[3, 40\]; got 41"),
        ("limit", "true", r"limit must be a whole number"),
        ("size", "[64, 64]", "size is for classifiers of images; those of texts have architecture, weights,"),
        ("labels", '["a", 1]', "labels must be a list of texts"),
    ],
)
def test_says_which_field_and_why(home: Path, field: str, value: str, sentence: str) -> None:
    card(home, **{field: value})
    with pytest.raises(models.UnsupportedModelError, match=f"^model card mine.toml: {sentence}"):
        models.load("operator/mine", operator=home)


def test_a_limit_is_for_texts_only(home: Path) -> None:
    card(home, architecture='"torchvision/resnet18"', limit="9", labels='["a"]')
    with pytest.raises(models.UnsupportedModelError, match="limit is for classifiers of texts; got 9"):
        models.load("operator/mine", operator=home)


def write(file: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_text(text)


def remove(file: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).unlink()


def configure(**values: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))

    return change


def lose(key: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        file = folder / "model.safetensors"
        save_file({name: tensor for name, tensor in load_file(file).items() if name != key}, file, {"format": "pt"})

    return change


def other_tokenizer(folder: Path) -> None:
    FAMILIES["byte level"]().save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (remove("tokenizer.json"), "mine.toml: weights folder 'reviews' has no tokenizer.json"),
        (remove("model.safetensors"), "mine.toml: weights folder 'reviews' has no model.safetensors"),
        (write("model.safetensors", "x"), "operator/mine cannot be loaded from its folder: Safetensor"),
        (lose("classifier.weight"), "operator/mine: model.safetensors lacks 'classifier.weight'"),
        (configure(id2label={"0": "a", "1": "b"}), "operator/mine cannot be loaded|model.safetensors has weights of"),
        (configure(id2label={"0": "a", "2": "b"}), "mine.toml: id2label must name the classes 0, 1, … once each"),
        (configure(id2label={"0": "a", "1": "a", "2": "b"}), "labels of operator/mine must differ from each other"),
        (configure(problem_type="regression"), "mine.toml: problem_type must be single_label_classification"),
        (configure(model_type="no_such"), "operator/mine cannot be loaded from its folder: ValueError"),
        (configure(model_type="evil", auto_map={"AutoConfig": "evil.C"}), "operator/mine cannot be loaded"),
        (write("config.json", "["), "mine.toml: "),
        (write("config.json", "[]"), "mine.toml: config.json must hold an object; got list"),
        (write("tokenizer.json", "{}"), "operator/mine: tokenizer.json is not a tokeniser that can be read"),
        (write("tokenizer_config.json", "{}"), "operator/mine: tokenizer_config.json names none of mask_token,"),
        (other_tokenizer, r"operator/mine: tokenizer.json has a token \d+, and the network's last is"),
    ],
)
def test_a_spoilt_folder_is_one_sentence(home: Path, spoil: Callable[[Path], object], sentence: str) -> None:
    spoil(home / "reviews")
    with pytest.raises(models.UnsupportedModelError, match=sentence) as caught:
        models.load("operator/mine", operator=home)
    assert "\n" not in str(caught.value)


def test_s10_no_code_of_the_folder_runs(home: Path) -> None:
    (home / "reviews" / "evil.py").write_text("raise SystemExit('it ran')\n")
    auto_map = {"AutoModelForSequenceClassification": "evil.Model", "AutoConfig": "evil.Config"}
    configure(auto_map=auto_map)(home / "reviews")
    assert models.load("operator/mine", operator=home).labels == ("bad", "good", "neither")


@pytest.mark.parametrize("file", ["reviews", "reviews/model.safetensors", "reviews/tokenizer.json"])
def test_a_link_may_not_leave_the_folder(home: Path, file: str) -> None:
    (home / file).rename(home.parent / "elsewhere")
    (home / file).symlink_to(home.parent / "elsewhere")
    with pytest.raises(models.UnsupportedModelError, match="is a link that leaves it"):
        models.load("operator/mine", operator=home)


def test_a_network_without_embeddings_as_input_is_refused(tmp_path: Path) -> None:
    sizes: dict[str, Any] = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4}
    tokenizer = FAMILIES["wordpiece"]()
    config = transformers.BartConfig(
        vocab_size=tokenizer.get_vocab_size(),
        decoder_attention_heads=4,
        max_position_embeddings=POSITIONS,
        id2label=LABELS,
        **sizes,
    )
    transformers.BartForSequenceClassification(config).save_pretrained(tmp_path / "reviews")
    tokenizer.save(str(tmp_path / "reviews" / "tokenizer.json"))
    (tmp_path / "reviews" / "tokenizer_config.json").write_text(json.dumps(ROLES["wordpiece"]))
    card(tmp_path)
    with pytest.raises(models.UnsupportedModelError, match="operator/mine cannot be served: it fails on input"):
        models.load("operator/mine", operator=tmp_path)
