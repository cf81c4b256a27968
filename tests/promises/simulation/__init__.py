"""The whole shell on a virtual clock: gateways, Redis and registries that fail by a seed; and who checks it.

`python -m tests.promises.simulation SEED` repeats one schedule and says what happened in it.
"""
