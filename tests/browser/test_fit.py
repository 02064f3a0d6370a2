"""A model that leaves some methods nothing to work with: seen on the page before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from playwright.sync_api import Page, expect
from safetensors.torch import save_file

from tests.browser.conftest import Watch
from tests.server import PATIENCE, Server, serving

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE * 1000)

CARD = """
architecture = "torchvision/squeezenet1_1"
weights = "blind.safetensors"
labels = ["circle", "square", "star"]
size = [64, 64]
"""


def blind(folder: Path) -> Path:
    """A card whose network answers the same to every picture: its last weights are zero, so there is no slope."""
    folder.mkdir()
    (folder / "blind.toml").write_text(CARD)
    network = torchvision.models.get_model("squeezenet1_1", weights=None, num_classes=3)
    state = network.state_dict()
    state["classifier.1.weight"] = torch.zeros_like(state["classifier.1.weight"])
    state["classifier.1.bias"] = torch.tensor([3.0, 2.0, 1.0])
    save_file(state, folder / "blind.safetensors")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with serving(home, WHYLENS_MODELS=str(blind(home / "models"))) as running:
        yield running


@pytest.mark.usefixtures("watch")
def test_what_cannot_be_is_not_offered_and_says_why(page: Page, server: Server, watch: Watch) -> None:
    page.goto(server.url)
    page.wait_for_selector("[data-drawn]")
    side = page.get_by_test_id("stSidebar")
    expect(side.get_by_text("Not for this model")).to_have_count(0)
    side.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="operator/blind").click()
    expect(side.get_by_text("Not for this model")).to_be_visible()
    line = side.get_by_text("Saliency")
    expect(line).to_contain_text("Integrated gradients")
    expect(side.get_by_text("the gradient is zero")).to_be_visible()
    side.get_by_role("combobox", name="Method").click()
    expect(page.get_by_role("option", name="DeepLIFT")).to_have_count(1)
    expect(page.get_by_role("option", name="Saliency")).to_have_count(0)
    page.keyboard.press("Escape")
    asset = server.post("examples/coffee")["id"]
    answer = page.request.post(
        f"{server.api}/explanations", data={"asset": asset, "model": "operator/blind", "method": "saliency"}
    )
    assert answer.status == 422
    assert answer.json()["error"]["message"].startswith("saliency cannot explain this model: the gradient is zero")
    assert watch.unexpected() == []
