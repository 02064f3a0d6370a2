"""From measured numbers to checks: where the lines between passed, doubtful and failed lie, and why there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.metrics.agreement import compare
from explainers.metrics.completeness import Completeness
from explainers.metrics.curves import Curve
from explainers.metrics.fidelity import Fidelity
from explainers.metrics.report import Check, Status

CLOSE = 0.01  # completeness: of the score difference; ten times what float32 leaves of a sound propagation
APART = 0.1
BEATS = 0.9  # share of the random orders that an order must beat to be told from them
LEAST = 0.2  # share of the reachable μ-fidelity below which a map says next to nothing
ALIKE = 0.5  # agreement from which on two maps tell the same story: a quarter of the variance of their ranks
CLOSELY = 0.8
SAME = 0.95  # and from which on they are one map
NOISE = 0.5  # standard error in standard deviations of the map


class Bar(NamedTuple):
    """How much of what hiding costs a map must say, and how alone it must be in saying so.

    `rivals`: share of the other classes that may be explained better; of a thousand, twenty close relatives or ten.
    `own`: share of the reachable from which on a map is about its class, whatever other classes it suits as well.
    """

    rivals: float
    own: float


USUAL = Bar(rivals=0.02, own=0.7)
FITTED = Bar(rivals=0.01, own=0.9)  # for a steady map that was fitted to rows such as those it is asked about


def judge_completeness(found: Completeness) -> Check:
    """The promise of the method itself: Σφ = f(x) − f(x̄)."""
    if found.relative is None:
        return Check("completeness", "not possible", None, None, "There is no score difference to explain.")
    status: Status = "passed" if found.relative <= CLOSE else "doubtful" if found.relative <= APART else "failed"
    finding = f"The map's sum misses the score difference of {found.difference:.4g} by {found.relative:.2%}."
    return Check("completeness", status, found.gap, found.difference, finding)


def judge_fidelity(
    told: Sequence[tuple[Fidelity, Float[np.ndarray, " t"]]],
    labels: Sequence[str],
    part: str,
    whole: str,
    bar: Bar = USUAL,
) -> Check:
    """Does the map say what hiding costs the claimed class (the first), and does it say so of that class?

    `told` holds, for each set of rows, the map's fidelity and the reach of any additive map, by class. Classes are
    compared by the share of what can be reached: by plain correlation a loud class would look better explained by
    another's map than a quiet one by its own. They count where the map says much of them, three standard errors from
    nothing: among a thousand classes some are always met by chance. A map may be about small removals or about large
    ones, so it has failed only where it has in every set.
    """
    shares = [found.pearson / np.maximum(reach, LEAST) for found, reach in told]
    clear = [
        (share >= ALIKE) & (found.pearson >= 3 / math.sqrt(found.n))
        for share, (found, _) in zip(shares, told, strict=True)
    ]
    others = max(len(labels) - 1, 1)
    rivals = min(int(((share > share[0]) & met).sum()) for share, met in zip(shares, clear, strict=True))
    own = max(float(share[0]) for share in shares)
    value, control = (float(np.mean(part)) for part in zip(*((f.pearson[0], r[0]) for f, r in told), strict=True))
    correlations = " and ".join(f"{found.pearson[0]:.2f} of {reach[0]:.2f}" for found, reach in told)
    numbers = f"correlation {correlations} reachable, hiding a half and a seventh of the {whole}"
    suits = f"it suits {rivals} of {others} other classes better"
    if all(reach[0] < LEAST for _, reach in told):
        return Check("fidelity", "doubtful", value, control, f"No map could say what hiding {part}s costs ({numbers}).")
    if any(found.high[0] < 0 for found, _ in told) and not any(found.low[0] > 0 for found, _ in told):
        finding = f"What the map holds important raises the score when it is hidden ({numbers})."
        return Check("fidelity", "failed", value, control, finding)
    if rivals > bar.rivals * others and own < bar.own:
        best = labels[int(np.where(clear[0] | clear[-1], np.mean(shares, axis=0), -np.inf).argmax())]
        finding = f"The map explains other classes better than its own: {suits}, “{best}” best ({numbers})."
        return Check("fidelity", "failed", value, control, finding)
    if all(found.low[0] <= 0 for found, _ in told):
        finding = f"The map does not say what hiding {part}s costs ({numbers})."
        return Check("fidelity", "doubtful", value, control, finding)
    finding = f"The map says {min(own, 1):.0%} of what can be said of what hiding {part}s costs; {suits} ({numbers})."
    sound = own >= ALIKE and rivals <= bar.rivals * others
    return Check("fidelity", "passed" if sound else "doubtful", value, control, finding)


def judge_deletion(curve: Curve, orders: Sequence[Curve], part: str) -> Check:
    areas = np.array([order.area for order in orders])
    return _order("deletion", f"Removing the highest {part}s first leaves", curve.area, areas, areas > curve.area)


def judge_insertion(curve: Curve, orders: Sequence[Curve], part: str) -> Check:
    areas = np.array([order.area for order in orders])
    return _order("insertion", f"Showing the highest {part}s first gives", curve.area, areas, areas < curve.area)


def _order(
    name: str, opening: str, area: float, areas: Float[np.ndarray, " n"], beaten: Bool[np.ndarray, " n"]
) -> Check:
    """No failure: removing by a flat colour adds shapes of its own, and a sound map may lose by them."""
    finding = (
        f"{opening} an area of {area:.3g}, better than {beaten.sum()} of {len(areas)} random orders "
        f"({areas.mean():.3g} ± {areas.std(ddof=1):.2g})."
    )
    return Check(name, "passed" if beaten.mean() >= BEATS else "doubtful", area, float(areas.mean()), finding)


def noise(values: Float[np.ndarray, "*shape"], stderr: Float[np.ndarray, "*shape"]) -> float:
    """The map's standard error in its own spread. At one, nothing in it can be told from noise."""
    spread = float(values.std())
    return float(np.sqrt(np.square(stderr, dtype=np.float64).mean())) / spread if spread > 0 else np.inf


