"""The table of closed forms for a linear head, and what is promised of any head."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from explainers import InputError
from explainers.concepts.bank import ConceptBank, fit_concepts, rows
from explainers.concepts.importance import Importance, importance
from explainers.concepts.split import split
from tests.explainers.concepts.planted import pictures, pooled
from tests.oracles import small_classifier

EXACT = ("gradient_x_input", "integrated_gradients", "occlusion", "shapley")


@pytest.fixture(scope="module")
def bank() -> ConceptBank:
    return fit_concepts(pooled(), pictures(12), target=1, layer="features", n_concepts=4)


def closed_form(bank: ConceptBank) -> Tensor:
    """u_i γ_i with γ_i = ⟨D_i, w⟩, the mean over places."""
    weight = dict(bank.split.module.named_parameters())["head.2.weight"][bank.target].detach()
    return bank.codes.flatten(2).mean(2) * (bank.D @ weight)


@pytest.mark.parametrize("method", EXACT)
def test_on_a_linear_head_every_method_gives_the_closed_form(method: str, bank: ConceptBank) -> None:
    found = bank.importance(method)
    assert torch.allclose(found.values, closed_form(bank), atol=2e-5)  # float32 logits
    assert found.delta is not None
    assert found.delta.abs().max() < 1e-5


def test_sobol_gives_their_squares(bank: ConceptBank) -> None:
    expected = closed_form(bank).square()
    expected /= expected.sum(1, keepdim=True)
    found = bank.importance("sobol")
    assert found.stderr is not None
    assert ((found.values - expected).abs() <= 4 * found.stderr + 0.02).all()  # 64 points


def test_equal_concepts_get_equal_sobol_indices() -> None:
    """Twenty of them: the published sampler gives some of them eight times as much as others."""
    k = 20
    u, D = torch.ones(1, k), torch.eye(k)
    found = importance(lambda a: a.sum(1, keepdim=True), u @ D, u, D, 0, "sobol")
    assert found.values[0].tolist() == pytest.approx([1 / k] * k, abs=0.03)
    assert found.values.max() / found.values.min() < 2
    assert found.stderr is not None
    assert ((found.values - 1 / k).abs() <= 4 * found.stderr).all()


def test_all_concepts_present_is_the_model_itself(bank: ConceptBank) -> None:
    """What the dictionary leaves out stays: not its reconstruction is explained."""
    x = torch.stack(pictures(12))
    logits = bank.split.module(x)[:, bank.target]
    left_out = bank.activations - bank.decode(bank.codes)
    nothing = bank.split.head(left_out)[:, bank.target]
    found = bank.importance()
    assert left_out.abs().max() > 1e-3
    assert torch.allclose(found.values.sum(1) + nothing, logits, atol=1e-5)


@pytest.mark.parametrize("method", ["integrated_gradients", "shapley"])
def test_on_any_head_they_add_up(method: str) -> None:
    model = small_classifier((24, 32))
    bank = fit_concepts(model, pictures(8), 0, "layers.2", 3)
    found = bank.importance(method)
    assert found.delta is not None
    assert (found.delta.abs() <= 1e-3 * found.values.abs().sum(1) + 1e-5).all()


def test_shares_keep_signs_and_sum_to_one() -> None:
    found = Importance(torch.tensor([[1.0, -3.0], [0.0, 0.0]]), None, None)
    assert found.shares.tolist() == [[0.25, -0.75], [0.0, 0.0]]
    assert found.overall.tolist() == [0.5, -1.5]


def test_what_it_does_not_know_is_refused(bank: ConceptBank) -> None:
    with pytest.raises(InputError, match=r"method must be one of gradient_x_input, .*; got 'magic'"):
        bank.importance("magic")


# the network cut in two


@pytest.mark.parametrize("layer", ["layers.0", "layers.2", "layers.4", "layers.7"])
def test_the_two_parts_are_the_whole(layer: str) -> None:
    model = small_classifier((24, 32))
    x = torch.stack(pictures(5))
    cut = split(model, x, layer)
    a = cut.encode(x)
    assert a.shape[0] == 5
    assert torch.allclose(cut.head(a), model.module(x), atol=1e-5)  # batch norm taken apart
    assert len(cut.head(a[:0])) == 0 if len(a[:0]) else True


def test_many_rows_are_many_batches() -> None:
    model = small_classifier((24, 32))
    x = torch.rand(70, 3, 24, 32, generator=torch.Generator().manual_seed(2))
    cut = split(model, x, "layers.4")
    assert torch.allclose(cut.head(cut.encode(x)), model.module(x), atol=1e-5)


def test_the_last_layer_with_places_is_the_default() -> None:
    assert split(small_classifier((24, 32)), torch.stack(pictures(1))).layer == "layers.4"


def test_a_layer_beside_which_the_input_passes_is_refused() -> None:
    from torch import nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            logits: Tensor = (x + self.inner(x)).mean((2, 3))
            return logits

    from tests.oracles import classifier

    model, x = classifier(Residual(), 3, (24, 32)), torch.stack(pictures(2))
    with pytest.raises(InputError, match="layer must alone decide the scores; past inner they depend on the input"):
        split(model, x, "inner")
    with pytest.raises(InputError, match="layer must name a module of the network; got 'outer'"):
        split(model, x, "outer")


def test_crops_and_places_tell_the_same_concepts(bank: ConceptBank) -> None:
    from explainers.concepts.quality import matched

    cropped = fit_concepts(pooled(), pictures(12), 1, "features", 4, rows_from="crops")
    assert cropped.D.shape == bank.D.shape
    assert matched(cropped.D, bank.D)[1].mean() > 0.5
    assert torch.allclose(rows(bank.codes), bank.dictionary.encode(rows(bank.activations)), atol=1e-6)


def test_crops_show_where_a_concept_is_strongest(bank: ConceptBank) -> None:
    for k, crops in enumerate(bank.crops):
        best = [float(bank.codes[crop.image, k].max()) for crop in crops]
        assert [crop.strength for crop in crops] == best == sorted(best, reverse=True)
        for crop in crops:
            left, top, right, bottom = crop.box
            row, column = divmod(int(bank.codes[crop.image, k].argmax()), bank.codes.shape[3])
            assert left <= (column + 0.5) * 4 <= right  # a place of the layer is four pixels wide
            assert top <= (row + 0.5) * 4 <= bottom
            assert 0 <= left < right <= 32
            assert 0 <= top < bottom <= 24
