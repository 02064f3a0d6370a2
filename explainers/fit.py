"""Which methods suit a model, before anything is run: valid, approximate or impossible, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.masking import Baseline, absent, blur
from explainers.methods.grad_cam import maps
from explainers.propagation.engine import deeplift_score
from explainers.registry import Method, Needs, build, list_methods
from explainers.registry import method as find
from explainers.scoring import FLAT, ModelScore, foreign, top_classes
from explainers.text.board import Absence, TextBoard
from explainers.types import Classifier, Explainer, InputError, Output, Prepared

Status = Literal["valid", "approximate", "impossible"]
Verdict = tuple[Status, str]

STEPS = (1.0, 0.1, 0.01, 0.001)  # lengths in colour or embedding: long ones meet kinks, short ones rounding
SLOPE = 0.1  # largest gap between the derivative and the best of the measured slopes
SHARE = 0.01  # of the difference in score that contributions may miss
COARSE = 1e-4  # rounding of a type, from which on slopes are rough
TRIED = 5  # classes, where the likeliest has no slope
SENTENCE = "Lorem ipsum dolor sit amet, consectetur adipiscing elit."


@dataclass(frozen=True)
class Fit:
    """Whether a method can explain a model, and why not, or why only roughly; what is valid may have no reason."""

    method: str
    status: Status
    reason: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def method_fits(model: Classifier) -> tuple[Fit, ...]:
    """Of every method for this kind of model, at its default parameters.

    Costs about thirty forwards, three backwards and following the network's operators once, on two made-up inputs.
    Says the same each time and never raises: what a network does wrong is the reason why a method cannot be had.
    """
    return fitted(model, list_methods(model.card.kind))


def method_fit(model: Classifier, name: str) -> Fit:
    """Of one method, at the cost of what it needs. Raises ValueError for an unknown name."""
    return fitted(model, [find(name, model.card.kind)])[0]


def fitted(model: Classifier, methods: Sequence[Method]) -> tuple[Fit, ...]:
    """The worst of what is known of a method's needs, of its baseline, and of its parameters on this size of input."""
    trial = pictures(model) if model.card.kind == "image" else texts(model)
    x = trial.rows
    asked = {need: ask for need, ask in NEEDS.items() if any(method.needs == need for method in methods)}
    needs = {need: tried(lambda ask=ask: ask(model, x)) for need, ask in asked.items()}  # type: ignore[misc]
    scored = baselines(model, trial)

    def fit(method: Method) -> Fit:
        verdict = needs[method.needs] if method.needs in needs else tried(lambda: sized(method, trial.last))
        explainer: Explainer = build(method.name, kind=method.kind)
        if verdict[0] == "impossible" or not explainer.absence:
            return Fit(method.name, *verdict)
        chosen = explainer.as_dict().get("baseline")
        for name, (status, reason) in scored.items():
            if status == "impossible" and chosen in (None, name):
                told = f"on its baseline, {name}, {reason}"
                verdict = ("approximate", f"{told}; choose another") if chosen else ("impossible", told)
        return Fit(method.name, *verdict)

    return tuple(fit(method) for method in methods)


def tried(ask: Callable[[], Verdict]) -> Verdict:
    try:
        with foreign("it cannot be tried on this model"):
            return ask()
    except (InputError, RuntimeError) as error:  # the latter: not even one row fits into memory
        return "impossible", str(error).strip().partition("\n")[0]


@dataclass(frozen=True)
class Trial:
    """Two made-up inputs, the second also as `prepare` returned it, and what its baselines give the network."""

    rows: Float[Tensor, "2 c *grid"]
    last: Prepared
    plain: Mapping[str, Callable[[ModelScore], Tensor]]


def pictures(model: Classifier) -> Trial:
    """Noise, and the same blurred."""
    noise = torch.rand(3, *model.card.size, generator=torch.Generator().manual_seed(0))
    blurred = blur(noise, min(noise.shape[-2:]) / 10)

    def plain(name: Baseline) -> Callable[[ModelScore], Tensor]:
        return lambda score: absent(name, score.place(noise), score.neutral)

    return Trial(torch.stack([noise, blurred]), blurred, {name: plain(name) for name in get_args(Baseline)})


def texts(model: Classifier) -> Trial:
    """A sentence, noisy and as it is; in no language that a model must know."""
    passage = model.prepare(SENTENCE)
    assert not isinstance(passage, Tensor)
    x = passage.x
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).to(x)

    def plain(name: Absence) -> Callable[[ModelScore], Tensor]:
        return lambda score: TextBoard(baseline=name).play(score, passage).value.nobody

    return Trial(torch.stack([x + x.std() * noise, x]), passage, {name: plain(name) for name in get_args(Absence)})


def slope(model: Classifier, x: Float[Tensor, "2 c *grid"]) -> Verdict:
    """The derivative must not vanish, and must be the slope that small steps along it measure."""
    for target in top_classes(model, x[0], TRIED):
        score = ModelScore(model, (target,))
        gradient = score.place(score.gradient(x))
        if not gradient.isfinite().all():
            return "impossible", "the gradient is not finite"
        if gradient.any():
            return coarse(score) or steps(score, x, gradient)
    return "impossible", FLAT


