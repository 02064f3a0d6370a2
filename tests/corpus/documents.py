"""JSON that is none, is too deep, or says what no field may hold."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.corpus.case import Case, json_body

DEPTH = 10_000
QUICK = b'"method": "rise", "params": {"n_masks": 32, "cells": 4}'

# where documents go, each with one that is well-formed but asks for nothing there is
PLACES: dict[str, tuple[str, str]] = {
    "text": ("POST", "/texts"),
    "question": ("POST", "/explanations"),
    "view": ("PUT", "/explanations/$explanation/view"),
    "edits": ("POST", "/explanations/$explanation/probe"),
    "note": ("POST", "/explanations/$explanation/notes"),
    "cells": ("POST", "/explanations/$explanation/cells"),
    "share": ("POST", "/explanations/$explanation/shares"),
    "name": ("PATCH", "/explanations/$explanation"),
    "prompts": ("POST", "/heads"),
    "study": ("POST", "/concepts"),
    "deletion": ("POST", "/library/delete"),
}
NO_DOCUMENT: dict[str, bytes] = {
    "cut off": b'{"asset": "$asset", ',
    "two": b"{}{}",
    "a comment": b"{/**/}",
    "single quotes": b"{'asset': 'x'}",
    "a list": b"[[]]",
    "a number": b"1e400",
    "NaN": b"NaN",
    "zeros": bytes(1_000),
    "UTF-16": '{"tex": "x"}'.encode("utf-16"),
    "UTF-32": '{"tex": "x"}'.encode("utf-32"),
    "half of UTF-8": b'{"text": "\xf0\x9f"}',
    "overlong UTF-8": b'{"text": "\xc0\xaf"}',
    "surrogates as UTF-8": b'{"text": "\xed\xa0\x80"}',
    "a zero byte in a string": b'{"text": "a\x00b"}',
    "deep lists": b"[" * DEPTH + b"]" * DEPTH,
    "deep lists, open": b"[" * DEPTH,
    "deep objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "a number of 5,000 digits": b"9" * 5_000,
    "an object of 5,000 keys": json.dumps({f"k{n}": n for n in range(5_000)}).encode(),
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    "YAML": b"!!python/object/apply:os.system ['id']",
    "polluted": b'{"__proto__": {"admin": true}, "constructor": {"prototype": 1}}',
}
NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e308", "-1", "1.5", "2147483648", "9223372036854775808",
    "-9223372036854775809", "1" + "0" * 400, "true", "null", '"1"', "[]", "{}", '"\\ud800"', '"\\u0000"', '"NaN"',
)  # fmt: skip
# a field that takes a number → a document around it; what is a number there is none of NUMBERS
FIELDS: dict[str, tuple[str, str, bytes]] = {
    "seed": ("POST", "/explanations", b'{"asset": "$asset", %s, "seed": @}' % QUICK),
    "n_masks": ("POST", "/explanations", b'{"asset": "$asset", "params": {"n_masks": @}}'),
    "p": ("POST", "/explanations", b'{"asset": "$asset", "params": {"p": @}}'),
    "target of a view": ("PUT", "/explanations/$explanation/view", b'{"target": @}'),
    "tile": ("PUT", "/explanations/$explanation/view", b'{"target": 0, "compare": [{"id": "x", "target": @}]}'),
    "place": (
        "POST", "/explanations/$explanation/notes", b'{"place": {"kind": "point", "x": @, "y": 0.5}, "text": "x"}',
    ),
    "rectangle": (
        "POST", "/explanations/$explanation/notes",
        b'{"place": {"kind": "rectangle", "left": 0.1, "top": 0.1, "right": @, "bottom": 0.2}, "text": "x"}',
    ),
    "days": ("POST", "/explanations/$explanation/shares", b'{"days": @}'),
    "concepts": ("POST", "/concepts", b'{"set": "$set", "n_concepts": @}'),
}  # fmt: skip
TAKEN = {  # numbers after all, in the range of these fields: what they would make is tested elsewhere
    (field, number)
    for field in ("seed", "target of a view", "tile", "days", "place", "rectangle", "concepts")
    for number in ("true", '"1"')
}
WRONG: dict[str, tuple[str, str, bytes]] = {
    "the same key twice": ("POST", "/explanations", b'{"asset": "$asset", "seed": 1, "seed": -1}'),
    "the same key twice, the model": ("POST", "/explanations", b'{"asset": "$asset", "model": "tiny", "model": "x"}'),
    "the same key in two writings": ("POST", "/explanations", b'{"asset": "x", "\\u0061sset": "../../etc/passwd"}'),
    "a key with a surrogate": ("POST", "/explanations", b'{"asset": "$asset", "\\ud800": 1}'),
    "a parameter with a surrogate": ("POST", "/explanations", b'{"asset": "$asset", "params": {"\\ud800": 1}}'),
    "a parameter with zeros": ("POST", "/explanations", b'{"asset": "$asset", "params": {"\\u0000": 1}}'),
    "a parameter of 100,000": (
        "POST", "/explanations", b'{"asset": "$asset", "params": {"%s": 1}}' % (b"n" * 100_000),
    ),
    "parameters of a class": (
        "POST", "/explanations", b'{"asset": "$asset", "params": {"__class__": 1, "explain": 1}}',
    ),
    "a method of ours": ("POST", "/explanations", b'{"asset": "$asset", "method": "__init__"}'),
    "a method with zeros": ("POST", "/explanations", b'{"asset": "$asset", "method": "rise\\u0000"}'),
    "a method with a surrogate": ("POST", "/explanations", b'{"asset": "$asset", "method": "\\udfff"}'),
    "a method of 100,000": ("POST", "/explanations", b'{"asset": "$asset", "method": "%s"}' % (b"m" * 100_000)),
    "a model of 100,000": ("POST", "/explanations", b'{"asset": "$asset", "model": "%s"}' % (b"m" * 100_000)),
    "a value of 100,000": (
        "POST", "/explanations", b'{"asset": "$asset", "params": {"n_masks": "%s"}}' % (b"n" * 100_000),
    ),
    "a choice of 100,000": (
        "POST", "/explanations", b'{"asset": "$asset", "params": {"baseline": "%s"}}' % (b"n" * 100_000),
    ),
    "a list of 100,000": (
        "POST", "/explanations", b'{"asset": "$asset", "params": {"p": [%s]}}' % (b"1," * 100_000 + b"1"),
    ),
    "a factoriser of 100,000": ("POST", "/concepts", b'{"set": "$set", "factorizer": "%s"}' % (b"n" * 100_000)),
    "an importance of 100,000": ("POST", "/concepts", b'{"set": "$set", "importance": "%s"}' % (b"n" * 100_000)),
    "a layer of 100,000": ("POST", "/concepts", b'{"set": "$set", "layer": "%s"}' % (b"n" * 100_000)),
    "a model with zeros": ("POST", "/explanations", b'{"asset": "$asset", "model": "tiny\\u0000"}'),
    "a model from elsewhere": ("POST", "/explanations", b'{"asset": "$asset", "model": "https://elsewhere.invalid/m"}'),
    "a model that is a file": ("POST", "/explanations", b'{"asset": "$asset", "model": "/etc/passwd"}'),
    "a model of another's": ("POST", "/explanations", b'{"asset": "$asset", "model": "head/%s"}' % (b"0" * 32)),
    "a picture's model for a text": ("POST", "/explanations", b'{"asset": "$text", "model": "tiny"}'),
    "a text's model for a picture": ("POST", "/explanations", b'{"asset": "$asset", "model": "wordy"}'),
    "a target of zeros": ("POST", "/explanations", b'{"asset": "$asset", "target": "\\u0000"}'),
    "a target in other digits": (
        "POST", "/explanations", '{"asset": "$asset", "target": "²"}'.encode(),
    ),
    "an explanation as a picture": ("POST", "/explanations", b'{"asset": "$explanation"}'),
    "text with half a character": ("POST", "/texts", b'{"text": "a\\ud83d"}'),
    "text with the other half": ("POST", "/texts", b'{"text": "a\\udc4b b"}'),
    "text with a zero": ("POST", "/texts", b'{"text": "a\\u0000b"}'),
    "text of blanks": ("POST", "/texts", b'{"text": "\\u2003\\u00a0\\n"}'),
    "text of 5,001": ("POST", "/texts", b'{"text": "%s"}' % (b"x" * 5_001)),
    "text of 2,000,000": ("POST", "/texts", b'{"text": "%s"}' % (b"x" * 2_000_000)),
    "text of a number": ("POST", "/texts", b'{"text": 5}'),
    "text under a long name": ("POST", "/texts", b'{"text": "x", "name": "%s"}' % (b"n" * 201)),
    "note with half a character": (
        "POST", "/explanations/$explanation/notes",
        b'{"place": {"kind": "point", "x": 0.5, "y": 0.5}, "text": "\\ud800"}',
    ),
    "note of 501": (
        "POST", "/explanations/$explanation/notes",
        b'{"place": {"kind": "point", "x": 0.5, "y": 0.5}, "text": "%s"}' % (b"n" * 501),
    ),
    "note nowhere": (
        "POST", "/explanations/$explanation/notes", b'{"place": {"kind": "elsewhere", "x": 1}, "text": "x"}',
    ),
    "note on a word of a picture": (
        "POST", "/explanations/$explanation/notes", b'{"place": {"kind": "word", "number": 0}, "text": "x"}',
    ),
    "a name of 2,000,000": ("PATCH", "/explanations/$explanation", b'{"name": "%s"}' % (b"n" * 2_000_000)),
    "prompts of nothing": ("POST", "/heads", b'{"name": "x", "prompts": {}}'),
    "prompts of one class": ("POST", "/heads", b'{"name": "x", "prompts": {"a": ["b"]}}'),
    "prompts of blanks": ("POST", "/heads", b'{"name": "x", "prompts": {"a": [" "], "b": [""]}}'),
    "prompts with half a character": (
        "POST", "/heads", b'{"name": "x", "prompts": {"\\ud800": ["good"], "b": ["bad"]}}',
    ),
    "prompts with a zero": ("POST", "/heads", b'{"name": "x", "prompts": {"a\\u0000": ["good"], "b": ["bad"]}}'),
    "prompts of half a character": ("POST", "/heads", b'{"name": "x", "prompts": {"a": ["\\ud800"], "b": ["bad"]}}'),
    "prompts too many": (
        "POST", "/heads",
        json.dumps({"name": "x", "prompts": {"a": ["good"] * 1_001, "b": ["bad"] * 1_000}}).encode(),
    ),
    "prompts on a picture's model": (
        "POST", "/heads", b'{"name": "x", "base": "tiny", "prompts": {"a": ["good"], "b": ["bad"]}}',
    ),
    "words of a picture": ("POST", "/explanations/$explanation/probe", b'{"off": [0]}'),
    "words by name": ("POST", "/explanations/$explanation/probe", b'{"replace": {"zero": "x"}}'),
    "cells outside": ("POST", "/explanations/$explanation/cells", b'{"off": [-1, 100000000000000000000]}'),
    "cells too many": (
        "POST", "/explanations/$explanation/cells", json.dumps({"off": [0] * 100_001}).encode(),
    ),
    "things of no kind": ("POST", "/library/delete", b'{"of": ["users.1", "../x"]}'),
    "things too many": ("POST", "/library/delete", json.dumps({"of": ["set.x"] * 10_001}).encode()),
    "a set of no id": ("POST", "/concepts", b'{"set": "../../etc"}'),
    "a set with a zero": ("POST", "/concepts", b'{"set": "\\u0000"}'),
    "a layer of ours": ("POST", "/concepts", b'{"set": "$set", "layer": "__class__.__init__"}'),
    "a layer with half a character": ("POST", "/concepts", b'{"set": "$set", "layer": "\\ud800"}'),
    "a factoriser that is none": ("POST", "/concepts", b'{"set": "$set", "factorizer": "pickle"}'),
    "an importance that is none": ("POST", "/concepts", b'{"set": "$set", "importance": "\\u0000"}'),
}  # fmt: skip


def cases() -> Iterator[Case]:
    for place, (method, path) in PLACES.items():
        for name, body in NO_DOCUMENT.items():
            yield _said("no document", f"{name} as a {place}", method, path, body)
    for field, (method, path, around) in FIELDS.items():
        for number in NUMBERS:
            if (field, number) not in TAKEN:
                body = around.replace(b"@", number.encode())
                yield _said("no number", f"{field} = {number[:20]}", method, path, body)
    for name, (method, path, body) in WRONG.items():
        yield _said("wrong document", name, method, path, body)


def _said(kind: str, name: str, method: str, path: str, body: bytes) -> Case:
    return Case(kind, name, "refused", lambda: json_body(path, body, method))
