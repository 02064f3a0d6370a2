"""Pages of our own, for those who are not let in: no script, nothing that is not on this page."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Whylens</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; --ink: #1b2426; --paper: #ffffff; --line: #c9d1d1; --key: #0b6e69; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e8eded; --paper: #14191b; --line: #46525a; --key: #0f8077; }}
}}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }}
main {{ width: min(22rem, calc(100vw - 3rem)); }}
h1 {{ font-size: 1.5rem; margin: 0 0 0.5rem; }}
form {{ display: grid; gap: 0.5rem; }}
input, button {{ font: inherit; padding: 0.5rem 0.75rem; min-height: 44px; border-radius: 10px;
  border: 1px solid var(--line); background: transparent; color: inherit; }}
button {{ background: var(--key); border-color: var(--key); color: #ffffff; cursor: pointer; }}
:focus-visible {{ outline: 3px solid var(--key); outline-offset: 2px; }}
a {{ color: inherit; }}
</style>
</head>
<body><main>
{content}
</main></body>
</html>
"""
SEALED = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
GONE = (
    "<h1>There is nothing here</h1>\n"
    "<p>A link that led here may have ended or been taken back, or there never was one.</p>\n"
    '<p><a href="/">To Whylens</a></p>'
)
UNKNOWN = "<h1>Who are you?</h1>\n<p>The proxy in front of this server has not said who is asking.</p>"


def page(content: str, status: int = 200) -> Response:
    """`content` is markup of ours."""
    return HTMLResponse(PAGE.format(content=content), status, SEALED)


def gone() -> Response:
    """What is unknown, over or taken back: they look alike."""
    return page(GONE, 404)