def baselines(model: Classifier, trial: Trial) -> dict[str, Verdict]:
    """What hides parts of an input, or stands at the other end of the way to it, must have a score itself."""
    score = ModelScore(model, (0,))

    def scored(plain: Callable[[ModelScore], Tensor]) -> Verdict:
        finite = score.exact(plain(score)[None]).isfinite().all()
        return ("valid", "") if finite else ("impossible", "the scores are not finite")

    return {name: tried(lambda plain=plain: scored(plain)) for name, plain in trial.plain.items()}  # type: ignore[misc]


def coarse(score: ModelScore) -> Verdict | None:
    name = str(score.dtype).removeprefix("torch.")
    return ("approximate", f"the network computes in {name}") if torch.finfo(score.dtype).eps > COARSE else None


def steps(score: ModelScore, x: Float[Tensor, "2 c *grid"], gradient: Float[Tensor, "2 c *grid"]) -> Verdict:
    """f(x ± h g/|g|) differ by 2 h |g|; the step that measures it best counts."""
    size = gradient.double().flatten(1).norm(dim=1)
    h = torch.tensor(STEPS, device=size.device)
    along = h.view(-1, *[1] * x.ndim) * (gradient / size.clamp(min=1e-300).view(-1, *[1] * (x.ndim - 1))).to(gradient)
    rows = torch.stack([score.place(x) + along, score.place(x) - along])
    ahead, behind = score.exact(rows.flatten(0, 2))[:, 0].double().view(2, len(STEPS), 2)
    measured = (ahead - behind) / (2 * h[:, None])
    best = measured.gather(0, (measured - size).abs().argmin(0, keepdim=True))[0]
    for told, seen in zip(size.tolist(), best.tolist(), strict=True):
        if abs(seen - told) > SLOPE * told:
            return (
                "approximate",
                f"the network's derivative is {told:.3g} where small steps measure a slope of {seen:.3g}",
            )
    return "valid", ""


def operators(model: Classifier, x: Float[Tensor, "2 c *grid"]) -> Verdict:
    """DeepLIFT's, tried on the pair of pictures: followed, and adding up."""
    score = ModelScore(model, top_classes(model, x[0], 1))
    result = deeplift_score(score, score.place(x[:1]), score.place(x[1:]))
    if not result.values.isfinite().all():
        return "impossible", "the contributions are not finite"
    if result.fallbacks:
        names = ", ".join(result.fallbacks)
        return (
            "approximate",
            f"{names} {'has' if len(result.fallbacks) == 1 else 'have'} no rule: integrated numerically",
        )
    if rough := coarse(score):
        return rough
    first, second = score.exact(x)[:, 0].tolist()
    missed, scale = abs(result.delta.item()), max(abs(first - second), 1e-3 * max(abs(first), abs(second)))
    if missed > SHARE * scale:
        return (
            "approximate",
            f"the contributions miss {missed:.3g} of a difference in score of {abs(first - second):.3g}",
        )
    return "valid", ""


def layers(model: Classifier, x: Float[Tensor, "2 c *grid"]) -> Verdict:
    """A layer must lie over the picture, and the score depend on it."""
    found: list[tuple[str, Tensor, Tensor]] = []
    for target in top_classes(model, x[0], TRIED):
        score = ModelScore(model, (target,))
        found = maps(score, score.place(x[:1]))
        if found and found[0][2].any():
            return "valid", f"reads the layer {found[0][0]}"
    if not found:
        return "impossible", NO_LAYER
    return "impossible", f"the score has no slope along the layer {found[0][0]}"


NO_LAYER = "no layer of the network keeps the picture's rows and columns"
NEEDS: Mapping[Needs, Callable[[Classifier, Float[Tensor, "2 c *grid"]], Verdict]] = {
    "gradients": slope,
    "operators": operators,
    "layers": layers,
}


def sized(method: Method, x: Prepared) -> Verdict:
    """Where scores are all that is needed, only the parameters may not suit the input: begun on a plain score."""
    try:
        explainer: Explainer = build(method.name, kind=method.kind)
        next(iter(explainer.explain(Brightness(), x, torch.Generator().manual_seed(0))))  # type: ignore[arg-type]
    except InputError as error:
        return "approximate", f"not with its defaults: {error}"
    return "valid", ""


class Brightness:
    """A score that stands in for a model's where only shapes matter."""

    classes = (0,)
    output: Output = "logit"

    def __init__(self) -> None:
        self.batch_size = 8
        self.neutral = torch.zeros(3)

    def place(self, x: Tensor) -> Tensor:
        return x

    def __call__(self, x: Float[Tensor, "n c *grid"]) -> Float[Tensor, "n 1"]:
        return x.flatten(1).mean(1)[:, None]

    exact = __call__
