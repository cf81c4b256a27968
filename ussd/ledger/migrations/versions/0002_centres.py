"""The contracted inpatient centres, and which of them asked."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the centres' tables, and a column for the centre of an inquiry."""
    _create_centres()
    centre = sa.Column(
        "centre",
        sa.Text(),
        nullable=False,
        server_default=sa.text("''"),
        comment="whose line asked; empty for a subscriber's",
    )
    op.add_column("inquiries", centre)
    op.create_index("ix_inquiries_centre_day", "inquiries", ["centre", "day"])
    if op.get_context().dialect.supports_comments:
        op.alter_column("inquiries", "kind", comment="what was asked: entitlement or inpatient")


def _create_centres() -> None:
    op.create_table(
        "centres",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False, comment="the first Jalali day"),
        sa.Column("valid_to", sa.Text(), comment="the last Jalali day; null until further notice"),
        sa.PrimaryKeyConstraint("code", name="pk_centres"),
    )
    op.create_table(
        "centre_lines",
        sa.Column("line_hash", sa.Text(), nullable=False),
        sa.Column("line_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("centre_code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("line_hash", name="pk_centre_lines"),
        sa.ForeignKeyConstraint(
            ["centre_code"], ["centres.code"], name="fk_centre_lines_centre_code", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_centre_lines_centre_code", "centre_lines", ["centre_code"])
