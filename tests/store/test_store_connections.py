"""What is written to Redis is what redis-py would write."""

from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Connection

from ussd.store.connections import Tcp

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_WORDS = st.lists(_TEXT | st.binary() | st.integers())
_COMMANDS = st.lists(st.tuples(st.sampled_from(["EVAL", "EVALSHA", "ASKING"]), _WORDS), max_size=8)


@given(_COMMANDS)
def test_a_pipeline_is_written_octet_by_octet_as_redis_py_writes_it(
    commands: list[tuple[str, list[str | bytes | int]]],
) -> None:
    words = [(name, *rest) for name, rest in commands]
    assert b"".join(Tcp().pack_commands(words)) == b"".join(Connection().pack_commands(words))
