"""What there is to choose from: models, methods with their parameters, examples."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.api.identity import Desk, Owner
from app.examples import EXAMPLES
from app.failures import NotFoundError
from explainers import registry
from explainers.params import Param

router = APIRouter(tags=["catalogue"])


@router.get("/models")
def models(desk: Desk) -> list[dict[str, Any]]:
    """Cards of the models that load here without a network. Names of torchvision and timm can be asked for as well."""
    return list(desk.cards())


@router.get("/methods")
def methods() -> list[dict[str, Any]]:
    """With their parameters; whether a model can be explained by them says `/fits`."""
    return [
        {
            "name": method.name,
            "description": method.description,
            "revision": method.revision,
            "needs": method.needs,
            "kind": method.kind,
            "parameters": [_parameter(param) for param in method.schema],
        }
        for method in registry.list_methods()
    ]


@router.get("/fits")
def fits(desk: Desk, owner: Owner, model: str | None = None) -> dict[str, Any]:
    """Which methods are valid, approximate or impossible for a model, and why; the first model when none is named.

    While `checked` is false this is being found out: ask again.
    """
    found = desk.fits(model, owner)
    return {"model": model or desk.settings.model, "checked": found is not None, "methods": list(found or ())}


@router.get("/examples")
def examples() -> list[dict[str, str]]:
    return [{"name": e.name, "title": e.title, "note": e.note} for e in EXAMPLES.values()]


@router.post("/examples/{name}", status_code=201)
def use_example(name: str, desk: Desk, owner: Owner) -> dict[str, Any]:
    """Make an example a picture of one's own."""
    return asdict(desk.example(owner, name))


@router.get("/examples/{name}/image", response_class=Response)
def example_image(name: str) -> Response:
    if name not in EXAMPLES:
        raise NotFoundError("There is no such example.")
    return Response(EXAMPLES[name].read(), media_type="image/png", headers={"Cache-Control": "max-age=86400"})


def _parameter(param: Param) -> dict[str, Any]:
    limits = None if param.range is None else [param.range.low, param.range.high]
    return {
        "name": param.name,
        "type": param.type.__name__,
        "default": param.default,
        "range": limits,
        "choices": list(param.choices) or None,
        "help": param.help,
    }
