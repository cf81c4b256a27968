"""Processes of a test's own, forked by one that has the ledger imported already."""

import multiprocessing

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    ["tests.promises.allocators", "tests.promises.screens", "tests.promises.sabotage", "tests.promises.killed_inquiry"]
)
