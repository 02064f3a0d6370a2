"""Who may import whom (the tree of the application), read from the source and tried in a process of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "explainers", "models", "benchmarks")
WEB = {"streamlit", "ray", "sqlalchemy", "alembic", "fastapi", "starlette", "uvicorn", "pydantic", "pydantic_settings"}
PAGES = ("app/main.py", "app/pages/", "app/views/", "app/components/", "app/asgi.py", "app/access/guard.py")

# what is imported → the only places that may
ONLY: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("app/storage/",),
    "alembic": ("app/storage/",),
    "streamlit": PAGES,  # asgi mounts it, guard hashes its page's scripts
    # the server's jobs; a command's, by Ray Data
    "ray": ("app/jobs/pool.py", "app/jobs/dispatcher.py", "app/jobs/batch.py"),
    "app": ("app/", "benchmarks/"),
    "fastapi": ("app/",),
    "starlette": ("app/",),
    "uvicorn": ("app/",),
    "pickle": ("models/sources/",),  # for the name of the error that torch raises; nothing else, see below
    "cloudpickle": (),
    "dill": (),
    "joblib": (),
    "marshal": (),
    "shelve": (),
}
# the package → what nothing in it may import
NEVER: dict[str, set[str]] = {
    "explainers": {"models", "app", *WEB},
    "models": {"explainers", "app", *WEB},
    "app/pages": {"torch", "sqlalchemy"},
    "app/views": {"torch", "sqlalchemy"},
    "app/components": {"torch", "sqlalchemy"},
    "app/main.py": {"torch", "sqlalchemy"},
    "app/api": {"streamlit", "torch"},
    "app/jobs": {"streamlit", "fastapi", "starlette"},
    "app/export": {"streamlit", "sqlalchemy", "fastapi", "starlette", "ray"},
    "app/storage": {"streamlit", "fastapi", "starlette", "torch"},
}
# a class that opens the door to code in data → the argument that keeps it shut
SHUT = {"allow_pickle": False, "weights_only": True, "trust_remote_code": False}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """(path from the root, syntax tree) of every file of ours that is not a test."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


SOURCES = dict(sources())


@cache
def imported(path: str) -> set[str]:
    """Top-level names of everything that a source imports, also inside functions and by name."""
    names: set[str] = set()
    for node in ast.walk(SOURCES[path]):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module)
            case ast.ImportFrom(level=int(level)) if level:
                raise AssertionError(f"line {node.lineno}: relative imports hide who imports whom")
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                names.add(module)
    return {name.partition(".")[0] for name in names}


def test_the_sources_are_found() -> None:
    assert {"app/main.py", "explainers/types.py", "models/zoo.py"} <= set(SOURCES)


@pytest.mark.parametrize("name", ONLY)
def test_only_these_places_import(name: str) -> None:
    found = {path for path in SOURCES if name in imported(path)}
    assert {path for path in found if not path.startswith(ONLY[name] or ("nowhere",))} == set()


@pytest.mark.parametrize("place", NEVER)
def test_never_imported_from(place: str) -> None:
    here = [path for path in SOURCES if path == place or path.startswith(f"{place}/")]
    assert here, f"{place} is gone: change this test"
    assert {path: names for path in here if (names := imported(path) & NEVER[place])} == {}


@pytest.mark.parametrize("path", SOURCES)
def test_s8_no_data_can_run_code(path: str) -> None:
    for node in ast.walk(SOURCES[path]):
        if isinstance(node, ast.keyword) and node.arg in SHUT:
            assert isinstance(node.value, ast.Constant), f"line {node.value.lineno}: {node.arg} must be a literal"
            assert node.value.value is SHUT[node.arg], f"line {node.value.lineno}: {node.arg}={node.value.value!r}"
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load")):
                assert "weights_only" in {keyword.arg for keyword in node.keywords}, f"line {node.lineno}: torch.load"
            case ast.Call(func=ast.Name(id="eval" | "exec" | "compile")):
                raise AssertionError(f"line {node.lineno}: code made from text")
            case ast.Attribute(value=ast.Name(id="pickle"), attr=attr):
                assert attr == "UnpicklingError", f"line {node.lineno}: pickle.{attr}"
            case ast.ImportFrom(module="pickle"):
                raise AssertionError(f"line {node.lineno}: from pickle")
            case ast.keyword(arg="unsafe_allow_html" | "unsafe_allow_javascript" | "shell"):
                raise AssertionError(f"line {node.value.lineno}: {node.arg}")


@pytest.mark.parametrize("path", [path for path in SOURCES if path.startswith("app/")])
def test_s14_no_html_by_hand(path: str) -> None:
    for node in ast.walk(SOURCES[path]):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "st":
            assert node.attr not in ("html", "iframe"), f"line {node.lineno}: st.{node.attr}"


def test_files_are_written_without_the_page() -> None:
    """The command line does; what it shares with the page lies where both may import it."""
    code = "import sys\nsys.modules['streamlit'] = None\nimport app.export.kept, app.taking\n"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert answer.returncode == 0, answer.stderr


def test_explainers_and_models_need_no_web() -> None:
    """Whoever has a GPU machine or a notebook uses the two alone."""
    code = (
        "import sys\n"
        "for name in ('streamlit', 'ray', 'sqlalchemy', 'alembic', 'fastapi', 'starlette', 'pydantic_settings'):\n"
        "    sys.modules[name] = None\n"
        "import explainers, models\n"
        "assert [m.name for m in explainers.list_methods()]\n"
        "assert [card.name for card in models.list_models()]\n"
        "assert not [name for name in sys.modules if name == 'app' or name.startswith('app.')]\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert answer.returncode == 0, answer.stderr
