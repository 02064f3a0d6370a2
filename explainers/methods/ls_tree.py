"""LS-Tree: words' values from the scores of the phrases they form, and where in the tree they interact.

Chen and Jordan, "LS-Tree: Model Interpretation When the Data Are Linguistic", 2020 (arXiv:1902.04187).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.hierarchy import Node
from explainers.masking import FIRST, batches
from explainers.registry import register
from explainers.text.board import Absence, TextBoard
from explainers.types import Attributions, Passage, Progress, ScoreFunction


@register("ls_tree", "text", revision=1)
@dataclass(frozen=True, kw_only=True)
class LsTree(TextBoard):
    """Words' values that best add up to the scores of the phrases they form, and which phrases say more than the sum.

    A phrase is scored by itself, as words in order, above the empty text; values are their least squares over all
    phrases of a tree, from single words to the whole. An interaction is how much a phrase's own score changes the
    values of its words. Costs 2 d − 1 forwards for d words. The values need not add up to the score.
    """

    baseline: Annotated[Absence, "What stands in the place of the words outside a phrase; deletion: nothing."] = (
        "deletion"
    )

    @property
    def unit(self) -> str:
        return f"what the {self.by} adds to {{score}} in the phrases that hold it"

    def explain(self, score: ScoreFunction, x: Passage, rng: torch.Generator) -> Iterator[Progress[Attributions]]:
        game = self.play(score, x)
        root = game.tree
        nodes = [node for node in breadth_first(root) if node is not root]
        rows = torch.zeros(len(nodes), game.d)
        for row, node in zip(rows, nodes, strict=True):
            row[list(node.players)] = 1
        # as the phrases are scored, so that rounding cancels
        empty, full = (score(rows[None])[0].cpu().double() for rows in (game.value.nobody, game.value.x))
        known = {root.players: full - empty}
        done, total = 2, 2 + len(nodes)
        if not nodes:
            yield Progress(total, total, game.painted(torch.stack(list(known.values()))))
        for batch in game.value.stream(rows[part] for part in batches(len(nodes), score, FIRST)):
            gains = batch.score.cpu().double() - empty
            known |= {node.players: gain for node, gain in zip(nodes[done - 2 :], gains, strict=False)}
            done += len(gains)
            fit = fitted(pruned(root, known), known)
            meta = {"interactions": told(fit, score.classes)} if done == total else {}
            yield Progress(done, total, game.painted(spread(fit, game.d), meta=meta))


@dataclass(frozen=True, eq=False)
class Phrase:
    """The least squares over a node and all below: values of its players, and u = (ZᵀZ)⁻¹ 1 of the rows Z so far.

    `change` is what the node's own row adds to the values; its sum is the signed interaction, its norm the absolute.
    """

    node: Node
    values: Float[Tensor, "p t"]
    u: Float[Tensor, " p"]
    change: Float[Tensor, "p t"]
    parts: tuple[Phrase, ...] = ()


def fitted(node: Node, gain: Mapping[tuple[int, ...], Float[Tensor, " t"]]) -> Phrase:
    """argmin Σ over nodes S of (v(S) − Σ_{i∈S} β_i)², from the leaves up, exactly.

    The rows of two siblings share no player, so that their parent's row is one rank-one update of both solutions:
    with u = (ZᵀZ)⁻¹ 1 and s = Σ u, β changes by u (v(S) − Σ β) / (1 + s), and u by the factor 1 / (1 + s).
    """
    parts = tuple(fitted(part, gain) for part in node.parts)
    if not parts:
        value = gain[node.players]
        n = len(node.players)  # more than one only in a preview: a phrase not yet taken apart
        even = (value / n).expand(n, -1)
        return Phrase(node, even, torch.full((n,), 1 / n, dtype=torch.float64), torch.zeros_like(even))
    values, u = torch.cat([part.values for part in parts]), torch.cat([part.u for part in parts])
    shrink = 1 + u.sum()
    change = u[:, None] * (gain[node.players] - values.sum(0)) / shrink
    return Phrase(node, values + change, u / shrink, change, parts)


def pruned(node: Node, known: Mapping[tuple[int, ...], object]) -> Node:
    """The tree as far as its phrases have been scored."""
    if any(part.players not in known for part in node.parts):
        return Node(node.players)
    return Node(node.players, tuple(pruned(part, known) for part in node.parts))


def breadth_first(root: Node) -> Iterator[Node]:
    """The whole before its parts: a preview is coarse, and whole."""
    level = [root]
    while level:
        yield from level
        level = [part for node in level for part in node.parts]


def spread(fit: Phrase, d: int) -> Float[Tensor, "d t"]:
    values = fit.values.new_zeros(d, fit.values.shape[1])
    values[list(fit.node.players)] = fit.values
    return values


def told(fit: Phrase, classes: tuple[int, ...]) -> list[dict[str, object]]:
    """Every phrase of two parts or more with its words' numbers and its signed interaction, by class."""
    here = {
        "first": min(fit.node.players),
        "last": max(fit.node.players),
        "signed": dict(zip(map(str, classes), fit.change.sum(0).tolist(), strict=True)),
        "absolute": dict(zip(map(str, classes), fit.change.norm(dim=0).tolist(), strict=True)),
    }
    return ([here] if fit.parts else []) + [entry for part in fit.parts for entry in told(part, classes)]
