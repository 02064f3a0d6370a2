"""ACE on pictures whose parts are known: red and green squares on grey."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from explainers.concepts.ace import GREY, Ace, alone, box, common, fit_ace, segments
from explainers.concepts.activation_vectors import tcav
from explainers.concepts.quality import matched
from explainers.types import InputError
from tests.explainers.concepts.test_recursion import Merging
from tests.oracles import Oracle, classifier

SIZE = (48, 48)


def squares(n: int) -> list[Tensor]:
    """A red square in the left half and a green one in the right, on grey."""
    rng, found = torch.Generator().manual_seed(0), []
    for _ in range(n):
        x = torch.full((3, *SIZE), GREY)
        for colour, edge in ((0, 2), (1, 26)):
            row, column = (
                torch.randint(2, 26, (1,), generator=rng).item(),
                edge + torch.randint(4, (1,), generator=rng).item(),
            )
            x[:, row : row + 16, column : column + 16] = 0.0
            x[colour, row : row + 16, column : column + 16] = 1.0
        found.append(x)
    return found


def model() -> Oracle:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return classifier(Merging(), 2, SIZE)


def test_segments_are_of_a_size_and_new() -> None:
    x = squares(1)[0]
    masks = list(segments(x))
    assert len(masks) >= 10
    for i, mask in enumerate(masks):
        assert mask.double().mean() >= 0.001
        assert all((mask & other).sum() <= 0.5 * (mask | other).sum() for other in masks[:i])


def test_a_segment_stands_alone_on_grey() -> None:
    x = torch.zeros(3, *SIZE)
    x[0, 10:20, 30:40] = 1.0
    mask = x[0] > 0
    assert box(mask) == (30, 10, 40, 20)
    filled = alone(x, mask, SIZE)
    assert torch.allclose(filled, torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, *SIZE), atol=1e-6)
    mask[10:14, 30:34] = False  # a corner of the box that is not the segment's
    assert alone(x, mask, SIZE)[0, :, 0, 0].tolist() == pytest.approx([GREY] * 3, abs=0.1)  # bicubic overshoots


@pytest.fixture(scope="module")
def found() -> Ace:
    return fit_ace(model(), squares(30), 0, layer="colours.1", n_concepts=3)


def test_the_colours_are_the_concepts(found: Ace) -> None:
    partner, cosine = matched(torch.eye(2), found.bank.D)
    assert cosine.min() > 0.95  # segments are not cut quite along the squares
    for colour, k in enumerate(partner.tolist()):
        assert (found.shown[k].argmax(1) == colour).all()
        for crop in found.bank.crops[k]:
            left, _, right, _ = crop.box
            assert ((left + right) / 2 > 24) == bool(colour)
    # each place of a picture has one concept at most
    assert ((found.bank.codes > 0).sum(1) <= 1).all()


def test_the_concepts_can_be_tested(found: Ace) -> None:
    told = tcav(found.bank, concepts=found.shown)
    assert len(told.score) == len(found.bank.D) == len(found.shown)


@pytest.mark.parametrize(
    ("members", "seen", "images", "kept"),
    [
        (20, 20, 20, False),  # too few
        (21, 11, 100, True),  # most from images of their own
        (40, 12, 40, True),  # a quarter of both
        (40, 12, 100, False),
        (200, 25, 40, True),  # in more than half the images
        (300, 25, 40, False),
    ],
)
def test_what_is_common_enough(members: int, seen: int, images: int, kept: bool) -> None:
    assert common(members, seen, images) is kept


def test_more_concepts_than_segments() -> None:
    with pytest.raises(InputError, match=r"n_concepts must be at most \d+, the segments of the images; got 5000"):
        fit_ace(model(), squares(2), 0, layer="colours.1", n_concepts=5000)


def test_too_few_images_for_any_group() -> None:
    with pytest.raises(InputError, match="no group of segments is common enough among 2 images; give more of them"):
        fit_ace(model(), squares(2), 0, layer="colours.1", n_concepts=25)
