"""names of explanations, notes, thumbnails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "thumbnails",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.key"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "target"),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("explanation", sa.String(length=32), nullable=True),
        sa.Column("concepts", sa.String(length=32), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.CheckConstraint("(explanation IS NULL) <> (concepts IS NULL)", name="about_one_thing"),
        sa.ForeignKeyConstraint(["concepts"], ["concepts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["explanation"], ["explanations.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("concepts", "number", name="notes_of_concepts_in_order"),
        sa.UniqueConstraint("explanation", "number", name="notes_of_explanations_in_order"),
    )
    # not in a batch: SQLite would make the table anew, and with the old one go all that refers to it
    op.add_column("explanations", sa.Column("name", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_explanations_asset"), "explanations", ["asset"])


def downgrade() -> None:
    op.drop_index(op.f("ix_explanations_asset"), "explanations")
    op.drop_column("explanations", "name")
    for table in ("notes", "thumbnails"):
        op.drop_table(table)
