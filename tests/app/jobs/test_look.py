"""The first look at a text: what is settled before a job."""

from __future__ import annotations

import pytest

import models
from app.failures import RequestError
from app.jobs import look as looks
from app.jobs.look import Look, look, specify
from app.jobs.question import Question
from app.jobs.spec import JobSpec
from explainers import InputError, list_methods
from tests.app.conftest import picture
from tests.app.textual import wordy as made

TEXT = "A good film, and bad."
SENTENCES = "A good film. " * 61


def asked(model: models.TextClassifier, text: str, **question: object) -> tuple[Look, JobSpec]:
    wanted = Question(kind="text", **question)  # type: ignore[arg-type]
    answer = look(model, text.encode(), wanted)
    return answer, specify(wanted, "a" * 64, answer)


def test_what_a_text_is_told(wordy: models.TextClassifier) -> None:
    answer, spec = asked(wordy, TEXT)
    assert answer.input == TEXT.encode()
    assert [word[0] for word in answer.words] == ["A", "good", "film", ",", "and", "bad", "."]
    assert all(TEXT[start:end] == word for word, start, end in answer.words)
    assert (answer.by, answer.cut, answer.precision) == ("word", 0, spec.precision)
    expected = wordy.predict(TEXT)[0]
    for k, probability in zip(answer.classes, answer.probabilities, strict=True):
        assert probability == pytest.approx(expected[k], rel=1e-5)
    assert (spec.kind, spec.model, spec.digest) == ("text", "wordy", wordy.card.digest)
    assert (spec.output, spec.params["by"], spec.params["baseline"]) == ("log_probability", "word", "mask")
    assert "input" not in answer.as_dict()


def test_a_picture_has_no_words(tiny: models.ImageClassifier) -> None:
    question = Question()
    answer = look(tiny, picture(0), question)
    assert (answer.by, answer.words, answer.cut) == (None, (), 0)
    spec = specify(question, "a" * 64, answer)
    assert (spec.kind, spec.output) == ("image", "logit")
    assert "by" not in spec.params


@pytest.mark.parametrize(
    ("text", "params", "by"),
    [
        (SENTENCES, {}, "sentence"),
        (SENTENCES, {"by": "word"}, "word"),
        (SENTENCES, {"by": "token"}, "token"),
        ("A good film. " * 30, {}, "word"),  # 120 words
        ("A good film " * 61, {}, "word"),  # one sentence: it would be the only player
    ],
)
def test_long_texts_are_explained_by_sentence_first(
    wordy: models.TextClassifier, text: str, params: dict[str, str], by: str
) -> None:
    answer, spec = asked(wordy, text, params=params)
    assert (answer.by, spec.params["by"]) == (by, by)
    assert len(answer.words) == {"sentence": 61, "word": len(text.replace(".", " .").split())}.get(by, 61 * 4)


def test_s2_what_is_beyond_the_limit_is_said() -> None:
    answer, _ = asked(made(limit=6), TEXT)
    assert [word[0] for word in answer.words] == ["A", "good", "film", ","]
    assert TEXT[-answer.cut :] == " and bad."


def test_every_method_of_texts_takes_units() -> None:
    assert all("by" in [param.name for param in method.schema] for method in list_methods("text"))


def test_the_wrong_kind_is_refused(wordy: models.TextClassifier, tiny: models.ImageClassifier) -> None:
    with pytest.raises(RequestError) as refused:
        look(wordy, picture(0), Question())
    assert str(refused.value) == ("wordy classifies texts; ask it about a text, and choose another model for a picture")
    with pytest.raises(RequestError) as refused:
        look(tiny, b"a text", Question(kind="text"))
    assert str(refused.value) == ("tiny classifies images; ask it about a picture, and choose another model for a text")


def test_a_text_of_which_nothing_is_read(wordy: models.TextClassifier) -> None:
    with pytest.raises(InputError, match="the text has no words that the model reads"):
        asked(wordy, "\u200b \u200b")


def test_a_text_without_tokens(wordy: models.TextClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("text must have at least one token; got 'x'")

    monkeypatch.setattr(type(wordy), "prepare", refuse)
    with pytest.raises(RequestError, match="at least one token"):
        looks.read(wordy, "text", b"x")


def test_a_question_is_checked_for_its_kind() -> None:
    with pytest.raises(RequestError, match=r"method must be one of .* for texts; got 'grad_cam'"):
        Question(kind="text", method="grad_cam")
    with pytest.raises(RequestError, match=r"method must be one of .* for images; got 'ls_tree'"):
        Question(method="ls_tree")
    with pytest.raises(RequestError, match="baseline must be one of mask, mean, deletion; got 'blur'"):
        Question(kind="text", params={"baseline": "blur"})
    assert Question(kind="text") == Question(kind="text", output="log_probability")
    assert Question() == Question(output="logit")
