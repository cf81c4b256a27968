"""deploy/ fits the engine: its files are sound, name settings and metrics that there are, and agree with each other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ussd.cli.server import _SLACK
from ussd.metrics import Metrics
from ussd.redis_server import _command
from ussd.settings import Settings, load
from ussd.web.callbacks import BODY_SECONDS, MAX_BODY
from ussd.web.server import FINISH_SECONDS

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
COMPOSE: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
ENGINE: Any = COMPOSE["services"]["engine"]
NGINX = (DEPLOY / "nginx" / "nginx.conf").read_text()
UNIT = (DEPLOY / "systemd" / "ussd.service").read_text()
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
SERVED = ("/gateways/", "/api/")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The installation of ussd.yaml, with the secret that it names."""
    monkeypatch.setenv("MCI_SECRET", "a secret of the tests")
    return load(DEPLOY / "ussd.yaml")


def said(directive: str) -> list[str]:
    """What nginx is told by a directive, wherever it stands."""
    return re.findall(rf"^\s*(?:location \S+ {{ )?{directive}\s+([^;]+);", NGINX, re.MULTILINE)


def told(key: str) -> list[str]:
    """What systemd is told by a key."""
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(DEPLOY).as_posix())
def test_every_file_can_be_read_and_says_what_it_is_for(file: Path) -> None:
    text = file.read_text()
    match file.suffix:
        case ".json":
            assert json.loads(text)["description"]
        case ".yaml" | ".yml":
            assert yaml.safe_load(text)
            assert text.startswith("# ")
        case _:
            assert text.startswith("# ")


def test_every_variable_is_a_setting() -> None:
    named = {name for file in FILES for name in re.findall(r"\bUSSD_[A-Z_]+\b", file.read_text())}
    assert len(named) > 5
    assert {name for name in named if name.removeprefix("USSD_").lower() not in Settings.model_fields} == set()


def test_the_installation_can_be_loaded_and_others_may_not_call_its_gateways(settings: Settings) -> None:
    assert settings.remote("entitlement")
    assert [name for name, one in settings.gateways.items() if one.auth in (None, "none")] == []


def test_every_secret_is_asked_for_and_none_is_given() -> None:
    example = (DEPLOY / "secrets.env.example").read_text()
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert {name: one for name, one in given.items() if one and "PASSWORD" not in one} == {}
    needed = set(re.findall(r"\$\{(\w+):?[?-]", (DEPLOY / "compose.yaml").read_text()))
    assert needed <= given.keys()
    assert set(re.findall(r"\w+_env: (\w+)", (DEPLOY / "ussd.yaml").read_text())) <= given.keys()


def test_every_metric_is_one_of_ours() -> None:
    written = Metrics().written().decode()
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", written, re.MULTILINE))
    ends = {"histogram": ("_bucket", "_count", "_sum")}
    ours = {f"{name}{end}" for name, kind in types.items() for end in ends.get(kind, ("",))}
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "grafana" / "ussd.json").read_text())["panels"]
    asked = [rule["expr"] for rule in rules] + [one["expr"] for panel in panels for one in panel["targets"]]
    named = {name for expression in asked for name in re.findall(r"\bussd_\w+", expression)}
    assert len(named) > 10
    assert named - ours == set()


def test_every_worker_is_asked_for_its_metrics(settings: Settings) -> None:
    [job] = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    ports = [f"engine:{settings.admin_port + number}" for number in range(settings.workers)]
    assert job["static_configs"] == [{"targets": ports}]


def test_ports_are_those_of_the_engine(settings: Settings) -> None:
    assert (settings.port, settings.admin_port) == (8080, 8081)
    assert re.findall(r"^ +server ([^{]+);", NGINX, re.MULTILINE) == [f"{settings.host}:{settings.port}"]
    assert ENGINE["ports"] == [f"127.0.0.1:{settings.port}:{settings.port}"]
    assert f"EXPOSE {settings.port} {settings.admin_port}" in DOCKERFILE
    assert f"http://127.0.0.1:{settings.admin_port}/healthz" in DOCKERFILE
    assert f"{settings.admin_port}" not in NGINX


def test_all_that_is_published_is_for_this_machine_alone() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []
    assert COMPOSE["networks"]["data"] == {"internal": True}


