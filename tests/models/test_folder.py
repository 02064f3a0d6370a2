"""The operator's folder: a sound card loads, any other is one sentence, and no file outside is ever opened."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

import models
from models.sources import folder
from tests.models.test_zoo import Bomb

SOUND = {
    "architecture": '"torchvision/squeezenet1_1"',
    "weights": '"net.safetensors"',
    "labels": '["circle", "square", "star"]',
    "size": "[64, 64]",
}


def write(home: Path, name: str = "shapes", **changes: str | None) -> Path:
    fields = {**SOUND, **changes}
    file = home / f"{name}.toml"
    file.write_text("".join(f"{field} = {value}\n" for field, value in fields.items() if value is not None))
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with weights for three classes and one sound card."""
    home = tmp_path / "models"
    home.mkdir()
    network = torchvision.models.get_model("squeezenet1_1", weights=None, num_classes=3)
    save_file(network.state_dict(), home / "net.safetensors")
    torch.save(network.state_dict(), home / "net.pth")
    write(home)
    return home


def test_a_sound_card(home: Path) -> None:
    write(home, "more", resize="[72, 80]", mean="[0.5, 0.5, 0.5]", std="[1, 1, 1]", fit='"squash"', licence='"MIT"')
    more, shapes = (card for card in models.list_models(operator=home) if card.name.startswith("operator/"))
    assert (more.resize, more.mean, more.std, more.fit, more.licence) == (
        (72, 80),
        (0.5,) * 3,
        (1.0,) * 3,
        "squash",
        "MIT",
    )
    assert (shapes.size, shapes.resize, shapes.std) == ((64, 64), (64, 64), (1.0,) * 3)
    model = models.load("operator/shapes", operator=home)
    assert model.labels == ("circle", "square", "star")
    assert models.load("shapes", operator=home).card == model.card
    assert models.problems(home) == ()
    with pytest.raises(models.UnsupportedModelError, match="no model is called 'operator/shapes'"):
        models.load("operator/shapes")


def test_one_bad_card_does_not_hide_the_others(home: Path) -> None:
    write(home, "bad", labels="[]")
    assert [card.name for card in models.list_models(operator=home)][-1] == "operator/shapes"
    assert models.problems(home) == ("model card bad.toml: labels must number 1 to 50000; got 0",)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("architecture", None, "architecture must be a text of 1 to 200 characters; got None"),
        ("architecture", '"os/system"', r"architecture must be torchvision/… or timm/….*got 'os/system'"),
        ("architecture", '"timm/hf-hub:a/b"', "architecture must be"),
        ("labels", "7", "labels must be a list of texts or 'imagenet'; got 7"),
        ("labels", '["a", 1]', "labels must be a list of texts"),
        ("labels", f'["{"x" * 201}"]', "labels must have 1 to 200 characters; got 201"),
        ("size", "64", r"size must be \[height, width\] in pixels; got 64"),
        ("size", "[true, 64]", r"size must be \[height, width\]"),
        ("size", "[64, 100000]", r"size must lie in \[1, 2048\] on both sides"),
        ("resize", "[32, 32]", "resize must be at least size"),
        ("std", "[0, 1, 1]", "std must be positive"),
        ("std", "[nan, 1, 1]", "std must be positive"),
        ("mean", '["a", 1, 1]', "mean must be three numbers"),
        ("fit", '"stretch"', "fit must be one of cover, squash; got 'stretch'"),
        ("trust_remote_code", "true", "unknown field 'trust_remote_code'; the fields are architecture,"),
        ("size", "[", "Invalid"),
        ("weights", '"/etc/passwd"', "weights must be the name of a file beside the card; got '/etc/passwd'"),
        ("weights", '"../models/net.safetensors"', "a file beside the card"),
        ("weights", '"..\\\\net.safetensors"', "a file beside the card"),
        ("weights", '"a\\u0000.safetensors"', "a file beside the card"),
        ("weights", '"gone.safetensors"', "weights file 'gone.safetensors' is missing"),
        ("weights", '"net.pth"', r"weights must end in .safetensors; got 'net.pth'"),
    ],
)
def test_s9_says_which_field_and_why(home: Path, field: str, value: str | None, sentence: str) -> None:
    write(home, "shapes", **{field: value})
    with pytest.raises(models.UnsupportedModelError, match=f"^model card shapes.toml: .*{sentence}"):
        models.load("operator/shapes", operator=home)


def test_s9_a_link_may_not_leave_the_folder(home: Path) -> None:
    sibling = home.parent / "models-private"  # begins with the folder's own name
    sibling.mkdir()
    (home / "net.safetensors").rename(sibling / "net.safetensors")
    (home / "net.safetensors").symlink_to(sibling / "net.safetensors")
    with pytest.raises(models.UnsupportedModelError, match="is a link that leaves it"):
        models.load("operator/shapes", operator=home)


def test_s8_pth_only_where_the_operator_allows_it_and_never_unpickled_freely(home: Path) -> None:
    write(home, weights='"net.pth"')
    assert models.load("operator/shapes", operator=home, allow_pth=True).labels[0] == "circle"
    torch.save({"classifier.1.weight": Bomb()}, home / "net.pth")
    with pytest.raises(models.UnsupportedModelError, match=r"net.pth is not a readable .pth file"):
        models.load("operator/shapes", operator=home, allow_pth=True)
    torch.save([torch.zeros(1)], home / "net.pth")
    with pytest.raises(models.UnsupportedModelError, match="must hold a state dict"):
        models.load("operator/shapes", operator=home, allow_pth=True)


def test_weights_that_do_not_fit(home: Path) -> None:
    write(home, labels='["a", "b"]')
    sentence = (
        r"does not fit torchvision/squeezenet1_1 with 2 classes; 'classifier.1.bias' should be \(2,\) and is \(3,\)"
    )
    with pytest.raises(models.UnsupportedModelError, match=sentence):
        models.load("operator/shapes", operator=home)


def test_s9_damaged_weights(home: Path) -> None:
    (home / "net.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(models.UnsupportedModelError, match=r"net.safetensors is not a readable .safetensors file"):
        models.load("operator/shapes", operator=home)


def test_a_cards_name_is_checked(home: Path) -> None:
    write(home, "two words")
    assert models.problems(home) == (
        "model card two words.toml: its name must be 1 to 100 letters, digits, '_', '.' or '-'",
    )


def test_every_field_is_documented() -> None:
    assert folder.__doc__ is not None
    for field in ("architecture", "weights", "labels", "size", "resize", "mean", "std", "limit"):
        assert f"{field} = " in folder.__doc__
