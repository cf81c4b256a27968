"""Servers and ways to them that a test starts, breaks and mends: all on loopback, and ended with the test."""
