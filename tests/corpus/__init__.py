"""Strings that do harm where they are taken for anything but text.

Whatever runs sets `window.harmed` or opens a dialog; whatever asks elsewhere asks `elsewhere.invalid`.
"""

from __future__ import annotations

RUN = "window.harmed=1;alert(1)"

HOSTILE: tuple[str, ...] = (
    # markup
    f"<script>{RUN}</script>",
    f"</title></style></textarea><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror="{RUN}">',
    f"'><svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<math><mtext><img src=x onerror={RUN}></mtext></math>",
    f"<a href=javascript:{RUN}>click</a>",
    f"<object data=javascript:{RUN}>",
    f"<style>@import url(javascript:{RUN})</style>",
    "<img src=https://elsewhere.invalid/a.png>",
    "<link rel=stylesheet href=https://elsewhere.invalid/a.css>",
    '<base href="https://elsewhere.invalid/">',
    "<meta http-equiv=refresh content='0;url=https://elsewhere.invalid/'>",
    "<!-- --><plaintext>",
    "]]></desc><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    f"&lt;script&gt;{RUN}&lt;/script&gt; &amp;amp;",
    "<b>bold</b><h1>large</h1>",
    # addresses
    f"javascript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    "//elsewhere.invalid/x",
    "www.elsewhere.invalid and a@elsewhere.invalid",
    # attributes and script
    f"' onmouseover='{RUN}",
    f"`${{{RUN}}}`",
    f"';{RUN};//",
    f"</script><script>{RUN}</script>",
    # templates
    "{{constructor.constructor('window.harmed=1')()}}",
    "${7*7} #{7*7} <%= 7*7 %> {7*7} %s %(x)s {0.__class__}",
    # what the page's Markdown would draw
    f"[click](javascript:{RUN})",
    "![x](https://elsewhere.invalid/a.png)",
    "# heading ## more",
    "**bold** _italic_ ~~struck~~ `code` > quote - item 1. item",
    "$\\frac{1}{2}$ $$\\href{javascript:alert(1)}{x}$$",
    ":red[colour] :material/warning: :sparkles: :small[x]",
    "| a | b | --- | [^1] <https://elsewhere.invalid>",
    # spreadsheets
    '=HYPERLINK("https://elsewhere.invalid","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1-1",
    # directions, and what is not seen
    "photo\u202egnp.exe",
    "\u2067\u202d turned \u2066 and not closed",
    "a\u200bb\u200d\ufeff\u2060c",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 123",
    "e\u0301\u0301\u0301 \u0e01\u0e33 \U0001f469\u200d\U0001f4bb \U0001d518",
    # places in files and databases
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "con.png::$DATA",
    "Robert'); DROP TABLE notes;--",
    "zero\x00byte and \x1b[31mescape\x07",
)
LONG = "<i>" + "long" * 500
