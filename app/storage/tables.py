"""The tables. Ownership lives in assets, sets, batches, explanations, concepts, heads, shares and waiters, not in runs
or blobs.

Times are UTC seconds since 1970: both databases store them alike, and no driver converts them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON, bytes: LargeBinary}  # noqa: RUF012  (SQLAlchemy reads it off the class)


class BlobRow(Table):
    """Bytes under the sha256 of their content; the index has all sizes, so that adding them up reads no bytes."""

    __tablename__ = "blobs"
    __table_args__ = (Index("blob_sizes", "sha256", "size"),)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[bytes]
    size: Mapped[int]


class AssetRow(Table):
    """A user's input, a re-encoded picture or a text, and the name it had, which is display text only."""

    __tablename__ = "assets"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    width: Mapped[int]
    height: Mapped[int]
    created: Mapped[float]


class RunRow(Table):
    """One computation under its content key, shared by everybody who asked the same.

    `used` is when its result was last looked at, to the hour.
    """

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="known_state"),
        Index("runs_by_state", "state", "submitted"),
    )
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    spec: Mapped[dict[str, Any]]
    look: Mapped[dict[str, Any]]
    input: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    state: Mapped[str] = mapped_column(String(10))
    attempt: Mapped[int]
    done: Mapped[int]
    total: Mapped[int]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(String(500))
    submitted: Mapped[float]
    started: Mapped[float | None]
    finished: Mapped[float | None]
    used: Mapped[float | None]


class PreviewRow(Table):
    """The newest coarse map of a running job; one row, overwritten, gone when the run ends."""

    __tablename__ = "previews"
    run: Mapped[str] = mapped_column(ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    data: Mapped[bytes]


class ResultBlobRow(Table):
    """Which blobs a finished run is made of; a blob is dropped when nothing names it."""

    __tablename__ = "result_blobs"
    run: Mapped[str] = mapped_column(ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True, index=True)


class WaiterRow(Table):
    """A user waiting for a run; the run stops when the last one leaves."""

    __tablename__ = "waiters"
    run: Mapped[str] = mapped_column(ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)


class ExplanationRow(Table):
    """A user's own view of a run: the thing a link points to."""

    __tablename__ = "explanations"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.key"), index=True)
    asset: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(200))
    view: Mapped[dict[str, Any]]
    created: Mapped[float]


class ThumbnailRow(Table):
    """One class of a finished run, small; made when it is first asked for."""

    __tablename__ = "thumbnails"
    run: Mapped[str] = mapped_column(ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True)
    target: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes]


class RevisionRow(Table):
    """What somebody painted on an explanation; `planes` are two of bytes, `number` counts within the explanation."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("explanation", "number", name="revisions_in_order"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    explanation: Mapped[str] = mapped_column(ForeignKey("explanations.id", ondelete="CASCADE"))
    number: Mapped[int]
    parent: Mapped[str | None] = mapped_column(ForeignKey("revisions.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(200))
    target: Mapped[int]
    mode: Mapped[str] = mapped_column(String(8))
    fill: Mapped[str] = mapped_column(String(8))
    area: Mapped[float]
    planes: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    created: Mapped[float]


class HeadRow(Table):
    """A user's classifier on a text model: prompts, or the weights of a head and the report of its fit."""

    __tablename__ = "heads"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    base: Mapped[str] = mapped_column(Text)
    definition: Mapped[dict[str, Any]]
    weights: Mapped[bytes | None]
    digest: Mapped[str] = mapped_column(String(64))
    labels: Mapped[list[str]]
    report: Mapped[dict[str, Any] | None]
    created: Mapped[float]


class ImageSetRow(Table):
    """A user's set of pictures; `labels` counts them."""

    __tablename__ = "image_sets"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    manifest: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    images: Mapped[int]
    labels: Mapped[dict[str, Any]]
    created: Mapped[float]


class MemberRow(Table):
    """Which pictures a manifest names: they stay as long as it does, in a set or as the input of a run."""

    __tablename__ = "image_set_blobs"
    manifest: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True, index=True)


class ConceptsRow(Table):
    """A user's own view of a run over a set. The set may be gone: its name is kept."""

    __tablename__ = "concepts"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    run: Mapped[str] = mapped_column(ForeignKey("runs.key"), index=True)
    image_set: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    view: Mapped[dict[str, Any]]
    created: Mapped[float]


class BatchRow(Table):
    """A user's set of pictures under one question. The set may be gone: its name and its pictures are kept."""

    __tablename__ = "batches"
    __table_args__ = (CheckConstraint("state IN ('running', 'done', 'cancelled')", name="known_state_of_batch"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    image_set: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    manifest: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    question: Mapped[dict[str, Any]]
    images: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    created: Mapped[float]


class BatchItemRow(Table):
    """A picture of a batch that has been asked about, by its number in the set.

    `told` is its row of the summary. It outlives the result of its run, which may make room for others.
    """

    __tablename__ = "batch_items"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'done', 'failed')", name="known_state_of_item"),
        Index("batch_items_by_state", "state"),
    )
    batch: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run: Mapped[str | None] = mapped_column(ForeignKey("runs.key"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    told: Mapped[dict[str, Any]]
    probability: Mapped[float | None]
    finished: Mapped[float | None]


class NoteRow(Table):
    """What somebody says about a place: of a picture, a text, or a study; `number` counts within what it is about."""

    __tablename__ = "notes"
    __table_args__ = (
        CheckConstraint("(explanation IS NULL) <> (concepts IS NULL)", name="about_one_thing"),
        UniqueConstraint("explanation", "number", name="notes_of_explanations_in_order"),
        UniqueConstraint("concepts", "number", name="notes_of_concepts_in_order"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    explanation: Mapped[str | None] = mapped_column(ForeignKey("explanations.id", ondelete="CASCADE"))
    concepts: Mapped[str | None] = mapped_column(ForeignKey("concepts.id", ondelete="CASCADE"))
    number: Mapped[int]
    author: Mapped[str] = mapped_column(String(64))
    place: Mapped[dict[str, Any]]
    text: Mapped[str] = mapped_column(String(500))
    created: Mapped[float]


class ShareRow(Table):
    """A link that shows one thing as it was when it was shared. Of its token only a hash is kept."""

    __tablename__ = "shares"
    __table_args__ = (CheckConstraint("kind IN ('explanation', 'concepts')", name="known_kind"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    snapshot: Mapped[dict[str, Any]]
    created: Mapped[float]
    expires: Mapped[float]
    revoked: Mapped[float | None]


class ShareBlobRow(Table):
    """Which blobs a share shows, and what kind of bytes they are: they stay as long as it lives."""

    __tablename__ = "share_blobs"
    share: Mapped[str] = mapped_column(ForeignKey("shares.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True, index=True)
    media: Mapped[str] = mapped_column(String(100))
