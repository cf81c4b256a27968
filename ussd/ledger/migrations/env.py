"""How Alembic runs the migrations: on the connection, and in the transaction, that `ussd.ledger.migrate` hands over."""

from alembic import context

from ussd.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making another
)
with context.begin_transaction():
    context.run_migrations()
