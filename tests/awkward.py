"""Networks that do what networks should not: each is refused, or explained, in sentences."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

SIZE = (20, 28)
CLASSES = 4


def features(*, statistics: bool = True) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, track_running_stats=statistics), nn.ReLU())


class Wrapped(nn.Module):
    """Features, a head, and something odd before or after."""

    def __init__(
        self,
        before: Callable[[Tensor], Tensor] = lambda x: x,
        after: Callable[[Tensor], object] = lambda logits: logits,
        statistics: bool = True,
        classes: int = CLASSES,
    ) -> None:
        super().__init__()
        self.before, self.after = before, after
        self.features = features(statistics=statistics)
        self.head = nn.Linear(6 * 4, classes)

    def forward(self, x: Tensor) -> object:
        pooled = nn.functional.adaptive_avg_pool2d(self.features(self.before(x)), 2)
        return self.after(self.head(pooled.flatten(1)))


class Branching(Wrapped):
    """What is computed next depends on what was computed; the score does not jump where that changes."""

    def forward(self, x: Tensor) -> object:
        logits = super().forward(x)
        assert isinstance(logits, Tensor)
        rows = [row + row.sum() if row.sum() > 0 else row for row in logits]
        return torch.stack(rows)


class Bare(nn.Module):
    """No parameters at all."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)).square()


class Fickle(Wrapped):
    """Raises where the picture is of one colour, as a baseline is."""

    def forward(self, x: Tensor) -> object:
        if (x.std((2, 3)) < 1e-6).all(1).any():
            raise ArithmeticError("a picture\nof *one* colour")
        return super().forward(x)


class Wrong(torch.autograd.Function):
    """The identity, with a derivative three times too large."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:  # noqa: ARG004
        return x.clone()

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:  # noqa: ARG004
        return 3 * gradient


class Broken(Wrong):
    """The identity, which cannot be differentiated."""

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:  # noqa: ARG004
        raise KeyError("no derivative")


def in_place(x: Tensor) -> Tensor:
    return x.sub_(0.5).mul_(4)


def grey(x: Tensor) -> Tensor:
    """Divides by the spread of the picture: of one colour it has none."""
    return (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)


def frozen(network: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's scripting is deprecated, and still met
        module: nn.Module = torch.jit.freeze(torch.jit.script(network.eval()))
    return module


def scripted(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(*features(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, CLASSES)).eval()


ZOO: dict[str, Callable[[], nn.Module]] = {
    "no statistics": lambda: Wrapped(statistics=False),
    "integer inputs": lambda: Wrapped(lambda x: (x * 255).long().float() / 255),
    "wants integers": lambda: nn.Sequential(nn.Flatten(), nn.Embedding(256, CLASSES)),
    "a tuple": lambda: Wrapped(after=lambda logits: (logits, None)),
    "a dictionary": lambda: Wrapped(after=lambda logits: {"logits": logits}),
    "control flow": Branching,
    "in place": lambda: Wrapped(in_place),
    "float64": lambda: Wrapped().double(),
    "bfloat16": lambda: Wrapped().bfloat16(),
    "float64 in place": lambda: Wrapped(in_place).double(),
    "frozen": lambda: frozen(scripted()),
    "NaN": lambda: Wrapped(after=lambda logits: logits * torch.nan),
    "NaN on one colour": lambda: Wrapped(grey),
    "fails on one colour": Fickle,
    "rounding": lambda: Wrapped(after=lambda logits: logits.mul(50).round()),
    "argmax": lambda: Wrapped(after=lambda t: nn.functional.one_hot(t.argmax(1), CLASSES).float()),
    "flat steps": lambda: Wrapped(lambda x: (x * 9).floor() / 9),
    "odd operator": lambda: Wrapped(after=lambda logits: logits.cumprod(1)),
    "hard steps": lambda: Wrapped(lambda x: (x > 0.5).float()),
    "wrong derivative": lambda: Wrapped(Wrong.apply),
    "broken derivative": lambda: Wrapped(Broken.apply),
    "detached": lambda: Wrapped(lambda x: x.detach()),
    "no gradient": lambda: Wrapped(after=torch.no_grad()(lambda t: t.detach())),
    "one class": lambda: Wrapped(classes=1),
    "no parameters": Bare,
    "no layer": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE[0] * SIZE[1], CLASSES)),
}
REFUSED = {"no statistics", "wants integers", "a tuple", "a dictionary", "NaN"}


def pixels() -> Tensor:
    return torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(5))


def native(module: nn.Module) -> torch.dtype:
    return next((p.dtype for p in module.parameters()), torch.float32)


def network(name: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ZOO[name]().eval()
