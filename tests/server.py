"""`ussd serve` as a process of its own, to be asked, stopped and killed."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.nursery import start

_ROOT = Path(__file__).parent.parent
USSD = (sys.executable, "-c", "from ussd.cli import main; main()")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The variables of an installation, and nobody else's."""
    ours = {f"USSD_{name.upper()}": value for name, value in settings.items()}
    return {name: value for name, value in os.environ.items() if not name.startswith(("USSD_", "PYTHON"))} | {
        "USSD_HOME": str(home),
        "PYTHONPYCACHEPREFIX": str(
            _ROOT / ".pytest_cache" / "compiled"
        ),  # each of hundreds of processes would compile all of it again
        "PYTHONPATH": str(_ROOT),
        **ours,
    }


def ussd(
    home: Path, *arguments: str, stdin: str = "", fresh: bool = False, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; `fresh`: in a Python that has imported nothing yet."""
    command = (*USSD, *arguments)
    if not fresh:
        process = start(arguments, environment(home, **settings))
        stdout, stderr = process.communicate(stdin, 60)
        return subprocess.CompletedProcess(command, process.returncode or 0, stdout, stderr)
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, env=environment(home, **settings), check=False
    )


class Server:
    """A server that is serving."""

    def __init__(self, home: Path, *arguments: str, **settings: str) -> None:
        command = ("serve", "--port", "0", "--admin-port", "0", *arguments)
        self.process = start(command, environment(home, **settings))
        self.process.stdin.close()
        self.log: list[str] = []
        self.printed = ""
        self.port, self.admin_port = self._ports()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _ports(self) -> tuple[int, int]:
        for line in self.process.stderr:
            self.log.append(line)
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("event") == "serving":
                return said["port"], said["admin_port"]
        self.process.wait(20)
        raise AssertionError("".join(self.log))

    def _read(self) -> None:
        self.log.extend(self.process.stderr)

    def events(self) -> list[str]:
        """What it logged, once it has ended."""
        self._reader.join(5)
        return [json.loads(line)["event"] for line in self.log]

    def post(
        self, typed: str, session: str = "ATUid_1", msisdn: str = "989120000001", dialled: str = "*4*1420#"
    ) -> str:
        """One callback in Africa's Talking's form."""
        fields = {"sessionId": session, "phoneNumber": f"+{msisdn}", "serviceCode": dialled, "text": typed}
        return asked(Request(f"http://127.0.0.1:{self.port}/gateways/africastalking", urlencode(fields).encode()))[1]

    def ready(self) -> tuple[int, Mapping[str, str]]:
        """What /readyz says."""
        status, body = asked(Request(f"http://127.0.0.1:{self.admin_port}/readyz"))
        return status, json.loads(body)

    def metrics(self) -> dict[str, float]:
        """What /metrics counts."""
        lines = asked(Request(f"http://127.0.0.1:{self.admin_port}/metrics"))[1].splitlines()
        return {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}

    def healthy(self) -> int:
        """What /healthz says."""
        return asked(Request(f"http://127.0.0.1:{self.admin_port}/healthz"))[0]

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self._ended()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and see it end; its exit code."""
        self.process.send_signal(number)
        return self._ended()

    def close(self) -> None:
        """See that nothing of it is left."""
        if self.process.poll() is None:
            self.kill()

    def _ended(self) -> int:
        code = self.process.wait(20)
        self._reader.join(5)
        self.printed = self.process.stdout.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def asked(request: Request) -> tuple[int, str]:
    """What comes back: status and body."""
    try:
        with urlopen(request, timeout=12) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
