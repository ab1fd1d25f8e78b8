"""`docker-compose.yml` and the units of systemd: what they hand on exists, is pinned, bounded, and kept from others."""

import configparser
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from contiple.base import env

FOLDER = env.BASE_DIR / "contiple" / "operations"
OURS = ("migrate", "web", "worker")
# Of local mode, of the proxy, or with another value in each container.
NOT_HANDED_ON = {"CONTIPLE_DATA", "DEMO", "PORT", "TRUSTED_PROXIES", "CLIENT_ADDRESS_HEADER", "LOG_FORMAT"}
UNITS = ("contiple.service", "contiple-worker.service")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((env.BASE_DIR / "docker-compose.yml").read_text())


def test_every_variable_of_production_is_handed_on_and_secrets_only_as_files(compose):
    for name in OURS:
        handed_on = set(compose["services"][name]["environment"])
        plain = {variable for variable in env.VARIABLES if not variable.endswith("_FILE")} - NOT_HANDED_ON
        missing = {variable for variable in plain if not {variable, f"{variable}_FILE"} & handed_on}
        assert missing == set()
        assert handed_on <= env.VARIABLES.keys()
        # These hold no secret: the password is apart, and Redis has none.
        assert handed_on & set(env.SECRETS) == {"DATABASE_URL", "REDIS_URL"}


def test_every_file_of_a_secret_is_mounted_where_it_is_read(compose):
    for service in compose["services"].values():
        read = {
            value.removeprefix("/run/secrets/")
            for name, value in service.get("environment", {}).items()
            if name.endswith("_FILE") and not value.startswith("${")  # those are named and mounted by the operator
        }
        assert read <= set(service.get("secrets", []))
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
    assert "/secrets/" in (env.BASE_DIR / ".gitignore").read_text().splitlines()
    assert "!secrets" not in (env.BASE_DIR / ".dockerignore").read_text()


def test_images_are_pinned_and_every_container_is_bounded_in_memory_and_log(compose):
    built = compose["services"]["web"]["build"]["dockerfile_inline"].split("\n", 1)[0].removeprefix("FROM ")
    images = [service["image"] for service in compose["services"].values() if "image" in service]
    assert [image for image in [built, *images] if not re.search(r":\d+\.\d+", image)] == []
    for name, service in compose["services"].items():
        assert re.fullmatch(r"\d+m", service["mem_limit"]), name
        assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}, name
    # A machine with 4 GB, with two web processes.
    sizes = {name: int(service["mem_limit"][:-1]) for name, service in compose["services"].items()}
    assert sum(sizes.values()) + sizes["web"] - sizes["migrate"] <= 3584


def test_postgres_is_tuned_within_its_memory(compose):
    postgres = compose["services"]["postgres"]
    options = dict(option.split("=") for option in postgres["command"] if "=" in option)
    limit = int(postgres["mem_limit"][:-1])
    assert int(options["shared_buffers"][:-2]) <= limit * 0.4
    assert int(options["effective_cache_size"][:-2]) <= limit * 0.75
    assert options["log_min_error_statement"] == "panic"


def test_the_dump_is_of_the_servers_version_and_runs_our_script(compose):
    services = compose["services"]
    assert services["backup"]["image"] == services["postgres"]["image"]
    assert (env.BASE_DIR / compose["configs"]["backup"]["file"]).samefile(FOLDER / "backup.sh")
    [config] = services["backup"]["configs"]
    assert services["backup"]["command"] == ["sh", config["target"]]
    assert subprocess.run(["sh", "-n", FOLDER / "backup.sh"]).returncode == 0


def test_the_proxy_compresses_nothing_that_holds_a_secret(compose):
    caddyfile = compose["configs"]["caddyfile"]["content"]
    assert re.findall(r"^\s*encode (\S+)", caddyfile, re.MULTILINE) == ["@scripts"]
    assert re.search(r"@scripts path /static/\* /embed/\*\.js$", caddyfile, re.MULTILINE)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_hands_on_what_exists_and_is_hardened(name):
    text = (FOLDER / name).read_text()
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(text)
    unit = parser["Service"]
    for variable, credential in re.findall(r"\b([A-Z_]+_FILE)=%d/(\w+)", text):
        assert variable in env.VARIABLES
        assert f"LoadCredential={credential}:/etc/contiple/secrets/{credential}\n" in text
    command = re.search(r"manage\.py (\w+)", unit["ExecStart"])[1]
    assert (env.BASE_DIR / "contiple/management/commands" / f"{command}.py").exists()
    for option in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "DynamicUser"):
        assert unit[option] == "yes"
    assert (unit["ProtectSystem"], unit["CapabilityBoundingSet"]) == ("strict", "")
    assert int(unit["TimeoutStopSec"]) >= 18


def test_every_file_of_operations_is_named_in_the_readme():
    readme = (env.BASE_DIR / "contiple" / "README.md").read_text()
    assert [path.name for path in Path(FOLDER).iterdir() if f"operations/{path.name}" not in readme] == []
