"""A concept that merges two: taken apart at the layer that still tells them apart."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from explainers import fit_concepts
from explainers.concepts.quality import matched
from explainers.concepts.recursion import refine, shown
from explainers.types import InputError
from tests.oracles import Oracle, classifier

SIZE = (32, 32)


class Merging(nn.Module):
    """How red and how green each place is; then how coloured at all; then a class that counts it."""

    def __init__(self) -> None:
        super().__init__()
        each, merged = nn.Conv2d(3, 2, 8, stride=8, bias=False), nn.Conv2d(2, 3, 1, bias=False)
        self.colours = nn.Sequential(each, nn.ReLU())
        self.coloured = nn.Sequential(merged, nn.ReLU())
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
        with torch.no_grad():
            each.weight.zero_()
            each.weight[0, 0], each.weight[1, 1] = 1 / 64, 1 / 64
            merged.weight.copy_(torch.tensor([[1.0, 1], [0.5, 0.5], [0, 0]])[:, :, None, None])

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.coloured(self.colours(x)))
        return logits


def merging() -> Oracle:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return classifier(Merging(), 2, SIZE)


def spotted(n: int = 40) -> list[Tensor]:
    """Black, with one place red in the even pictures and green in the odd ones."""
    rng, found = torch.Generator().manual_seed(0), []
    for i in range(n):
        x = torch.zeros(3, *SIZE)
        row, column = (8 * torch.randint(4, (2,), generator=rng)).tolist()
        x[i % 2, row : row + 8, column : column + 8] = 0.6 + 0.4 * torch.rand((), generator=rng)
        found.append(x)
    return found


def test_what_a_later_layer_merges_an_earlier_one_tells_apart() -> None:
    model, images = merging(), spotted()
    bank = fit_concepts(model, images, 0, layer="coloured.1", n_concepts=1)
    assert torch.allclose(bank.D[0], torch.tensor([2.0, 1, 0]) / 5**0.5, atol=1e-5)
    found = refine(model, bank, images, 0, layer="colours.1", n_concepts=2, quantile=0.0)
    cosine = matched(torch.eye(2), found.bank.D)[1]
    assert cosine.min() > 0.999
    # red and green crops have one atom each
    amounts = found.bank.codes.flatten(2).amax(2)
    red = torch.tensor([crop.image % 2 == 0 for crop in found.crops])
    leading = amounts.argmax(1)
    assert leading[red].unique().numel() == leading[~red].unique().numel() == 1
    assert leading[red][0] != leading[~red][0]


def test_it_goes_on_from_its_own_result() -> None:
    model, images = merging(), spotted()
    bank = fit_concepts(model, images, 0, layer="coloured.1", n_concepts=1)
    first = refine(model, bank, images, 0, layer="colours.1", n_concepts=2, quantile=0.0)
    second = refine(model, first.bank, list(first.pictures), 0, layer="colours.0", n_concepts=1, quantile=0.0)
    assert second.bank.split.layer == "colours.0"
    assert second.pictures.shape[1:] == (3, *SIZE)


def test_the_crops_are_those_above_the_quantile() -> None:
    u = torch.zeros(2, 1, 4, 4)
    u[0, 0, 0, 0], u[1, 0, 3, 3], u[1, 0, 0, 3] = 1.0, 3.0, 2.0
    found = shown(u, SIZE, 0.5)
    assert [(crop.image, crop.strength) for crop in found] == [(1, 3.0), (1, 2.0)]
    left, top, right, bottom = found[0].box
    assert (right, bottom) == (32, 32)  # the corner
    assert right - left == bottom - top == 10  # three tenths of 32
    assert len(shown(u, SIZE, 0.0)) == 3
    assert shown(torch.zeros(2, 1, 4, 4), SIZE, 0.9) == ()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"concept": 1}, r"concept must lie in \[0, 0\]; got 1"),
        ({"quantile": 1.0}, r"quantile must lie in \[0, 1\); got 1.0"),
        ({"quantile": 0.9}, "concept 0 is shown by 4 crops above the 0.9 quantile; at least 10 are needed"),
        ({"images": []}, "images must be the 40 that the bank was learnt from; got 0"),
        ({"layer": "nowhere"}, "layer must name a module of the network; got 'nowhere'"),
    ],
)
def test_bad_requests(changed: dict[str, object], sentence: str) -> None:
    model, images = merging(), spotted()
    bank = fit_concepts(model, images, 0, layer="coloured.1", n_concepts=1)
    asked = {"images": images, "concept": 0, "layer": "colours.1", "quantile": 0.0, **changed}
    with pytest.raises(InputError, match=sentence):
        refine(model, bank, **asked)  # type: ignore[arg-type]
