"""Every method on texts whose explanation is known: words that add up, and words that interact."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainers import InputError, explain, list_methods, shapley_values, stream_classes
from explainers.scoring import ModelScore
from explainers.text.board import TextBoard
from tests.oracles import BagOfWords, Passage, TextOracle, embedding, small_text_classifier, text_classifier

TEXT = "not a bad film but slow"
WEIGHT = torch.randn(2, 6, generator=torch.Generator().manual_seed(3))
ADDITIVE: dict[
    str, dict[str, Any]
] = {  # method, its parameters: at these, it has no error on an additive score but rounding
    "deeplift": {},
    "exact_shapley": {},
    "gradient_x_input": {},
    "integrated_gradients": {},
    "kernel_shap": {"n": 30},
    "lime": {"n": 100, "ridge": 0.0},
    "occlusion": {},
    "partition_shap": {},
    "permutation_shap": {"pairs": 2},
    "rise": {"n_masks": 200},
    "smoothgrad": {"n": 16},
}
PATHS = ("deeplift", "gradient_x_input", "integrated_gradients", "smoothgrad")
DELETES = [name for name in ADDITIVE if name not in PATHS]


@pytest.fixture
def bag() -> TextOracle:
    return text_classifier(BagOfWords(WEIGHT), 2)


def contributions(text: str, absent: Tensor, k: int = 0) -> list[float]:
    return [float(WEIGHT[k] @ (embedding(word, 6) - absent)) for word in text.split()]


@pytest.mark.parametrize("name", ADDITIVE)
@pytest.mark.parametrize("baseline", ["mask", "mean"])
def test_words_that_add_up_get_what_they_add(name: str, baseline: str, bag: TextOracle) -> None:
    absent = embedding("[MASK]", 6) if baseline == "mask" else torch.full((6,), 0.1)
    a = explain(name, bag, TEXT, target=0, baseline=baseline, **ADDITIVE[name])
    # RISE's ridge shrinks a little even where there is no noise: its strength is one of a row of candidates
    assert a.values.tolist() == pytest.approx(contributions(TEXT, absent), abs=2e-3 if name == "rise" else 2e-5)
    assert [word.text for word in a.words] == TEXT.split()


@pytest.mark.parametrize("name", DELETES)
def test_a_deleted_word_takes_all_it_adds(name: str, bag: TextOracle) -> None:
    a = explain(name, bag, TEXT, target=1, baseline="deletion", **ADDITIVE[name])
    expected = contributions(TEXT, torch.zeros(6), 1)
    assert a.values.tolist() == pytest.approx(expected, abs=2e-3 if name == "rise" else 2e-5)


def test_first_order_sobol_is_the_share_of_variance(bag: TextOracle) -> None:
    """z is uniform, so that the variance of each word's share is its square over twelve."""
    effects = torch.tensor(contributions(TEXT, embedding("[MASK]", 6)))
    a = explain("sobol", bag, TEXT, target=0, n=1024)
    expected = effects.sign() * effects.square() / effects.square().sum()
    assert a.values.tolist() == pytest.approx(expected.tolist(), abs=0.02)  # scrambled points at n = 1,024


def test_hsic_ranks_words_by_the_size_of_their_effect(bag: TextOracle) -> None:
    effects = torch.tensor(contributions(TEXT, embedding("[MASK]", 6)))
    a = explain("hsic", bag, TEXT, target=0, n=1024)
    strongest = effects.abs().argmax()
    assert int(abs(a.values).argmax()) == strongest
    assert (torch.from_numpy(a.values).sign() == effects.sign())[effects.abs() > 1].all()


class Negation(nn.Module):
    """good counts +2, not −0.5, and both together −3 more: a game with one interaction, on any number of tokens."""

    def forward(self, x: Tensor) -> Tensor:
        # presence of a word, from its share of the embedding: exactly one for the word, zero for the mask's
        good, no = (self.presence(x, word) for word in ("good", "not"))
        return (2 * good - 0.5 * no - 3 * good * no)[:, None]

    @staticmethod
    def presence(x: Tensor, word: str) -> Tensor:
        dual = torch.linalg.pinv(torch.stack([embedding(w, 6) for w in ("good", "not", "[MASK]", "film", "")]).T)
        return torch.einsum("net,e->nt", x, dual[("good", "not").index(word)]).amax(1)