def test_a_stop_is_given_the_time_that_it_may_take(settings: Settings) -> None:
    takes = settings.drain + FINISH_SECONDS + _SLACK
    assert [float(seconds) > takes for seconds in told("TimeoutStopSec")] == [True]
    assert float(ENGINE["stop_grace_period"].removesuffix("s")) > takes


def test_nginx_lets_through_two_paths_and_leaves_them_as_they_came() -> None:
    ways = re.findall(r"location (\S+) { proxy_pass (\S+); }", NGINX)
    assert ways == [(path, "http://ussd") for path in SERVED]
    assert len(re.findall(r"location / { return 404; }", NGINX)) == len(SERVED)


def test_nginx_says_itself_who_calls(settings: Settings) -> None:
    headers = dict(one.split() for one in said("proxy_set_header"))
    auth: Any = settings.gateways["irancell"].auth
    assert headers["X-Forwarded-For"] == "$remote_addr"
    assert headers[auth.client_certificate.header] == "$ssl_client_s_dn"
    assert headers["Connection"] == "close"
    assert said("ssl_verify_client") == ["on"]
    assert {str(network) for network in auth.behind} == {
        "127.0.0.1/32",
        f"{COMPOSE['networks']['front']['ipam']['config'][0]['gateway']}/32",
    }


def test_nginx_gives_up_on_who_is_slow_and_takes_no_more_than_we_do() -> None:
    assert said("client_max_body_size") == said("client_body_buffer_size") == [f"{MAX_BODY // 1024}k"]
    assert said("client_header_timeout") == said("client_body_timeout") == [f"{BODY_SECONDS:.0f}s"]
    assert [float(seconds.removesuffix("s")) > FINISH_SECONDS for seconds in said("proxy_read_timeout")] == [True]
    assert len(said("limit_conn")) == len(SERVED)


def test_nginx_writes_no_request_line_into_its_logs() -> None:
    [form] = said("log_format ussd")
    assert set(re.findall(r"\$\w+", form)).isdisjoint({"$request", "$request_uri", "$args", "$query_string", "$uri"})
    assert [one.split()[1] for one in said("access_log")] == ["ussd"]
    assert [one.split()[1] for one in said("error_log")] == ["crit"]


def test_redis_is_set_up_as_our_own_is_and_nobody_else_reaches_it(tmp_path: Path) -> None:
    service = COMPOSE["services"]["valkey"]
    ours, theirs = options(_command(tmp_path, tmp_path / "redis.sock")), options(service["command"])
    kept = ("save", "appendonly", "appendfsync", "databases", "maxmemory-policy", "hash-max-ziplist-value")
    assert {name: theirs[name] for name in kept} == {name: ours[name] for name in kept}
    assert theirs["requirepass"]
    assert (service["networks"], "ports" in service) == (["data"], False)


def options(command: list[str]) -> dict[str, str]:
    """`--name value`, pair by pair."""
    _, *words = command
    return {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}


def test_the_service_may_do_little() -> None:
    for key, value in {
        "Type": "exec",
        "ExecReload": "/bin/kill -HUP $MAINPID",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "StateDirectory": "ussd",
        "MemoryDenyWriteExecute": "yes",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "CapabilityBoundingSet": "",
        "LimitCORE": "0",
    }.items():
        assert told(key) == [value], key
    assert told("Environment") == ["USSD_HOME=/var/lib/ussd"]


def test_the_image_is_run_by_nobody_in_particular_and_without_a_shell() -> None:
    steps = re.sub(r"\\\n", "", DOCKERFILE)
    assert re.findall(r"^USER (.*)$", steps, re.MULTILINE) == ["10001:10001"]
    commands = re.findall(r"^(?:RUN|CMD|ENTRYPOINT|HEALTHCHECK .*?CMD) (.*)$", steps, re.MULTILINE)
    assert [command for command in commands if not isinstance(json.loads(command), list)] == []
    packages = re.findall(r"^COPY (\w+) \1$", steps, re.MULTILINE)
    assert packages == ["ussd", "gateways", "simulator", "menus"]
    passed = (DEPLOY / "Dockerfile.dockerignore").read_text()
    assert [one for one in packages if f"!{one}\n" not in passed] == []
