"""Shapes and types are enforced in tests and free in production."""

from __future__ import annotations

from jaxtyping import install_import_hook

# not by --jaxtyping-packages: it cuts a checker with arguments at the first comma, and then checks nothing
install_import_hook("explainers", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
