"""What holds for every answer and every module: headers, cookies, and what the product never does (ASVS 5.0)."""

import ast
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client
from django.urls import reverse

from contiple.base import crypto, env
from tests.contiple.asgi import ask
from tests.make import PASSWORD

APPS = ("agents", "chat", "contiple", "helpcenter", "tickets")
PAGES = ["/sign-in/", "/hc/demo/", "/hc/demo/chat/", "/hc/demo/contact/", "/operator/login/", "/no/such/page/"]
FILES = ["/static/css/app.css", "/static/js/app.js", "/static/icons/favicon.svg"]
OURS = {"sessionid", "csrftoken", "django_language", "devices", "theme"}


def answer_to(path: str, **options):
    return Client(raise_request_exception=False).get(path, follow=True, **options)


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES + FILES)
def test_every_answer_has_the_headers(service, path):
    answer = answer_to(path)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "charset=" in answer["Content-Type"]
    policy = policy_of(answer)
    assert (policy["default-src"], policy["object-src"], policy["base-uri"]) == ("'none'", "'none'", "'none'")
    assert policy["frame-ancestors"] == ("'self'" if path.endswith("/chat/") else "'none'")


def policy_of(answer) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";")]
    return {name: value for name, _space, value in parts}


@pytest.mark.django_db
def test_pages_load_nothing_from_elsewhere_and_run_only_what_is_ours(service):
    policy = policy_of(answer_to("/hc/demo/"))

    allowed = {word for value in policy.values() for word in value.split()}
    own = {settings.PUBLIC_ORIGIN.replace("http", "ws", 1), *(at.replace("http", "ws", 1) for at in ORIGINS)}
    assert {word for word in allowed if not word.startswith("'nonce-")} <= {"'none'", "'self'", "data:", *own}
    assert "unsafe" not in str(policy)


ORIGINS = settings.SOCKET_ORIGINS


async def test_answers_for_machines_have_the_headers():
    answer = await ask("/health/live")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES + FILES)
def test_no_other_site_may_read_an_answer(service, path):
    answer = answer_to(path, headers={"origin": "https://evil.example"})

    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.django_db
def test_cookies_are_ours_and_hidden_from_scripts(admin, client):
    client.post(reverse("agents:sign_in"), {"email": admin.user.email, "password": PASSWORD})
    client.post(reverse("agents:end_other_sessions"))
    client.post(reverse("set_language") if "set_language" in names() else reverse("agents:sign_in"), {"language": "ko"})
    client.post(reverse("agents:theme"), {"theme": "dark"})
    client.get(reverse("agents:sessions"))

    assert {"sessionid", "devices", "theme"} <= client.cookies.keys() <= OURS
    assert all(cookie["httponly"] and cookie["samesite"] == "Lax" for cookie in client.cookies.values())


def names() -> set[str]:
    from django.urls import get_resolver

    return {name for name in get_resolver().reverse_dict if isinstance(name, str)}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_trace_is_refused_and_echoes_nothing(service, path):
    answer = Client(raise_request_exception=False).trace(path, headers={"x-secret": "kumquat"})

    assert answer.status_code in {302, 404, 405}
    assert "kumquat" not in f"{b''.join(answer)!r} {answer.headers}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/.git/config", "/.git/", "/.env", "/static/", "/static/js/", "/static/../contiple/settings.py",
        "/static/%2e%2e/contiple/settings.py", "/manage.py", "/docs/", "/metrics",
    ],
)  # fmt: skip
def test_nothing_is_served_that_is_no_page_or_static_file(path):
    assert answer_to(path).status_code == 404


def test_the_image_holds_neither_history_nor_secrets_nor_tests():
    lines = (env.BASE_DIR / ".dockerignore").read_text().split()
    taken = {line.removeprefix("!") for line in lines if line.startswith("!")}

    assert "*" in lines
    assert not taken & {".git", ".github", ".env", ".data", ".venv", "tests"}


def test_the_compose_file_has_no_secret_of_its_own():
    text = (env.BASE_DIR / "docker-compose.yml").read_text()
    services = text.partition("\nservices:")[0].partition("environment:")[2] + text.partition("\nservices:")[2]
    given = re.findall(r"^ +(SECRET_KEY|MASKING_KEYS|POSTGRES_PASSWORD): (.+)$", services, re.MULTILINE)

    assert given == []
    for name in ("SECRET_KEY", "MASKING_KEYS", "POSTGRES_PASSWORD"):
        assert f"{name}_FILE: /run/secrets/{name.lower()}" in services


