"""MiniLM on labelled sentences, by prompts and with a fitted head: python -m benchmarks.text_accuracy FOLDER

The folder holds sst2_train.tsv and sst2_dev.tsv (sentence, label 0 or 1), ag_news_train.tsv and ag_news_test.tsv
(title, description, label 1 to 4), each with a header line. The prompts for films were chosen on sst2_train.tsv.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import models
from benchmarks.record import write
from models.text import fit_head

TOPICS = {
    "world": "This news is about world politics.",
    "sports": "This news is about sports.",
    "business": "This news is about business.",
    "science and technology": "This news is about science and technology.",
}


def read(file: Path) -> tuple[list[str], list[str]]:
    """Texts, of which the columns are joined, and labels."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t"))[1:]
    return [". ".join(row[:-1]) for row in rows], [row[-1] for row in rows]


def accuracy(model: models.TextClassifier, texts: Sequence[str], truth: Sequence[str], names: Sequence[str]) -> float:
    """`names` are the files' labels of the model's classes."""
    answers = [names[k] for k in model.predict(texts).argmax(1)]
    return round(float(np.mean([answer == label for answer, label in zip(answers, truth, strict=True)])), 4)


def measure(folder: Path) -> dict[str, object]:
    minilm = models.load("minilm")
    found: dict[str, object] = {"card": {"name": minilm.card.name, "digest": minilm.card.digest}}
    tasks = {
        "sst2": ("sst2_train.tsv", "sst2_dev.tsv", minilm, ("0", "1")),
        "ag_news": ("ag_news_train.tsv", "ag_news_test.tsv", minilm.with_labels(TOPICS), ("1", "2", "3", "4")),
    }
    for name, (train, test, by_prompts, labels) in tasks.items():
        (known, given), (texts, truth) = read(folder / train), read(folder / test)
        fitted = fit_head(minilm, known, given)
        found[name] = {
            "fitted_on": len(known),
            "tested_on": len(texts),
            "zero_shot": accuracy(by_prompts, texts, truth, labels),
            "head": accuracy(fitted.classifier, texts, truth, fitted.classifier.labels),
            "head_held_out": round(fitted.accuracy, 4),
            "confusion_held_out": fitted.confusion.tolist(),
        }
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    write("text_accuracy", measure(parser.parse_args().data))
