"""Shapes and types are enforced in tests and free in production."""

from __future__ import annotations

import os

import torch
from jaxtyping import install_import_hook

# the tests that run beside each other share the cores
torch.set_num_threads(max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))))

# not by --jaxtyping-packages: it cuts a checker with arguments at the first comma, and then checks nothing
install_import_hook("explainers", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
