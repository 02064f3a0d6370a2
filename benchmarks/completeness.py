"""DeepLIFT's summation-to-delta on every classifier of torchvision and on timm families, against three references.

Networks have random weights, prepared by one recipe so that none is dead. Each row of the table says how far the
contributions are from f(x) − f(x₀), as a share of it. Resumable: networks measured before stay in the result file.
`make completeness` runs all of them; `python -m benchmarks.completeness --only resnet18 vit_b_32` runs some.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal, get_args

import timm
import torch
import torchvision
from jaxtyping import Float
from skimage import data
from torch import Tensor, nn
from torch.nn import init

from benchmarks.record import RESULTS, write
from explainers.masking import blur
from explainers.propagation.engine import contributions, differentiating
from explainers.propagation.tracing import trace

Reference = Literal["zero", "blurred", "random"]

CALIBRATION = 32  # images that batch norm's statistics come from
DEAD = 0.1  # of the logits' standard deviation: a smaller difference shows nothing
ROUNDS = 3  # of which the fastest tells the cost
BAR = 1e-3  # of the score's difference, in float32
PICTURES = ("coffee", "chelsea", "astronaut", "rocket")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDES = {
    "inception_v3": 299,
    "timm/maxvit_rmlp_pico_rw_256": 256,
    "timm/edgenext_xx_small": 256,
    "timm/mobilevit_xxs": 256,
}
FAMILIES = tuple(
    f"timm/{name}"
    for name in (
        "convnextv2_atto",
        "eva02_tiny_patch14_224",
        "maxvit_rmlp_pico_rw_256",
        "mobilevit_xxs",
        "regnety_002",
        "eca_nfnet_l0",
        "mixer_s32_224",
        "cait_xxs24_224",
        "deit_tiny_patch16_224",
        "edgenext_xx_small",
        "xcit_nano_12_p16_224",
        "poolformer_s12",
    )
)


@dataclass(frozen=True)
class Gap:
    """What one explanation lacks: `delta` against the score's `difference`, both of the row where they differ most."""

    delta: float
    difference: float
    spread: float
    fallbacks: tuple[str, ...]
    tracing: float  # seconds
    cost: float  # of propagation, in forwards and backwards of the pair

    @property
    def share(self) -> float:
        return self.delta / self.difference

    @property
    def alive(self) -> bool:
        return self.difference > DEAD * self.spread


def builders() -> list[str]:
    """The image classifiers of torchvision, and one of each of ten further families from timm."""
    return [*sorted(torchvision.models.list_models(module=torchvision.models)), *FAMILIES]


def built(name: str, side: int) -> nn.Module:
    """Without weights, from the recipe."""
    if name in FAMILIES:
        return recipe(lambda: timm.create_model(name.removeprefix("timm/"), pretrained=False), side)
    plain = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return recipe(lambda: torchvision.models.get_model(name, weights=None, **plain), side)


def side(name: str) -> int:
    return SIDES.get(name, 224)


def recipe(build: Callable[[], nn.Module], side: int) -> nn.Module:
    """A network with random weights whose logits move: seeded, batch norm calibrated, nothing initialised to zero.

    Weights of zero-initialised linear layers are drawn from N(0, 1/fan_in), layer scales are 1, and batch norm takes
    its statistics from 16 photographs and 16 images of noise: a random network that has only seen the former multiplies
    the latter ten-thousandfold.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build().eval()
        for module in network.modules():
            for name, parameter in module.named_parameters(recurse=False):
                if name in ("layer_scale", "gamma", "gamma1", "gamma2", "gamma_1", "gamma_2", "ls1", "ls2"):
                    init.ones_(parameter)
            if isinstance(module, nn.Linear) and not module.weight.any():
                init.normal_(module.weight, std=module.in_features**-0.5)
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats]
    if norms:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain average over the batches
            norm.train()
        with torch.inference_mode():
            for batch in pictures(CALIBRATION // 2, side, seed=1).split(4):
                network(torch.cat([batch, noise(batch, seed=1)]))
        network.eval()
    return network.requires_grad_(False)


def pictures(n: int, side: int, seed: int) -> Float[Tensor, "n 3 side side"]:
    """Seeded crops of photographs that come with scikit-image, normalised as ImageNet's are."""
    rng = torch.Generator().manual_seed(seed)
    mean, std = (torch.tensor(part).view(3, 1, 1) for part in (MEAN, STD))
    crops = []
    for i in range(n):
        whole = photograph(PICTURES[i % len(PICTURES)])
        h, w = whole.shape[1:]
        size = int(torch.randint(200, min(h, w) + 1, (), generator=rng))
        top, left = (int(torch.randint(0, room - size + 1, (), generator=rng)) for room in (h, w))
        crop = whole[None, :, top : top + size, left : left + size]
        crops.append((nn.functional.interpolate(crop, (side, side), mode="bilinear", antialias=True)[0] - mean) / std)
    return torch.stack(crops)


