"""What is set on a sentence encoder to make it a classifier: prompts for each label, or a fitted linear head.

Both are small values without the encoder; the classifier is made of them anew with `on`.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from models.card import UnsupportedModelError
from models.digest import digest
from models.native import anchor
from models.text.networks import Cosine

if TYPE_CHECKING:
    from models.text.classifier import TextClassifier

MAX_LABELS = 200
MAX_LABEL = 200  # characters
MAX_PROMPTS = 1000  # of one label
MAX_ROWS = 100_000
FOLDS = 5
STRENGTH = 3.0  # the inverse of the penalty on the weights; between 1 and 10 accuracy hardly moves


@dataclass(frozen=True)
class Prompts:
    """Labels, each with sentences that stand for it. A text belongs to the label to which its vector is closest.

    logit_k = cos(e, the normalised mean of the unit vectors of k's prompts) / temperature.
    """

    prompts: Mapping[str, str | Sequence[str]]
    temperature: float = 0.05

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive; got {self.temperature}")
        for label, prompts in self.ensembles.items():
            if not 1 <= len(prompts) <= MAX_PROMPTS:
                raise ValueError(f"prompts of {label!r} must number 1 to {MAX_PROMPTS}; got {len(prompts)}")
            check_texts(f"prompts of {label!r}", prompts)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.prompts)

    @property
    def ensembles(self) -> dict[str, tuple[str, ...]]:
        """The prompts of each label, also where one was given by itself."""
        return {label: (given,) if isinstance(given, str) else tuple(given) for label, given in self.prompts.items()}

    def on(self, base: TextClassifier) -> TextClassifier:
        """The classifier on the encoder of `base`. Raises ValueError for a prompt that is longer than it reads."""
        encoder, means = base.sentences(), []
        # in float32 the last bits, and with them the digest, would depend on the machine and its number of threads
        exact = copy.deepcopy(encoder).double()
        for label, prompts in self.ensembles.items():
            if long := next((prompt for prompt in prompts if base.prepare(prompt).cut), None):
                raise ValueError(
                    f"prompts of {label!r} must fit in the {base.card.limit} tokens that {base.card.name} reads; "
                    f"got one of {len(long)} characters"
                )
            means.append(F.normalize(base.outputs(exact, prompts).mean(0), dim=0))
        top = Cosine(torch.stack(means).to(anchor(encoder)), self.temperature)
        return topped(base, self.labels, top, self.temperature)


@dataclass(frozen=True, eq=False)
class Head:
    """A linear map from sentence vectors to the logits of the labels."""

    labels: tuple[str, ...]
    weight: Float[Tensor, "k p"]
    bias: Float[Tensor, " k"]

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if self.weight.ndim != 2 or len(self.weight) != len(self.labels) or self.bias.shape != self.weight.shape[:1]:
            raise ValueError(
                f"weight and bias must have a row for each of {len(self.labels)} labels; "
                f"got shapes {tuple(self.weight.shape)} and {tuple(self.bias.shape)}"
            )
        if not (self.weight.isfinite().all() and self.bias.isfinite().all()):
            raise ValueError("weight and bias must be finite; got infinity or not a number")

    def on(self, base: TextClassifier) -> TextClassifier:
        """The classifier on the encoder of `base`, which has to be the one that the head was fitted to."""
        encoder = base.sentences()
        if self.weight.shape[1] != encoder.width:
            raise UnsupportedModelError(
                f"the head is for vectors of {self.weight.shape[1]} numbers; those of {base.card.name} have "
                f"{encoder.width}"
            )
        linear = nn.Linear(encoder.width, len(self.labels)).requires_grad_(False)
        linear.load_state_dict({"weight": self.weight, "bias": self.bias})
        return topped(base, self.labels, linear.to(anchor(encoder)), None)


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A head fitted to all the texts, and what heads that had not seen them said of them.

    `held_out` is the class given to each text by a head fitted to the other four fifths; `accuracy` and `confusion`
    (a row for each true class, a column for each answer) count these. Of `cut` texts the model did not read the end.
    """

    head: Head
    classifier: TextClassifier
    accuracy: float
    confusion: Int[Tensor, "k k"]
    held_out: Int[Tensor, " n"]
    cut: int


def fit_head(base: TextClassifier, texts: Sequence[str], labels: Sequence[str], *, seed: int = 0) -> FittedHead:
    """Softmax regression on the encoder's vectors. The classes are the labels that occur, sorted.

    `seed` decides which texts are held out together. Cost: one forward a text. Raises ValueError.
    """
    names = check_rows(texts, labels)
    vectors = base.outputs(base.sentences(), texts).double()
    truth = torch.tensor([names.index(label) for label in labels])
    fold = folds(texts, labels, seed)
    answers = torch.empty_like(truth)
    for k in fold.unique():
        weight, bias = regression(vectors[fold != k], truth[fold != k], len(names))
        answers[fold == k] = (vectors[fold == k] @ weight.T + bias).argmax(1)
    confusion = torch.zeros(len(names), len(names), dtype=torch.long)
    confusion.index_put_((truth, answers), torch.ones_like(truth), accumulate=True)
    weight, bias = regression(vectors, truth, len(names))
    head = Head(names, weight.float(), bias.float())
    accuracy = float((answers == truth).double().mean())
    cut = sum(bool(base.reader.cut(text)) for text in texts)
    return FittedHead(head, head.on(base), accuracy, confusion, answers, cut)


def folds(texts: Sequence[str], labels: Sequence[str], seed: int) -> Int[Tensor, " n"]:
    """The fold of each row: every label spread evenly, a text that occurs twice always in the same one."""
    rng = torch.Generator().manual_seed(seed)
    fold: dict[str, int] = {}
    for name in sorted(set(labels)):
        own = sorted({text for text, label in zip(texts, labels, strict=True) if label == name})
        for place, k in enumerate(torch.randperm(len(own), generator=rng).tolist()):
            fold.setdefault(own[k], place % FOLDS)
    return torch.tensor([fold[text] for text in texts])


def regression(
    vectors: Float[Tensor, "n p"], truth: Int[Tensor, " n"], classes: int
) -> tuple[Float[Tensor, "k p"], Float[Tensor, " k"]]:
    """Minimise the mean cross-entropy + ‖W‖² / (2 n STRENGTH): convex, so the answer depends on nothing else."""
    with torch.inference_mode(False), torch.enable_grad():
        weight = vectors.new_zeros(classes, vectors.shape[1], requires_grad=True)
        bias = vectors.new_zeros(classes, requires_grad=True)
        solver = torch.optim.LBFGS(
            [weight, bias], max_iter=500, tolerance_grad=1e-8, tolerance_change=1e-14, line_search_fn="strong_wolfe"
        )

        def loss() -> float:
            solver.zero_grad()
            penalty = weight.square().sum() / (2 * len(vectors) * STRENGTH)
            total = F.cross_entropy(vectors @ weight.T + bias, truth) + penalty
            total.backward()
            return float(total.detach())

        solver.step(loss)
    return weight.detach(), bias.detach()


def topped(base: TextClassifier, labels: tuple[str, ...], top: nn.Module, temperature: float | None) -> TextClassifier:
    """The encoder of `base` with another last layer, and a card that says so."""
    module = nn.Sequential(base.sentences(), top).eval()
    card = replace(base.card, temperature=temperature, digest=digest(module))
    return replace(base, module=module, card=card, labels=labels)


def check_labels(labels: Sequence[str]) -> None:
    if not 2 <= len(labels) <= MAX_LABELS:
        raise ValueError(f"labels must number 2 to {MAX_LABELS}; got {len(labels)}")
    for label in labels:
        if not isinstance(label, str) or not 1 <= len(label) <= MAX_LABEL or not label.strip():
            raise ValueError(f"labels must be texts of 1 to {MAX_LABEL} characters, not blank; got {label!r:.60}")
    label, count = Counter(labels).most_common(1)[0]
    if count > 1:
        raise ValueError(f"labels must differ from each other; got {label!r:.60} {count} times")


def check_texts(field: str, texts: Sequence[str]) -> None:
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{field} must be texts that are not blank; got {text!r:.60}")


def check_rows(texts: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """The labels that occur, sorted."""
    for field, rows in (("texts", texts), ("labels", labels)):
        if isinstance(rows, str):
            raise ValueError(f"{field} must be a list of texts; got one text")
    if len(texts) != len(labels):
        raise ValueError(f"texts and labels must be as many; got {len(texts)} and {len(labels)}")
    if len(texts) > MAX_ROWS:
        raise ValueError(f"texts must number at most {MAX_ROWS}; got {len(texts)}")
    check_texts("texts", texts)
    check_texts("labels", labels)
    names = tuple(sorted(set(labels)))
    check_labels(names)
    distinct = Counter(label for _, label in set(zip(texts, labels, strict=True)))
    for name in names:
        if distinct[name] < 2:
            raise ValueError(
                f"texts of label {name!r:.60} must number at least 2, different ones; got {distinct[name]}"
            )
    return names
