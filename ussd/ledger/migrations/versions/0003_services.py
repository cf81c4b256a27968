"""Clients of the API, credit codes, one-time codes, messages, and subjects that are known by insurance number."""

import sqlalchemy as sa
from alembic import op

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the services' tables, and columns for the other number by which a person is known."""
    _add_insurance_numbers()
    _create_clients()
    _create_credit()
    _create_one_time_codes()
    _create_messages()


def _add_insurance_numbers() -> None:
    kind = sa.Column(
        "subject_kind",
        sa.Text(),
        nullable=False,
        server_default=sa.text("'national_code'"),
        comment="which number the subject is: national_code or insurance_number",
    )
    op.add_column("inquiries", kind)
    op.add_column(
        "sample_people", sa.Column("insurance_hash", sa.Text(), comment="the same person by insurance number")
    )
    op.create_index("ix_sample_people_insurance_hash", "sample_people", ["insurance_hash"])
    if op.get_context().dialect.supports_comments:
        op.alter_column("inquiries", "kind", comment="what was asked: entitlement, inpatient or credit")


def _create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), comment="null once removed: what the client did stays its own"),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("name", name="uq_clients_name"),
        sa.UniqueConstraint("key_hash", name="uq_clients_key_hash"),
    )
    op.create_table(
        "api_requests",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False, comment="the request's Idempotency-Key"),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="keyed hash of what was asked under it"),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), comment="the body, as it was sent; null while it is under way"),
        sa.PrimaryKeyConstraint("id", name="pk_api_requests"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_api_requests_client_id"),
        sa.UniqueConstraint("client_id", "key_hash", name="uq_api_requests_client_id_key_hash"),
    )
    op.create_index("ix_api_requests_asked_at", "api_requests", ["asked_at"])


def _create_credit() -> None:
    op.create_table(
        "guards",
        sa.Column("line_hash", sa.Text(), nullable=False),
        sa.Column(
            "wrong", sa.Integer(), nullable=False, server_default=sa.text("0"), comment="wrong credit codes in a row"
        ),
        sa.Column("stopped_until", _INSTANT, comment="no code of this line is looked at before"),
        sa.Column("texted_at", _INSTANT, comment="when a credit code was last sent to it"),
        sa.PrimaryKeyConstraint("line_hash", name="pk_guards"),
    )
    op.create_table(
        "credit_codes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False, comment="keyed hash of line and code"),
        sa.Column("code_sealed", sa.LargeBinary(), comment="where it was dialled, to be shown again"),
        sa.Column("line_hash", sa.Text(), nullable=False, comment="the line that it is bound to"),
        sa.Column("client_id", _ID, comment="who had it sent; null where it was dialled"),
        sa.Column("issued_at", _INSTANT, nullable=False),
        sa.Column("confirm_by", _INSTANT, comment="null where it is confirmed"),
        sa.Column("issued", sa.Integer(), nullable=False, comment="credits"),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("spent", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_credit_codes"),
        sa.UniqueConstraint("code_hash", name="uq_credit_codes_code_hash"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_credit_codes_client_id"),
        sa.CheckConstraint("remaining >= 0 AND pending >= 0 AND spent >= 0", name="ck_credit_codes_never_negative"),
        sa.CheckConstraint("issued = remaining + pending + spent", name="ck_credit_codes_nothing_lost"),
    )
    op.create_index("ix_credit_codes_line_hash", "credit_codes", ["line_hash"])
    op.create_index("ix_credit_codes_confirm_by", "credit_codes", ["confirm_by"])
    _create_credit_inquiries()


def _create_credit_inquiries() -> None:
    op.create_table(
        "credit_inquiries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("credit_code_id", _ID, nullable=False),
        sa.Column("request_id", _ID, comment="null once that is forgotten"),
        sa.Column("state", sa.Text(), nullable=False, comment="pending, spent or returned"),
        sa.Column("reserved_at", _INSTANT, nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False, comment="national_code or insurance_number"),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("entitled", sa.Boolean(), comment="null until it is answered"),
        sa.Column("tracking_day", sa.Text()),
        sa.Column("tracking_code", sa.Text()),
        sa.Column(
            "listed",
            sa.Boolean(),
            nullable=False,
            server_default=sa.true(),
            comment="false once its history is deleted",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credit_inquiries"),
        sa.ForeignKeyConstraint(["credit_code_id"], ["credit_codes.id"], name="fk_credit_inquiries_credit_code_id"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["api_requests.id"], name="fk_credit_inquiries_request_id", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_credit_inquiries_credit_code_id_state", "credit_inquiries", ["credit_code_id", "state"])
    op.create_index("ix_credit_inquiries_state_reserved_at", "credit_inquiries", ["state", "reserved_at"])
    op.create_index("ix_credit_inquiries_request_id", "credit_inquiries", ["request_id"])


def _create_one_time_codes() -> None:
    op.create_table(
        "one_time_codes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("purpose_hash", sa.Text(), nullable=False, comment="what it is for, in words of the client's"),
        sa.Column("line_hash", sa.Text(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False, server_default=sa.text("0"), comment="wrong tries"),
        sa.Column(
            "over",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="used, replaced, or tried too often",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_codes"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_one_time_codes_client_id"),
    )
    op.create_index("ix_one_time_codes_expires_at", "one_time_codes", ["expires_at"])
    op.create_index("ix_one_time_codes_line_hash_asked_at", "one_time_codes", ["line_hash", "asked_at"])


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="by which the sender knows one sent twice"),
        sa.Column("to_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), comment="null once it does not wait any more"),
        sa.Column("put_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False, comment="when it is to be tried next"),
        sa.Column("useless_at", _INSTANT, nullable=False, comment="when it is given up"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, sent or given_up"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("name", name="uq_messages_name"),
    )
    op.create_index("ix_messages_state_due_at", "messages", ["state", "due_at"])
