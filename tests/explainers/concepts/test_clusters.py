"""Groups of images with a known answer."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import adjusted_rand_score

from explainers import InputError, strategies
from explainers.concepts.bank import fit_concepts
from explainers.concepts.clusters import graph, tied, wilson
from tests.explainers.concepts.planted import pictures, pooled


def groups(n: int, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Three fifths decided by concepts 0 and 1, two fifths by 2 and 3."""
    truth = (torch.arange(n) % 5 >= 3).long()
    values = 0.02 * torch.rand(n, 4, generator=rng)
    values[truth == 0, :2] += torch.tensor([0.6, 0.4])
    values[truth == 1, 2:] += torch.tensor([0.5, 0.5])
    return values / values.sum(1, keepdim=True), truth


def test_two_groups_of_concepts_are_two_clusters(rng: torch.Generator) -> None:
    shares, truth = groups(100, rng)
    found = graph(shares, right=truth == 0)
    assert adjusted_rand_score(truth, found.labels) == 1
    first, second = found.clusters
    assert (first.prevalence, second.prevalence) == (0.6, 0.4)
    assert (first.leading, second.importance.argmax().item() in (2, 3)) == (0, True)
    assert first.reliability is not None
    assert second.reliability is not None
    assert (first.reliability[0], second.reliability[0]) == (1, 0)
    assert found.edges == ()  # no neighbours in common
    assert found.projection.shape == (100, 2)
    assert found.shares.sum(1).tolist() == pytest.approx([1] * 100)


def test_permuted_concepts_change_nothing_but_their_names(rng: torch.Generator) -> None:
    shares, _ = groups(100, rng)
    order = torch.tensor([3, 1, 0, 2])
    assert torch.equal(graph(shares).labels, graph(shares[:, order]).labels)


def test_images_that_are_alike_are_one_cluster(rng: torch.Generator) -> None:
    shares = torch.tensor([[0.7, 0.3]]) + 0.01 * torch.randn(60, 2, generator=rng)
    found = graph(shares)
    assert len(found.clusters) == 1
    assert found.clusters[0].prevalence > 0.8


def test_clusters_that_touch_have_an_edge_and_those_apart_have_none(rng: torch.Generator) -> None:
    """Directions about 0°, 20° and 90°: some of the first two are each other's nearest, none of the third."""
    angle = torch.cat([centre + 0.07 * torch.randn(40, generator=rng) for centre in (0.0, 0.35, 1.57)])
    shares = torch.stack([angle.cos(), angle.sin()], 1)
    labels = torch.arange(3).repeat_interleave(40)
    edges = tied(shares, labels, 3, 0)
    assert all({edge.first, edge.second} == {0, 1} for edge in edges)
    far = tied(torch.eye(3).repeat_interleave(40, 0) + 0.01 * torch.rand(120, 3, generator=rng), labels, 3, 0)
    assert far == ()


def test_limits_are_those_of_the_textbook() -> None:
    """Wilson 1927, by the formula: 8 of 10."""
    assert wilson(8, 10) == pytest.approx((0.8, 0.4901625, 0.9433178), abs=1e-6)
    assert wilson(0, 5)[1] == pytest.approx(0, abs=1e-15)
    assert wilson(5, 5)[2] == pytest.approx(1, abs=1e-15)


def test_from_a_model_to_its_graph() -> None:
    model, images = pooled(), pictures(20)
    bank = fit_concepts(model, images, 1, "features", 3)
    truth = [int(model.module(image[None]).argmax()) for image in images]
    found = strategies(model, bank, images, truth=truth)
    assert found.shares.shape == (20, 3)
    assert all(cluster.reliability is not None and cluster.reliability[0] == 1 for cluster in found.clusters)
    with pytest.raises(InputError, match="images must number at least 10; got 3"):
        strategies(model, bank, images[:3])
    with pytest.raises(InputError, match="truth must name a class for each of 20 images; got 2"):
        strategies(model, bank, images, truth=[0, 1])
