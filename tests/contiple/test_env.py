"""What the environment may say, in one clear line where it says nonsense; and the secrets that local mode makes."""

import os
import stat

import pytest

from contiple.base import crypto, env
from contiple.base.env import EnvError
from contiple.local import local_secrets


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch):
    for name in env.VARIABLES:
        monkeypatch.setenv(name, "")


def test_an_unset_variable_is_its_default_or_one_clear_line(monkeypatch):
    assert env.text("EMAIL_FROM", "x@example.com") == "x@example.com"
    assert env.text("REDIS_URL", "") == ""
    with pytest.raises(EnvError, match=r"^SECRET_KEY is not set: signs sessions"):
        env.text("SECRET_KEY")
    monkeypatch.delenv("SECRET_KEY")
    with pytest.raises(EnvError):
        env.text("SECRET_KEY")


def test_an_undeclared_variable_is_a_mistake_of_the_programmer():
    with pytest.raises(AssertionError):
        env.text("UNDECLARED", "x")


def test_space_around_a_value_is_dropped(monkeypatch):
    monkeypatch.setenv("EMAIL_FROM", "  a@example.com \n")

    assert env.text("EMAIL_FROM") == "a@example.com"


@pytest.mark.parametrize(
    ("value", "on"),
    [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("no", False), ("", False)],
)
def test_flags(monkeypatch, value, on):
    monkeypatch.setenv("TRUST_PROXY", value)

    assert env.flag("TRUST_PROXY") is on


@pytest.mark.parametrize("value", ["-1", "8000.0", "http", "8 000"])
def test_a_number_is_whole(monkeypatch, value):
    assert env.integer("PORT", 8000) == 8000
    monkeypatch.setenv("PORT", value)

    with pytest.raises(EnvError, match="PORT must be a whole number"):
        env.integer("PORT", 8000)


def test_the_mode_is_production_unless_it_says_local(monkeypatch):
    assert env.local() is False
    monkeypatch.setenv("CONTIPLE_MODE", "local")
    assert env.local() is True
    monkeypatch.setenv("CONTIPLE_MODE", "debug")
    with pytest.raises(EnvError, match="CONTIPLE_MODE must be"):
        env.local()


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("https://desk.example.com", "https://desk.example.com"),
        ("https://desk.example.com/", "https://desk.example.com"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_has_scheme_host_and_port(monkeypatch, value, origin):
    monkeypatch.setenv("PUBLIC_ORIGIN", value)

    assert env.origin("PUBLIC_ORIGIN", None) == origin


@pytest.mark.parametrize(
    "value",
    [
        "desk.example.com",
        "ftp://desk.example.com",
        "https://",
        "https://x.com/desk",
        "https://x.com?a",
        "https://x.com#a",
    ],
)
def test_anything_more_or_less_is_no_origin(monkeypatch, value):
    monkeypatch.setenv("PUBLIC_ORIGIN", value)

    with pytest.raises(EnvError, match="PUBLIC_ORIGIN must be an origin"):
        env.origin("PUBLIC_ORIGIN", None)


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path, monkeypatch):
    local_secrets.load(tmp_path / "new" / "folder")
    made = {name: os.environ[name] for name in ("SECRET_KEY", "MASKING_KEYS")}

    assert len(made["SECRET_KEY"]) >= 50
    assert list(crypto.parse_master_keys(made["MASKING_KEYS"])) == ["local"]
    files = list((tmp_path / "new" / "folder").iterdir())
    assert {file.name for file in files} == {"secret_key", "masking_keys"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    for name in made:
        monkeypatch.setenv(name, "")
    local_secrets.load(tmp_path / "new" / "folder")
    assert {name: os.environ[name] for name in made} == made


def test_what_the_environment_has_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "mine")

    local_secrets.load(tmp_path)

    assert os.environ["SECRET_KEY"] == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["masking_keys"]


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(EnvError, match=r"^The data folder .*file can't be written: .*\.$"):
        local_secrets.load(tmp_path / "file")


def test_of_two_that_start_together_the_first_ones_secret_is_read_by_both(tmp_path):
    path = tmp_path / "secret"

    def make_while_another_process_is_faster() -> str:
        path.write_text("theirs")
        return "ours"

    assert local_secrets._kept(path, make_while_another_process_is_faster) == "theirs"
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("value", ["nonsense", "10.0.0.1/8", "0.0.0.0/0", "10.0.0.1, ::/0", "10.0.0.0/8;10.1.0.0/16"])
def test_proxies_that_make_no_sense_are_refused(monkeypatch, value):
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    with pytest.raises(env.EnvError, match=r"^TRUSTED_PROXIES: "):
        env.networks("TRUSTED_PROXIES")


@pytest.mark.parametrize("value", ["X-Forwarded-For", "Forwarded", "CF Connecting IP", "CF_Connecting_IP", "1"])
def test_headers_that_hold_no_client_are_refused(monkeypatch, value):
    monkeypatch.setenv("CLIENT_ADDRESS_HEADER", value)
    with pytest.raises(env.EnvError, match=r"^CLIENT_ADDRESS_HEADER must be "):
        env.header("CLIENT_ADDRESS_HEADER")
