"""Load that goes on and on: the times stay what they are, and so does the memory of the process.

USSD_TEST_SOAK gives other seconds than the report's.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from statistics import median

import pytest

from tests.promises.report import Kept
from tests.promises.scale import LONG, many
from tests.server import Server, environment

SECONDS = int(os.environ.get("USSD_TEST_SOAK", many(6, 420)))
AT_ONCE = 8
WARM = 0.4
"""Of the time; by then what is kept of late sessions is as large as it gets."""


def resident(pid: int) -> int:
    """Octets of a process' memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.alone
async def test_p15_load_that_goes_on_takes_no_more_memory_and_no_more_time(kept: Kept, tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        loading = await loaded(server, tmp_path)
        sizes: list[int] = []
        while loading.returncode is None and len(sizes) < SECONDS * 2 + 60:
            sizes.append(resident(server.process.pid))
            await asyncio.sleep(0.5)
        printed, _ = await loading.communicate()
        found = json.loads(printed)
    finally:
        server.close()
    warm = sizes[int(len(sizes) * WARM) :]
    tenth = max(1, len(warm) // 10)
    grown = median(warm[-tenth:]) / median(warm[:tenth]) - 1
    kept.seen(
        f"{AT_ONCE} dialogues at a time for {SECONDS} s, one process, the client on the same cores",
        f"{found['callbacks']:,} callbacks",
        f"{found['callbacks_per_second']:.0f} a second, p99 {found['ms']['p99']:.0f} ms; wrong or failed: "
        f"{found['wrong'] | found['failed'] or 0}; memory {sizes[-1] / 2**20:.0f} MiB, {grown:+.1%} once warm",
    )
    assert not found["wrong"]
    assert not found["failed"]
    assert grown < (0.02 if LONG else 0.2)
    assert found["ms"]["p99"] < (250 if LONG else 2000)


async def loaded(server: Server, home: Path) -> asyncio.subprocess.Process:
    """Dialogues of *4*1420#, as `ussd load` makes them."""
    command = ("load", "--url", f"http://127.0.0.1:{server.port}", "--gateway", "africastalking", "--json")
    much = ("--dialogues", "1000000", "--at-once", str(AT_ONCE), "--seconds", str(SECONDS))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from ussd.cli import main; main()",
        *command,
        *much,
        stdout=asyncio.subprocess.PIPE,
        env=environment(home),
    )