@pytest.mark.parametrize("name", ["exact_shapley", "kernel_shap", "permutation_shap", "partition_shap"])
def test_two_words_that_interact_share_it(name: str) -> None:
    """Shapley values: own effect and half of the interaction, the bystander nothing."""
    a = explain(name, text_classifier(Negation(), 1), "not good film", target=0)
    assert a.values.tolist() == pytest.approx([-0.5 - 1.5, 2 - 1.5, 0], abs=1e-5)
    assert a.delta == pytest.approx(0, abs=1e-5)


def test_shares_equal_those_of_the_same_game_by_itself(bag: TextOracle) -> None:
    game = TextBoard().play(first_class(bag), bag.prepare(TEXT))
    alone = shapley_values(lambda z: game.value(z.float())[:, 0], game.d, 64)
    a = explain("kernel_shap", bag, TEXT, target=0, n=64)
    assert a.values.tolist() == pytest.approx(alone.values.tolist(), abs=1e-5)


def first_class(model: TextOracle) -> ModelScore:
    return ModelScore(model, (0,))


def test_a_shorter_text_is_scored_as_the_text_it_is() -> None:
    """v(z) under deletion is the score of the remaining words typed by themselves, of a model that is not additive."""
    model = small_text_classifier()
    game = TextBoard(baseline="deletion").play(first_class(model), model.prepare(TEXT))
    z = (torch.rand(20, game.d, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    words = TEXT.split()
    typed = [" ".join(word for word, here in zip(words, row, strict=True) if here) for row in z]
    expected = torch.stack([model.module(model.prepare(text).x[None])[0, 0] for text in typed])
    # mean attention adds in another order
    assert game.value(z)[:, 0].tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    assert game.ends[0].tolist() == pytest.approx(model.module(model.prepare("").x[None])[0, :1].tolist(), abs=1e-6)


@pytest.mark.parametrize("name", ["deeplift", "integrated_gradients"])
def test_coarser_units_add_up_the_finer(name: str) -> None:
    text = "A slow film. But not a bad one!"
    by = {unit: explain(name, small_text_classifier(), text, by=unit) for unit in ("token", "word", "sentence")}
    assert len(by["sentence"].values) == 2
    assert by["sentence"].values.tolist() == pytest.approx(
        [
            sum(v for v, w in zip(by["word"].values, by["word"].words, strict=True) if s.start <= w.start < s.end)
            for s in by["sentence"].words
        ],
        abs=1e-6,
    )
    sums = {unit: float(a.values.sum()) for unit, a in by.items()}
    assert sums["word"] == pytest.approx(sums["token"], abs=1e-6)
    for a in by.values():
        assert a.delta is not None
        assert abs(a.delta) <= 1e-3 * abs(sums["word"] - a.delta)


def test_a_text_without_words_is_refused(bag: TextOracle) -> None:
    for text in ("", "   "):
        with pytest.raises(InputError, match="the text has no words that the model reads"):
            explain("rise", bag, text, target=0)


@pytest.mark.parametrize("name", [method.name for method in list_methods("text")])
def test_a_single_word_has_all_there_is(name: str, bag: TextOracle) -> None:
    *_, last = stream_classes(name, bag, "good", (0,))
    assert last.done == last.total
    (value,), (word,) = last.result.values[0].tolist(), last.result.words
    assert word.text == "good"
    if name in ADDITIVE and name not in ("lime", "rise"):
        assert value == pytest.approx(contributions("good", embedding("[MASK]", 6))[0], abs=2e-5)
    assert value != 0


def test_special_tokens_are_never_players(bag: TextOracle) -> None:
    passage = bag.prepare(TEXT)
    assert isinstance(passage, Passage)
    game = TextBoard().play(first_class(bag), passage)
    nobody = game.value.nobody
    assert torch.equal(nobody[:, [0, -1]], passage.x[:, [0, -1]])
    assert torch.equal(nobody[:, 1], passage.mask)


def test_all_classes_come_from_the_same_forwards(bag: TextOracle) -> None:
    *_, last = stream_classes("kernel_shap", bag, TEXT, params={"n": 30})
    assert set(last.result.classes) == {0, 1}
    assert last.result.of(1).values.tolist() == pytest.approx(contributions(TEXT, embedding("[MASK]", 6), 1), abs=2e-5)