@cache
def photograph(name: str) -> Float[Tensor, "3 h w"]:
    return torch.from_numpy(getattr(data, name)()).permute(2, 0, 1) / 255


def reference(kind: Reference, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    match kind:
        case "zero":
            return torch.zeros_like(x)
        case "blurred":
            return torch.stack([blur(row, row.shape[-1] / 10) for row in x])
        case "random":
            return noise(x, seed=2)


def noise(like: Float[Tensor, "n c h w"], seed: int) -> Float[Tensor, "n c h w"]:
    """Pixels uniform in [0, 1], normalised as the photographs are."""
    mean, std = (torch.tensor(part).view(3, 1, 1) for part in (MEAN, STD))
    return ((torch.rand(like.shape, generator=torch.Generator().manual_seed(seed)) - mean) / std).to(like.dtype)


def gap(network: nn.Module, x: Float[Tensor, "n c h w"], kind: Reference, rounds: int = 1) -> Gap:
    """Of the class that the reference moves most, in every row. Raises UnsupportedOperatorError.

    Of the seconds of each round the least count: other work on the machine disturbs some.
    """
    x0 = reference(kind, x)
    with torch.inference_mode():
        logits, logits0 = network(x), network(x0)
    target = int((logits - logits0).abs().amin(0).argmax())
    began = time.perf_counter()
    with differentiating(x):
        graph = trace(lambda rows: network(rows)[:, target], x)
        tracing = time.perf_counter() - began
        clocks = []
        for _ in range(rounds):
            clock = [time.perf_counter()]
            result = contributions([graph], x, x0, "rescale")
            clock.append(time.perf_counter())
            rows = torch.cat([x, x0]).requires_grad_()
            torch.autograd.grad(network(rows)[:, target].sum(), rows)
            clock.append(time.perf_counter())
            clocks.append([after - before for before, after in pairwise(clock)])
    propagation, pair = map(min, zip(*clocks, strict=True))
    difference = (logits - logits0)[:, target].abs()
    worst = int((result.delta.abs() / difference).argmax())
    return Gap(
        delta=float(result.delta[worst].abs()),
        difference=float(difference[worst]),
        spread=float(logits[worst].std()),
        fallbacks=result.fallbacks,
        tracing=tracing,
        cost=propagation / pair,
    )


def rows(names: list[str]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """One network in memory at a time."""
    for name in names:
        network = built(name, side(name))
        x = pictures(1, side(name), seed=3)
        row: dict[str, dict[str, Any]] = {}
        for kind in get_args(Reference):
            found = gap(network, x, kind, ROUNDS)
            row[kind] = {
                "delta / difference": found.share,
                "difference / spread of logits": found.difference / found.spread,
                "fallbacks": list(found.fallbacks),
                "seconds to follow the network": round(found.tracing, 2),
                "cost in forwards and backwards of the pair": round(found.cost, 2),
            }
            assert found.alive, f"{name}, {kind}: the score hardly differs, so this shows nothing"
        yield name, row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=builders(), metavar="NAME")
    args = parser.parse_args()
    path = RESULTS / "completeness.json"
    found = json.loads(path.read_text())["networks"] if path.exists() else {}
    for name, row in rows(args.only or [name for name in builders() if name not in found]):
        found[name] = row
        write("completeness", {"bar": BAR, **summary(found), "networks": dict(sorted(found.items()))}, quiet=True)
        print(name, {kind: f"{part['delta / difference']:.1e}" for kind, part in row.items()}, flush=True)


def summary(found: dict[str, dict[str, dict[str, Any]]]) -> dict[str, object]:
    shares = {f"{name}, {kind}": row[kind]["delta / difference"] for name, row in found.items() for kind in row}
    worst = max(shares, key=shares.__getitem__)
    return {
        "networks measured": len(found),
        "within the bar": sum(share <= BAR for share in shares.values()),
        "of": len(shares),
        "worst": {worst: shares[worst]},
        "median cost in forwards and backwards of the pair": statistics.median(
            row[kind]["cost in forwards and backwards of the pair"] for row in found.values() for kind in row
        ),
        "networks with a fallback": sorted(
            n for n, row in found.items() if any(part["fallbacks"] for part in row.values())
        ),
    }


if __name__ == "__main__":
    main()
