"""What users can do, each after checking that the thing is theirs. Pages and API routes call the same functions."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from app import uploads
from app.examples import EXAMPLES, FIRST
from app.failures import NotFoundError, RequestError
from app.jobs.edit import Edit, Edited, stand
from app.jobs.fitting import Fits, refuse_impossible
from app.jobs.heads import head_id
from app.jobs.look import INPUTS, named, specify
from app.jobs.pairs import Paired, Pairing
from app.jobs.pool import Pool
from app.jobs.question import Question
from app.jobs.spec import JobSpec, Spec, TrustSpec
from app.jobs.workshop import Workshop
from app.metrics import HITS
from app.settings import Settings
from app.storage.assets import OwnedAsset
from app.storage.explanations import Explanation
from app.storage.heads import OwnedHead
from app.storage.names import LONGEST, displayed
from app.storage.runs import Run
from app.storage.store import Store
from app.table import labelled
from app.unavailable import UnavailableError
from explainers import PANEL_REVISION
from explainers.types import Word
from models import UnsupportedModelError
from models.card import Kind
from models.zoo import unknown

LOG = logging.getLogger("whylens")

T = TypeVar("T")
NOUNS: Mapping[Kind, str] = {"image": "picture", "text": "text"}


@dataclass(frozen=True)
class Service:
    """Everything raises RequestError or NotFoundError with a sentence for the user."""

    settings: Settings
    store: Store
    pool: Pool

    def upload(self, owner: str, data: bytes, name: str) -> OwnedAsset:
        """Decode, re-encode and keep a picture. Raises UploadError; then nothing is kept."""
        accepted = uploads.accept(data, self.settings.max_upload_bytes, self.settings.max_upload_pixels)
        return self.store.assets.put(owner, accepted, name)

    def example(self, owner: str, name: str) -> OwnedAsset:
        if name not in EXAMPLES:
            raise NotFoundError(f"There is no example called {name!r:.100}.")
        return self.upload(owner, EXAMPLES[name].read(), EXAMPLES[name].title)

    def upload_text(self, owner: str, text: str, name: str) -> OwnedAsset:
        """Keep a text as it is. Raises UploadError; then nothing is kept."""
        return self.store.assets.put(owner, uploads.accept_text(text, self.settings.max_text_chars), name)

    def asset(self, owner: str, id: str) -> OwnedAsset:
        return found(self.store.assets.get(owner, minted(id)), "picture")

    def asset_data(self, owner: str, id: str, kind: Kind) -> bytes:
        """The PNG of a picture, the UTF-8 of a text; one of the other kind is none."""
        asset = self.store.assets.get(owner, minted(id))
        return self.store.assets.data(found(asset if asset and asset.kind == kind else None, NOUNS[kind]))

    def cards(self) -> tuple[dict[str, Any], ...]:
        """Of every model that can be named, heads aside."""
        return self.pool.ask(Workshop.cards)

    def fits(self, model: str | None = None, owner: str | None = None) -> Fits | None:
        """Whether each method suits the model, and why not; None while that is being found out.

        Of a head it is told to its owner only.
        """
        model = model or self.settings.model
        self.may_ask(owner, model)
        return self.pool.ask(Workshop.fits, model)

    def ask(self, owner: str, asset: str, question: Question) -> Explanation:
        """Explain a picture or a text: the stored result if anybody has asked this before, a queued run otherwise.

        What is known to be impossible is refused; what is not known yet says so itself when it runs.
        """
        id, target = self.answer(owner, asset, question)
        self.store.explanations.look_at(owner, id, target)
        return self.explanation(owner, id)

    def answer(self, owner: str, asset: str, question: Question) -> tuple[str, int]:
        """The same, told as explanation and class: one that is there goes on being looked at as it was."""
        kept = self.asset(owner, asset)
        if question.kind != kept.kind:
            raise RequestError(
                f"The question is about {INPUTS[question.kind]}, and what is asked is {INPUTS[kept.kind]}."
            )
        model = question.model or self.settings.usual_model(question.kind)
        self.may_ask(owner, model)
        refuse_impossible(question.method, self.known_fits(model))
        answer = self.pool.ask(Workshop.look, model, self.store.assets.data(kept), question)
        spec = specify(question, kept.sha256, answer)
        self.refuse_more(owner, spec.key)
        explanation, fresh = self.store.explanations.open(
            owner, kept.id, spec, answer.as_dict(), answer.input, answer.target
        )
        self.begin(explanation.run, owner, spec.method, fresh)
        return explanation.id, answer.target

    def begin(self, key: str, owner: str, method: str, fresh: bool) -> None:
        """Have it computed, unless it is there or under way; what is there is a hit."""
        if fresh:
            self.pool.submit(key, owner)
        elif self.store.runs.get(key).state == "done":
            HITS.labels(method).inc()

    def refuse_more(self, owner: str, key: str) -> None:
        """Raises RequestError where this would be one more run to compute, and the user waits for enough of them."""
        if self.store.runs.missing(key) and self.store.runs.waiting(owner) >= self.settings.jobs_per_owner:
            raise RequestError(
                f"You have {self.settings.jobs_per_owner} explanations waiting, which is the limit; "
                "cancel one or wait for it."
            )

    def known_fits(self, model: str) -> Fits:
        try:
            return self.pool.ask(Workshop.fits, model) or ()
        except UnsupportedModelError:  # it may have been mended: the look tells what is wrong now
            return ()

    def may_ask(self, owner: str | None, model: str) -> None:
        """Somebody else's head is as unknown as a name that nobody has."""
        id = head_id(model)
        if id is not None and (owner is None or self.store.heads.get(owner, minted(id)) is None):
            unknown(model, self.settings.models)

    def first(self, owner: str) -> Explanation:
        """The example that is already explained when the page opens."""
        return self.ask(owner, self.example(owner, FIRST).id, Question())

    def explanation(self, owner: str, id: str) -> Explanation:
        return found(self.store.explanations.get(owner, minted(id)), "explanation")

    def run(self, explanation: Explanation) -> Run[JobSpec]:
        run = self.store.runs.get(explanation.run)
        assert isinstance(run.spec, JobSpec), "explanations point to runs of their own kind"
        self.used(run)
        return cast("Run[JobSpec]", run)

    def used(self, run: Run[Any]) -> None:
        """Somebody looks at it; where that cannot be kept, they look all the same."""
        try:
            self.store.runs.look_at(run)
        except UnavailableError as error:
            LOG.warning("a result in use is taken for unused: %s", error)

    def judge(self, owner: str, id: str) -> Run[Spec]:
        """Whether the class looked at is explained well: the stored judgement, or a run that makes it."""
        explanation = self.explanation(owner, id)
        run = self.run(explanation)
        if run.state != "done":
            raise RequestError(f"An explanation is judged when it is done; this one is {run.state}.")
        spec = _judgement(explanation)
        if self.store.runs.follow(run.key, spec, owner):
            self.pool.submit(spec.key, owner)
        return self.store.runs.get(spec.key)

    def judgement(self, explanation: Explanation) -> Run[Spec] | None:
        """Of the class looked at; None when nobody has asked for it."""
        return self.store.runs.find(_judgement(explanation).key)

    def position(self, run: Run[Any]) -> int | None:
        """How many jobs start before it; None unless it waits."""
        return self.pool.position(run.key) if run.state == "queued" else None

    def look_at(self, owner: str, id: str, target: int) -> None:
        """Show another of the classes that were read from the same forwards."""
        explanation = self.explanation(owner, id)
        classes = self.run(explanation).spec.classes
        if target not in classes:
            raise RequestError(f"target must be one of the classes of this run, {sorted(classes)}; got {target}")
        self.store.explanations.look_at(owner, id, target)

    def cancel(self, owner: str, id: str) -> None:
        """Stop waiting; the run stops when nobody else waits for it."""
        explanation = self.explanation(owner, id)
        if self.store.runs.leave(explanation.run, owner):
            self.pool.cancel(explanation.run)

    def again(self, owner: str, id: str) -> Explanation:
        """Ask the same once more, after a cancel or a failure."""
        explanation = self.explanation(owner, id)
        spec = self.run(explanation).spec
        return self.ask(owner, explanation.asset, spec.question(explanation.view["target"]))

    def preview(self, owner: str, id: str) -> bytes | None:
        """None before the first and after the end."""
        return self.store.runs.preview(self.explanation(owner, id).run)

    def blob(self, owner: str, id: str, sha256: str) -> bytes:
        """Part of this explanation: its input or its result. Knowing a hash gives nothing else."""
        return found(self.store.runs.blob(self.explanation(owner, id).run, minted(sha256)), "part")

    def probe(self, owner: str, id: str, off: Iterable[int], replace: Mapping[int, str]) -> Edited:
        """What becomes of the classes named by the look when words are switched off or replaced."""
        run = self._texts_run(owner, id, "Words are switched off and replaced in texts")
        asked = Edit(
            text=self.store.runs.asset(run.key).decode(),
            words=tuple(Word(*word) for word in run.look["words"]),
            off=frozenset(off),
            replace=dict(replace),
            baseline=stand(run.spec.params),
            classes=named(run.look),
            seed=run.spec.seed,
        )
        return self.pool.ask(Workshop.edit, run.spec.model, run.spec.digest, asked)

    def pairs(self, owner: str, id: str, word: int) -> Paired:
        """What a word says together with each of the others about the class looked at."""
        run = self._texts_run(owner, id, "Words are paired in texts")
        asked = Pairing(
            text=self.store.runs.asset(run.key).decode(),
            words=tuple(Word(*word) for word in run.look["words"]),
            word=word,
            baseline=stand(run.spec.params),
            target=self.explanation(owner, id).view["target"],
            against=run.spec.against,
            output=run.spec.output,
            seed=run.spec.seed,
        )
        return self.pool.ask(Workshop.pair, run.spec.model, run.spec.digest, asked)

    def _texts_run(self, owner: str, id: str, what: str) -> Run[JobSpec]:
        run = self.run(self.explanation(owner, id))
        if run.spec.kind != "text":
            raise RequestError(f"{what}; this explanation is about a picture.")
        self.may_ask(owner, run.spec.model)
        return run

    def heads(self, owner: str) -> list[OwnedHead]:
        """The user's own classifiers of texts, the newest first."""
        return self.store.heads.of(owner)

    def prompt_head(self, owner: str, name: str, base: str | None, prompts: Mapping[str, Sequence[str]]) -> OwnedHead:
        """A classifier that chooses the label to whose prompts a text is closest."""
        name, base = shown(name), self._base(base)
        for label, texts in prompts.items():
            for field, text in (("label", label), *(("prompt", text) for text in texts)):
                if fault := uploads.unkept(text):
                    raise RequestError(f"A {field} {fault}.")
        return self.store.heads.put(owner, name, self.pool.ask(Workshop.prompt_head, base, prompts))

    def fit_head(
        self,
        owner: str,
        name: str,
        base: str | None,
        table: bytes,
        text_column: str | None = None,
        label_column: str | None = None,
    ) -> OwnedHead:
        """A classifier fitted to a CSV or TSV of labelled texts; waits for it."""
        name, base = shown(name), self._base(base)
        texts, labels = labelled(table, text_column, label_column)
        return self.store.heads.put(owner, name, self.pool.ask(Workshop.fit_head, base, texts, labels))

    def delete_head(self, owner: str, id: str) -> None:
        """Explanations made with it stay as they are."""
        if not self.store.heads.delete(owner, minted(id)):
            raise NotFoundError("There is no such classifier, or it is not yours.")

    def _base(self, base: str | None) -> str:
        if base is not None and head_id(base) is not None:
            raise RequestError(f"base must be an encoder, such as minilm, and no head; got {base!r:.100}")
        return base or self.settings.text_model


def _judgement(explanation: Explanation) -> TrustSpec:
    return TrustSpec(explanation=explanation.run, target=explanation.view["target"], revision=PANEL_REVISION)


def minted(id: str) -> str:
    """The id, or one that nobody has: JSON carries zero bytes and half surrogates, on which a database would choke."""
    return id if id.isascii() and id.isalnum() else ""


def shown(name: str) -> str:
    shown = displayed(name)
    if not shown.strip() or len(name) > LONGEST:
        raise RequestError(f"name must have 1 to {LONGEST} characters, not blank; got {name!r:.60}")
    return shown


def numbered(pictures: Sequence[T], number: int, of: str) -> T:
    if not 0 <= number < len(pictures):
        raise NotFoundError(f"There is no picture {number} in this {of}.")
    return pictures[number]


def found(thing: T | None, noun: str) -> T:
    if thing is None:
        raise NotFoundError(f"There is no such {noun}, or it is not yours.")
    return thing
