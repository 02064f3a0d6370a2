"""The OpenAPI page, from bundled files: the framework's own loads a CDN and an inline script, which the CSP forbids."""

from __future__ import annotations

from importlib import resources
from typing import Literal

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Whylens API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
START = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true});\n'
TYPES = {"css": "text/css", "js": "text/javascript"}


@router.get("/docs")
def page() -> HTMLResponse:
    return HTMLResponse(PAGE)


@router.get("/docs/start.js")
def start() -> Response:
    return Response(START, media_type=TYPES["js"])


@router.get("/docs/{file}")
def bundled(file: Literal["swagger-ui.css", "swagger-ui-bundle.js"]) -> Response:
    data = resources.files("fastapi_offline").joinpath("static", file).read_bytes()
    return Response(data, media_type=TYPES[file.rpartition(".")[2]], headers={"Cache-Control": "max-age=3600"})
