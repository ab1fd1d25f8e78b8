"""What the environment may say, in one clear line where it says nonsense; and the secrets that local mode makes."""

import os
import random
import secrets
import stat
import subprocess
import sys

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


@pytest.mark.parametrize(
    "weak",
    [
        "k" * 60,
        "ab" * 30,
        "correct horse battery " * 3,
        "0123456789abcdefghijklmnopqrstuvwxyz0123456789-not-secret",
        "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ",
        "django-insecure-" + "x8#kQ2mZ!w7Lp0Rt5Vy3Nb6Hc9Jd1Fg4Sa",
    ],
)
def test_a_secret_that_can_be_guessed_is_refused(monkeypatch, weak):
    monkeypatch.setenv("SECRET_KEY", weak.ljust(50, "!"))

    with pytest.raises(EnvError, match=r"^SECRET_KEY can be guessed: use at least 50 random characters\.$"):
        env.secret("SECRET_KEY", length=50)


def test_a_random_secret_is_taken_however_it_is_written(monkeypatch):
    draws = [secrets.token_urlsafe(38), secrets.token_hex(25), secrets.token_hex(300), secrets.token_urlsafe(600)]
    drawn = random.Random(2026)
    draws += ["".join(drawn.choices("0123456789", k=50)) for _ in range(200)]
    draws += [secrets.token_hex(25) for _ in range(200)]
    for value in draws:
        monkeypatch.setenv("SECRET_KEY", value)
        assert env.secret("SECRET_KEY", length=50) == value


@pytest.mark.parametrize("value", ["0", "10001", "x"])
def test_an_end_of_sessions_is_a_positive_number(monkeypatch, value):
    monkeypatch.setenv("SESSION_IDLE_HOURS", value)

    with pytest.raises(EnvError, match="SESSION_IDLE_HOURS must be"):
        env.positive("SESSION_IDLE_HOURS", 12)


def test_with_https_every_cookie_is_this_hosts_own():
    names = [f"{name}_COOKIE_NAME" for name in ("SESSION", "CSRF", "LANGUAGE", "DEVICE", "THEME")]
    code = f"from django.conf import settings; print(*[getattr(settings, name) for name in {names}])"
    environment = {
        **os.environ,
        "CONTIPLE_MODE": "production",
        "DATABASE_URL": "postgresql://localhost/none",
        "PUBLIC_ORIGIN": "https://desk.example.com",
        "TRUST_PROXY": "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MASKING_KEYS": crypto.format_master_key("none", crypto.new_key()),
        "DJANGO_SETTINGS_MODULE": "contiple.settings",
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"__Host-{name}" for name in ("session", "csrf", "language", "devices", "theme")]


def test_a_secret_may_be_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert env.text("SECRET_KEY") == "from the file"
    monkeypatch.setenv("SECRET_KEY", "from the variable")
    assert env.text("SECRET_KEY") == "from the variable"
    (tmp_path / "url").touch()
    monkeypatch.setenv("EMAIL_URL_FILE", str(tmp_path / "url"))
    assert env.text("EMAIL_URL", "") == ""


def test_a_file_of_a_secret_that_can_not_be_read_is_one_clear_line_without_its_content(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(EnvError, match=r"^SECRET_KEY_FILE: .*none can't be read: No such file or directory\.$"):
        env.text("SECRET_KEY")
    (tmp_path / "none").write_bytes(b"\xff secret")
    with pytest.raises(EnvError, match=r"^SECRET_KEY_FILE: .*none can't be read: it is no text\.$"):
        env.text("SECRET_KEY")


def test_the_databases_password_may_be_apart_from_its_address(tmp_path):
    (tmp_path / "password").write_text("p@ss/word\n")
    code = "from django.conf import settings; print(settings.DATABASES['default']['PASSWORD'])"
    found = []
    for url in ("postgresql://contiple@localhost/none", "postgresql://contiple:in%40url@localhost/none"):
        environment = {**os.environ, "DATABASE_URL": url, "DATABASE_PASSWORD_FILE": str(tmp_path / "password")}
        environment |= {"CONTIPLE_MODE": "local", "CONTIPLE_DATA": str(tmp_path)}
        environment["DJANGO_SETTINGS_MODULE"] = "contiple.settings"
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        found.append(done.stdout.strip())
    assert found == ["p@ss/word", "in@url"]