def test_in_production_sockets_are_encrypted_browsers_stay_with_https_and_nothing_is_debugged():
    wanted = "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "DEBUG"
    sources = "settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['connect-src'][1:]"
    code = f"from django.conf import settings; print([{sources}, *(getattr(settings, name) for name in {wanted})])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=production(), capture_output=True, text=True, check=True, cwd=env.BASE_DIR
    )

    assert ast.literal_eval(done.stdout) == [["wss://desk.example.com"], 365 * 24 * 3600, True, True, True, False]


def production() -> dict[str, str]:
    return {
        **os.environ,
        "CONTIPLE_MODE": "production",
        "DATABASE_URL": "postgresql://localhost/none",
        "PUBLIC_ORIGIN": "https://desk.example.com",
        "TRUST_PROXY": "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MASKING_KEYS": crypto.format_master_key("none", crypto.new_key()),
        "DJANGO_SETTINGS_MODULE": "contiple.settings",
    }


@pytest.mark.django_db
def test_a_session_has_a_key_of_160_random_bits_and_data_that_is_no_object(client, agent):
    client.force_login(agent.user)

    assert re.fullmatch(r"[a-z0-9]{32}", client.cookies["sessionid"].value)
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


def test_signed_values_have_one_algorithm_and_are_tried_with_our_key_alone():
    signed = signing.dumps({"chat": 1}, salt="one")

    assert signing.loads(signed, salt="one") == {"chat": 1}
    for other in (signed[:-1], signed + "x", signed.rpartition(":")[0] + ":", signing.dumps({"chat": 1}, key="k" * 50)):
        with pytest.raises(signing.BadSignature):
            signing.loads(other, salt="one")
    with pytest.raises(signing.BadSignature):
        signing.loads(signed, salt="two")
    assert signing.TimestampSigner().algorithm == "sha256"


@pytest.mark.django_db
def test_a_parameter_of_the_address_is_no_field_of_a_form(client, agent):
    address = f"{reverse('agents:sign_in')}?email={agent.user.email}&password={PASSWORD}"

    answer = client.post(address, {})

    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def modules() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in (env.BASE_DIR / app).rglob("*.py"):
            name = path.relative_to(env.BASE_DIR).as_posix()
            if not name.startswith("contiple/local/"):  # one machine's own start: its programs and their health
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports() -> set[str]:
    return {name for _module, tree in modules() for name in imported(tree)}


def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {it.name for it in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{it.name}" for it in node.names)}
    return found


def calls() -> set[str]:
    nodes = (node for _name, tree in modules() for node in ast.walk(tree))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}


def test_nothing_asks_another_server_for_an_address():
    """Connections go to the database, Redis, the mail server and the storage of files, which their libraries make."""
    clients = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "socket", "ftplib", "smtplib.SMTP"}
    asking = {name for name, tree in modules() if imported(tree) & clients}
    # The installation's own address, and its own virus scanner.
    assert asking == {"contiple/doctor.py", "chat/files/scanning.py"}


def test_nothing_starts_a_program_runs_text_as_code_or_reads_objects_and_xml():
    never = {"subprocess", "pickle", "marshal", "shelve", "yaml", "xml", "lxml", "ldap", "memcache"}
    using = {name for name, tree in modules() if {it.partition(".")[0] for it in imported(tree)} & never}
    assert using == {"tickets/mail/apart.py"}, "it starts our own reader of mails, whose command is fixed"
    banned = {"eval", "exec", "compile", "os.system", "os.popen", "Template", "Engine", "engine.from_string"}
    assert calls() & banned == set()


def test_secrets_are_drawn_by_the_operating_system():
    """The module ``random`` can be predicted. It spreads work over time, and does nothing else."""
    by_chance = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and "random" in {it.name for it in node.names}
    }
    outbox = {"agents/outbox/delivery.py", "agents/outbox/outcomes.py"}
    assert by_chance == {"chat/routing/jobs.py", "chat/sockets/pulse.py", *outbox}


def test_scripts_run_no_text_as_code():
    texts = [path.read_text(encoding="utf-8") for path in (env.BASE_DIR / "static/js").glob("*.js")]
    assert not re.findall(r"\beval\(|new Function\(|document\.write\(|setTimeout\(\s*[\"'`]", "\n".join(texts))
