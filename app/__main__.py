"""The command line, `python -m app`: serve, explain, batch, export, doctor and what an operator needs besides.

Exit code 2 and one sentence for what a user can mend.
"""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from app.access.owner import LOCAL_USER
from app.access.passwords import PasswordHash
from app.settings import Settings, variables
from app.unavailable import UnavailableError

LOG = logging.getLogger("whylens")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m app", description="Why did the classifier decide that?")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve the application")
    commands.add_parser("doctor", help="check this installation")
    commands.add_parser("hash-password", help="make a value for WHYLENS_PASSWORD_HASH of a password that is asked for")
    backup = commands.add_parser("backup", help="copy the SQLite database, which may be in use, to a new file")
    backup.add_argument("copy", help="the new file")
    commands.add_parser("migrate", help="bring the database up to date, which serve does too")
    commands.add_parser("head", help="be the head of the Ray cluster at WHYLENS_RAY_ADDRESS")
    commands.add_parser("worker", help="compute for the Ray cluster at WHYLENS_RAY_ADDRESS")
    explain = commands.add_parser("explain", help="explain one picture or text, one JSON object on stdout")
    what = explain.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", help="PNG, JPEG or WebP")
    what.add_argument("--text", help="a text instead of a file")
    explain.add_argument("--against", help="class index or label: why the target and not this one")
    explain.add_argument(
        "--out", help="write the map: .png or .svg as it is drawn, .html, .csv, .npz with its numbers, .txt for a paper"
    )
    batch = commands.add_parser(
        "batch", help="explain every picture or text of a folder; it can be stopped and resumed"
    )
    batch.add_argument("folder", help="of pictures or of .txt files; or one .txt file with a text on each line")
    batch.add_argument("--out", required=True, help="folder for summary.csv and a .npz of each map")
    batch.add_argument("--workers", type=int, default=1, help="processes, each with the model loaded")
    export = commands.add_parser("export", help="write an explanation, an edit or a study that is kept to a file")
    export.add_argument("id", help="as in its address, or as the API tells it")
    export.add_argument(
        "--out", required=True, help="its ending is the format: .html, .png, .svg, .csv, .npz, .txt for a paper"
    )
    export.add_argument("--owner", default=LOCAL_USER, help="whose it is, where users have things of their own")
    for command in (explain, batch):
        _question(command)
    options = parser.parse_args(arguments)
    if options.command == "hash-password":
        return _hash_password()
    logging.basicConfig(format="%(name)s: %(message)s")
    logging.getLogger("whylens").setLevel(logging.INFO)
    try:
        settings = Settings()
    except ValidationError as error:
        return _refuse("; ".join(_problem(e["loc"], e["msg"]) for e in error.errors()))
    for name in sorted(n for n in os.environ if n.startswith("WHYLENS_") and n not in variables()):
        LOG.warning("%s is set and is not a setting of ours; README lists them", name)
    match options.command:
        case "serve":
            from app.serve import serve

            return serve(settings)
        case "doctor":
            from app.doctor import doctor

            return doctor(settings)
        case "migrate":
            from app.wiring import opened

            try:
                opened(settings).database.close()
            except (UnavailableError, ValueError) as error:
                return _refuse(str(error))
            return 0
        case "backup":
            from app.storage.database import Database

            try:
                Database(settings.database).copy(Path(options.copy))
            except (OSError, ValueError) as error:
                return _refuse(str(error))
            return 0
        case "head" | "worker":
            from app.jobs.cluster import become

            return become(settings, "head" if options.command == "head" else "worker")
        case _:
            # they import torch, which serve does not need to start
            from app import taking
            from app.batch import explain_folder
            from app.explain import explain_input
            from app.failures import TOLD

            run = {"batch": explain_folder, "explain": explain_input, "export": taking.export}[options.command]
            try:
                return run(settings, options)
            except TOLD as error:
                return _refuse(str(error))
            except OSError as error:
                return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _question(command: argparse.ArgumentParser) -> None:
    """What is asked of an input."""
    command.add_argument("--method", default="rise")
    command.add_argument("--model")
    command.add_argument("--target", help="class index or label; the likeliest when missing")
    command.add_argument(
        "--output",
        choices=("logit", "probability", "log_probability"),
        help="the score explained; logit for a picture and log_probability for a text when missing",
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the method")


def _hash_password() -> int:
    """Never an argument: those are seen by every user of the machine."""
    asked = sys.stdin.isatty()
    password = getpass.getpass("Password: ") if asked else sys.stdin.readline().rstrip("\n")
    if asked and getpass.getpass("Once more: ") != password:
        return _refuse("The two are not the same.")
    try:
        print(PasswordHash.of(password))
    except ValueError as error:
        return _refuse(str(error))
    return 0


def _problem(location: tuple[int | str, ...], message: str) -> str:
    name = f"WHYLENS_{str(location[0]).upper()}: " if location else ""
    return name + message.removeprefix("Value error, ")


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
