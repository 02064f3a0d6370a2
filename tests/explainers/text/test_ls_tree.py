"""LS-Tree against least squares by the library, closed forms, and the axioms of the Banzhaf value."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from explainers import explain
from explainers.hierarchy import Node
from explainers.methods.ls_tree import Phrase, breadth_first, fitted
from explainers.text.phrases import phrases
from explainers.text.units import words
from tests.explainers.text.test_words import TEXT, WEIGHT, Negation, contributions
from tests.oracles import BagOfWords, text_classifier

Game = Callable[[Tensor], Tensor]  # (n, d) presences → (n,)


def tree(text: str) -> Node:
    return phrases(text, words(text))


def rows(nodes: list[Node], d: int) -> Tensor:
    return torch.stack([torch.zeros(d, dtype=torch.float64).index_fill_(0, torch.tensor(n.players), 1) for n in nodes])


def play(root: Node, game: Game) -> Phrase:
    d = len(root.players)
    nodes = list(breadth_first(root))
    values = game(rows(nodes, d))
    return fitted(root, {node.players: value[None] for node, value in zip(nodes, values, strict=True)})


def nonlinear(z: Tensor) -> Tensor:
    w = torch.randn(z.shape[1], z.shape[1], generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return ((z @ w) * z).sum(1) + z.prod(1)


@pytest.mark.parametrize("text", ["one", "a b", "a b c", "so, it ends. Or not? Well, it may: who knows (yet)!"])
def test_values_are_the_least_squares_over_all_phrases(text: str) -> None:
    root = tree(text)
    nodes = list(breadth_first(root))
    Z = rows(nodes, len(root.players))
    expected = torch.linalg.lstsq(Z, nonlinear(Z)[:, None]).solution[:, 0]
    assert play(root, nonlinear).values[:, 0].tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_an_interaction_is_what_the_row_changes_once_those_above_are_gone() -> None:
    root = tree("a b c d e")
    Z = {node.players: rows([node], 5)[0] for node in breadth_first(root)}

    def below(node: Node) -> Tensor:
        return torch.stack([Z[part.players] for part in breadth_first(node)])

    def solved(Z: Tensor) -> Tensor:
        solution: Tensor = torch.linalg.lstsq(Z, nonlinear(Z)[:, None], driver="gelsd").solution[:, 0]
        return solution

    def check(phrase: Phrase) -> None:
        if not phrase.parts:
            return
        with_row = below(phrase.node)
        change = (solved(with_row) - solved(with_row[1:]))[list(phrase.node.players)]
        assert phrase.change[:, 0].tolist() == pytest.approx(change.tolist(), abs=1e-10)
        for part in phrase.parts:
            check(part)

    check(play(root, nonlinear))


def test_words_that_add_up_get_their_weights_and_no_phrase_says_more() -> None:
    a = explain("ls_tree", text_classifier(BagOfWords(WEIGHT), 2), TEXT, target=0)
    assert a.values.tolist() == pytest.approx(contributions(TEXT, torch.zeros(6)), abs=1e-5)
    interactions = a.meta["interactions"]
    assert isinstance(interactions, list)
    assert len(interactions) == len(TEXT.split()) - 1
    assert all(abs(entry["signed"]["0"]) < 1e-5 for entry in interactions)


def test_a_pair_that_interacts_changes_by_a_third_each() -> None:
    """v(not) = −0.5, v(good) = 2, v(both) = 1.5 − 3: least squares spreads the −3 over two values and a residual."""
    a = explain("ls_tree", text_classifier(Negation(), 1), "not good", target=0)
    assert a.values.tolist() == pytest.approx([-0.5 - 1, 2 - 1], abs=1e-5)
    interactions = a.meta["interactions"]
    assert isinstance(interactions, list)
    (pair,) = interactions
    assert (pair["first"], pair["last"]) == (0, 1)
    assert pair["signed"]["0"] == pytest.approx(-2, abs=1e-5)
    assert pair["absolute"]["0"] == pytest.approx(2**0.5, abs=1e-5)


def test_it_is_linear_in_the_game() -> None:
    root = tree("one two, three four five")
    both = play(root, lambda z: 2 * nonlinear(z) - z.prod(1)).values
    apart = 2 * play(root, nonlinear).values - play(root, lambda z: z.prod(1)).values
    assert torch.allclose(both, apart, atol=1e-12)


def test_words_in_like_places_that_do_alike_get_alike() -> None:
    values = play(tree("a b c d"), lambda z: z[:, :2].prod(1) + z[:, 2:].prod(1)).values[:, 0]
    assert torch.allclose(values, values[:1].expand(4), atol=1e-12)


def test_over_all_sets_least_squares_are_banzhaf_values() -> None:
    """Hammer and Holzman 1992: the best affine fit over all sets has the Banzhaf values as its slopes.

    The same rows and the same least squares as a tree's, only more of them: what LS-Tree takes over from the value.
    """
    d = 4
    Z = torch.tensor(list(itertools.product([0.0, 1.0], repeat=d)), dtype=torch.float64)
    slopes = torch.linalg.lstsq(torch.cat([Z, torch.ones(len(Z), 1)], 1), nonlinear(Z)[:, None]).solution[:d, 0]
    others = [Z[Z[:, j] == 0] for j in range(d)]
    banzhaf = [
        float((nonlinear(S.index_fill(1, torch.tensor([j]), 1)) - nonlinear(S)).mean()) for j, S in enumerate(others)
    ]
    assert slopes.tolist() == pytest.approx(banzhaf, abs=1e-10)


def test_phrases_end_where_the_text_does() -> None:
    root = tree("It is slow, but not bad. I liked it!")
    (first, second) = root.parts
    assert first.players == tuple(range(8))  # to the full stop
    assert [part.players for part in first.parts] == [tuple(range(4)), tuple(range(4, 8))]  # at the comma
    assert second.players == tuple(range(8, 12))


def test_a_tree_holds_every_word_once_at_the_leaves() -> None:
    root = tree(" ".join(f"w{k}" for k in range(100)))
    leaves = [node.players[0] for node in breadth_first(root) if not node.parts]
    assert sorted(leaves) == list(range(100))
    depth = 0
    level = [root]
    while level := [part for node in level for part in node.parts]:
        depth += 1
    assert depth == 7  # ⌈log₂ 100⌉