def judge_noise(values: Float[np.ndarray, "*shape"], stderr: Float[np.ndarray, "*shape"]) -> Check:
    value = noise(values, stderr)
    status: Status = "passed" if value <= NOISE else "doubtful" if value < 1 else "failed"
    finding = f"The standard error is {value:.2f} of the map's spread."
    return Check("noise", status, value, 1.0, finding)


def judge_repetition(map_: Float[Tensor, " d"], again: Float[Tensor, " d"]) -> Check:
    """The map against one by another seed."""
    value, chance = compare(map_, again).spearman, _chance(len(map_))
    finding = f"Another seed gives a map that agrees by {value:.2f} (unrelated maps: below {chance:.2f})."
    return Check("repetition", _alike(value, chance), value, chance, finding)


def judge_stability(again: Float[Tensor, " d"], moved: Float[Tensor, " d"], control: float, nudge: str) -> Check:
    """One seed, two inputs: as they are, and moved a little."""
    value, chance = compare(again, moved).spearman, _chance(len(again))
    finding = f"{nudge} an agreement of {value:.2f} (another seed: {control:.2f})."
    return Check("stability", _alike(value, chance), value, control, finding)


def judge_randomisation(again: Float[Tensor, " d"], shuffled: Float[Tensor, " d"], control: float) -> Check:
    """One seed, two models: as it is, and with shuffled weights, which knows nothing of the classes.

    An explainer that does not ask the model gives the same map twice. Smooth maps of unrelated models agree by chance
    more often than their number of cells tells, so less than that is no failure.
    """
    value = compare(again, shuffled).spearman
    numbers = f"agreement {value:.2f}; two seeds with the model as it is: {control:.2f}"
    if value >= SAME:
        finding = f"The map stays when the model's weights are shuffled ({numbers})."
        return Check("randomisation", "failed", value, control, finding)
    if value >= CLOSELY:
        finding = f"The map is much the same when the model's weights are shuffled ({numbers})."
        return Check("randomisation", "doubtful", value, control, finding)
    finding = f"The map goes when the model's weights are shuffled ({numbers})."
    return Check("randomisation", "passed", value, control, finding)


def not_again() -> tuple[Check, ...]:
    finding = "The map cannot be made again: no method is known for it."
    return tuple(
        Check(name, "not possible", None, None, finding) for name in ("repetition", "stability", "randomisation")
    )


def _chance(d: int) -> float:
    """Two standard deviations of Spearman's correlation of unrelated maps."""
    return 2 / math.sqrt(max(d - 1, 1))


def _alike(value: float, chance: float) -> Status:
    """Of few parts even unrelated maps may agree by chance: then only one and the same map passes."""
    enough = max(ALIKE, min(chance, SAME))
    return "passed" if value >= enough else "doubtful" if value > min(chance, ALIKE) else "failed"
