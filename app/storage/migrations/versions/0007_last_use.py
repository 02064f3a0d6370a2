"""when a result was last used, and the sizes of blobs beside their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # not in a batch: SQLite would make the table anew, and with the old one go all that refers to it
    op.add_column("runs", sa.Column("used", sa.Double(), nullable=True))
    op.create_index("blob_sizes", "blobs", ["sha256", "size"])


def downgrade() -> None:
    op.drop_index("blob_sizes", "blobs")
    op.drop_column("runs", "used")
