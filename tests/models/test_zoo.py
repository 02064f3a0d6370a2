"""Names: found, refused with a hint, or told what is missing, and never waited for."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision
from torchvision.models._api import WeightsEnum

import models
from models.sources import fetch, timm_zoo, torchvision_zoo


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network and empty caches."""

    def refuse(*_args: object, timeout: float) -> None:
        assert timeout <= 5
        raise URLError("no network")

    monkeypatch.setattr(fetch, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("name", "full", "host"),
    [
        ("torchvision/resnet50", "torchvision/resnet50", "download.pytorch.org"),
        ("resnet50", "torchvision/resnet50", "download.pytorch.org"),
        ("timm/resnet50", "timm/resnet50", "huggingface.co"),
        ("resnet50d", "timm/resnet50d", "huggingface.co"),
        ("timm/resnet50.a2_in1k", "timm/resnet50.a2_in1k", "huggingface.co"),
    ],
)
def test_weights_out_of_reach(name: str, full: str, host: str) -> None:
    with pytest.raises(models.UnsupportedModelError) as caught:
        models.load(name)
    assert str(caught.value) == (
        f"{full} needs its public weights from {host}, which cannot be had from here; "
        "efficientnet_lite0 is bundled and needs no network"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("eficientnet_lite0", "efficientnet_lite0"),
        ("torchvision/resnet5", "torchvision/resnet50"),
        ("timm/vit_base_patch16_225", "timm/vit_base_patch16_224"),
        ("timm/resnet50.nonsense", "timm/resnet50s"),
    ],
)
def test_unknown_names_get_close_ones(name: str, hint: str) -> None:
    with pytest.raises(models.UnsupportedModelError, match=f"^no model is called '{name}'; close names are .*{hint}"):
        models.load(name)


@pytest.mark.parametrize(
    "name", ["", "/", "../../secret", "hf-hub:a/b", "timm/hf-hub:a/b", "timm/local-dir:/tmp", "x" * 999]
)
def test_s6_hostile_names(name: str) -> None:
    with pytest.raises(models.UnsupportedModelError, match="no model is called"):
        models.load(name, operator=Path(__file__).parent)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("vit_base_patch16_clip_224.openai", "embeds, it does not classify"),
        ("vit_base_patch16_224.augreg_in21k", "no public safetensors weights"),
        ("test_vit4", "no public weights"),
    ],
)
def test_timm_weights_that_are_no_classifier(name: str, reason: str) -> None:
    with pytest.raises(models.UnsupportedModelError, match=reason):
        models.load(f"timm/{name}")


def test_every_torchvision_classifier_has_a_card() -> None:
    """As each one's own transform says; all 80 prepare square images with a crop inside the resize."""
    assert len(torchvision_zoo.names()) >= 80
    for name in torchvision_zoo.names():
        preset = torchvision.models.get_model_weights(name).DEFAULT.transforms()
        card = torchvision_zoo.card(name)
        assert (card.size[0], card.resize[0]) == (preset.crop_size[0], preset.resize_size[0])
        assert (list(card.mean), list(card.std)) == (preset.mean, preset.std)


def test_timm_card_is_timms_configuration() -> None:
    card = timm_zoo.card("resnet50.a1_in1k")
    assert (card.size, card.resize, card.fit, card.interpolation) == ((224, 224), (235, 235), "cover", "bicubic")
    assert (card.mean, card.std, card.licence) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "apache-2.0")


def cached(folder: Path, name: str) -> tuple[Path, WeightsEnum]:
    weights = torchvision.models.get_model_weights(name).DEFAULT
    (folder / "checkpoints").mkdir()
    return folder / "checkpoints" / weights.url.rpartition("/")[2], weights


@pytest.mark.usefixtures("offline")
def test_cached_weights_need_no_network(tmp_path: Path) -> None:
    network = torchvision.models.get_model("squeezenet1_1", weights=None)
    file, _ = cached(tmp_path, "squeezenet1_1")
    torch.save(network.state_dict(), file)
    model = models.load("squeezenet1_1")
    x = torch.rand(1, 3, 224, 224)
    mean, std = (torch.tensor(v)[:, None, None] for v in (model.card.mean, model.card.std))
    assert torch.equal(model.module(x), network.eval()((x - mean) / std))
    assert (model.card.name, model.labels[967]) == ("torchvision/squeezenet1_1", "espresso")


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("unpickled",)


@pytest.mark.usefixtures("offline")
def test_s8_a_pickle_in_the_cache_does_not_run(tmp_path: Path) -> None:
    file, _ = cached(tmp_path, "squeezenet1_1")
    torch.save({"classifier.1.weight": Bomb()}, file)
    with pytest.raises(models.UnsupportedModelError, match="in the local cache is not a state dict"):
        models.load("squeezenet1_1")
