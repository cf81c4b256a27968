"""What is kept in Redis: sessions with the replies for their retries, nonces, and how often a line has called."""

from ussd.store.sessions import Lifetimes, RedisStore

__all__ = ["Lifetimes", "RedisStore"]
