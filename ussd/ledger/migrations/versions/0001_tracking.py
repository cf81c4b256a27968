"""Tracking codes, and the sample people and lines."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tracking_leases",
        sa.Column("day", sa.Text(), nullable=False, comment="Jalali, 1405-08-30"),
        sa.Column("next_block", sa.Integer(), nullable=False, comment="the first counter that nobody has leased yet"),
        sa.PrimaryKeyConstraint("day", name="pk_tracking_leases"),
    )
    _create_inquiries()
    _create_samples()


def _create_inquiries() -> None:
    op.create_table(
        "inquiries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Text(), nullable=False, comment="Jalali, in Asia/Tehran"),
        sa.Column("code", sa.Text(), nullable=False, comment="unique on its day only"),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("shortcode", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="what was asked: entitlement"),
        sa.Column("subject_hash", sa.Text(), nullable=False, comment="whom it was asked about"),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("line_hash", sa.Text(), nullable=False, comment="the line that asked"),
        sa.Column("line_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inquiries"),
        sa.UniqueConstraint("day", "code", name="uq_inquiries_day_code"),
        sa.UniqueConstraint("operation_id", name="uq_inquiries_operation_id"),
    )
    op.create_index("ix_inquiries_subject_hash", "inquiries", ["subject_hash"])
    op.create_index("ix_inquiries_line_hash", "inquiries", ["line_hash"])


def _create_samples() -> None:
    op.create_table(
        "sample_people",
        sa.Column("person_hash", sa.Text(), nullable=False),
        sa.Column("sso", sa.Text(), nullable=False, comment="entitled, lapsed, none, unknown or fails"),
        sa.Column("kind", sa.Text(), nullable=False, comment="insured, pensioner, dependant or empty"),
        sa.Column("health_insurance", sa.Text(), nullable=False, comment="active, none, unknown or fails"),
        sa.Column("delay_seconds", sa.Integer(), nullable=False, comment="before the registry answers"),
        sa.PrimaryKeyConstraint("person_hash", name="pk_sample_people"),
    )
    op.create_table(
        "sample_lines",
        sa.Column("line_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="centre or subscriber"),
        sa.Column("owner_hash", sa.Text(), comment="the person whose line it is"),
        sa.PrimaryKeyConstraint("line_hash", name="pk_sample_lines"),
    )
