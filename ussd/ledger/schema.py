"""The ledger's tables. No national code and no line's number is in clear in them: a keyed hash finds, a seal keeps."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
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
    text,
)

metadata = MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
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

inquiries = Table(
    "inquiries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("day", Text, nullable=False, comment="Jalali, in Asia/Tehran"),
    Column("code", Text, nullable=False, comment="unique on its day only"),
    Column("operation_id", Text, nullable=False, unique=True),
    Column("asked_at", Instant, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("shortcode", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="what was asked: entitlement or inpatient"),
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
)

sample_lines = Table(
    "sample_lines",
    metadata,
    Column("line_hash", Text, primary_key=True),
    Column("role", Text, nullable=False, comment="centre or subscriber"),
    Column("owner_hash", Text, comment="the person whose line it is"),
)
