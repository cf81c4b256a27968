"""The ledger's tables. No national code and no line's number is in clear in them: a keyed hash finds, a seal keeps."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

metadata = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An instant, aware and in UTC on both sides; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time with ValueError, rather than guess its zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put the zone back."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


tracking_leases = Table(
    "tracking_leases",
    metadata,
    Column("day", Text, primary_key=True, comment="Jalali, 1405-08-30"),
    Column("next_block", Integer, nullable=False, comment="the first counter that nobody has leased yet"),
)


def _id() -> Column[int]:
    """A number of its own for each row; SQLite counts only what it calls INTEGER."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


inquiries = Table(
    "inquiries",
    metadata,
    _id(),
    Column("day", Text, nullable=False, comment="Jalali, in Asia/Tehran"),
    Column("code", Text, nullable=False, comment="unique on its day only"),
    Column("operation_id", Text, nullable=False, unique=True),
    Column("asked_at", Instant, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("shortcode", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="what was asked: entitlement, inpatient or credit"),
    Column(
        "subject_kind",
        Text,
        nullable=False,
        server_default=text("'national_code'"),
        comment="which number the subject is: national_code or insurance_number",
    ),
    Column("subject_hash", Text, nullable=False, index=True, comment="whom it was asked about"),
    Column("subject_sealed", LargeBinary, nullable=False),
    Column("line_hash", Text, nullable=False, index=True, comment="the line that asked"),
    Column("line_sealed", LargeBinary, nullable=False),
    Column("outcome", Text, nullable=False),
    Column(
        "centre", Text, nullable=False, server_default=text("''"), comment="whose line asked; empty for a subscriber's"
    ),
    UniqueConstraint("day", "code"),
    Index(None, "centre", "day"),
)

centres = Table(
    "centres",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("valid_from", Text, nullable=False, comment="the first Jalali day"),
    Column("valid_to", Text, comment="the last Jalali day; null until further notice"),
)

centre_lines = Table(
    "centre_lines",
    metadata,
    Column("line_hash", Text, primary_key=True),
    Column("line_sealed", LargeBinary, nullable=False),
    Column("centre_code", Text, ForeignKey("centres.code", ondelete="CASCADE"), nullable=False, index=True),
)

sample_people = Table(
    "sample_people",
    metadata,
    Column("person_hash", Text, primary_key=True),
    Column("sso", Text, nullable=False, comment="entitled, lapsed, none, unknown or fails"),
    Column("kind", Text, nullable=False, comment="insured, pensioner, dependant or empty"),
    Column("health_insurance", Text, nullable=False, comment="active, none, unknown or fails"),
    Column("delay_seconds", Integer, nullable=False, comment="before the registry answers"),
    Column("insurance_hash", Text, index=True, comment="the same person by insurance number"),
)

sample_lines = Table(
    "sample_lines",
    metadata,
    Column("line_hash", Text, primary_key=True),
    Column("role", Text, nullable=False, comment="centre or subscriber"),
    Column("owner_hash", Text, comment="the person whose line it is"),
)

clients = Table(
    "clients",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("key_hash", Text, unique=True, comment="null once removed: what the client did stays its own"),
    Column("added_at", Instant, nullable=False),
)

api_requests = Table(
    "api_requests",
    metadata,
    _id(),
    Column("client_id", ForeignKey("clients.id"), nullable=False),
    Column("key_hash", Text, nullable=False, comment="the request's Idempotency-Key"),
    Column("fingerprint", Text, nullable=False, comment="keyed hash of what was asked under it"),
    Column("asked_at", Instant, nullable=False, index=True),
    Column("answer_sealed", LargeBinary, comment="the body, as it was sent; null while it is under way"),
    UniqueConstraint("client_id", "key_hash"),
)

guards = Table(
    "guards",
    metadata,
    Column("line_hash", Text, primary_key=True),
    Column("wrong", Integer, nullable=False, server_default=text("0"), comment="wrong credit codes in a row"),
    Column("stopped_until", Instant, comment="no code of this line is looked at before"),
    Column("texted_at", Instant, comment="when a credit code was last sent to it"),
)

credit_codes = Table(
    "credit_codes",
    metadata,
    _id(),
    Column("code_hash", Text, nullable=False, unique=True, comment="keyed hash of line and code"),
    Column("code_sealed", LargeBinary, comment="where it was dialled, to be shown again"),
    Column("line_hash", Text, nullable=False, index=True, comment="the line that it is bound to"),
    Column("client_id", ForeignKey("clients.id"), comment="who had it sent; null where it was dialled"),
    Column("issued_at", Instant, nullable=False),
    Column("confirm_by", Instant, index=True, comment="null where it is confirmed"),
    Column("issued", Integer, nullable=False, comment="credits"),
    Column("remaining", Integer, nullable=False),
    Column("pending", Integer, nullable=False, server_default=text("0")),
    Column("spent", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("remaining >= 0 AND pending >= 0 AND spent >= 0", "never_negative"),
    CheckConstraint("issued = remaining + pending + spent", "nothing_lost"),
)

credit_inquiries = Table(
    "credit_inquiries",
    metadata,
    _id(),
    Column("credit_code_id", ForeignKey("credit_codes.id"), nullable=False),
    Column(
        "request_id",
        ForeignKey("api_requests.id", ondelete="SET NULL"),
        index=True,
        comment="null once that is forgotten",
    ),
    Column("state", Text, nullable=False, comment="pending, spent or returned"),
    Column("reserved_at", Instant, nullable=False),
    Column("subject_kind", Text, nullable=False, comment="national_code or insurance_number"),
    Column("subject_sealed", LargeBinary, nullable=False),
    Column("entitled", Boolean, comment="null until it is answered"),
    Column("tracking_day", Text),
    Column("tracking_code", Text),
    Column("listed", Boolean, nullable=False, server_default=true(), comment="false once its history is deleted"),
    Index(None, "credit_code_id", "state"),
    Index(None, "state", "reserved_at"),
)

one_time_codes = Table(
    "one_time_codes",
    metadata,
    _id(),
    Column("client_id", ForeignKey("clients.id"), nullable=False),
    Column("purpose_hash", Text, nullable=False, comment="what it is for, in words of the client's"),
    Column("line_hash", Text, nullable=False),
    Column("code_sealed", LargeBinary, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("wrong", Integer, nullable=False, server_default=text("0"), comment="wrong tries"),
    Column("over", Boolean, nullable=False, server_default=false(), comment="used, replaced, or tried too often"),
    Index(None, "line_hash", "asked_at"),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True, comment="by which the sender knows one sent twice"),
    Column("to_sealed", LargeBinary, nullable=False),
    Column("text_sealed", LargeBinary, comment="null once it does not wait any more"),
    Column("put_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False, comment="when it is to be tried next"),
    Column("useless_at", Instant, nullable=False, comment="when it is given up"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, comment="waiting, sent or given_up"),
    Index(None, "state", "due_at"),
)
