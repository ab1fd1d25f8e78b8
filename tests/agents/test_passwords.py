"""Which passwords are taken: long ones that are not tried first, whatever characters they have (ASVS 5.0, V6.2)."""

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from freezegun import freeze_time

from agents import passwords
from agents.models import User
from tests.make import PASSWORD

pytestmark = pytest.mark.django_db
LONG = "비밀 Ä€ " * 12 + "end"
SECURITY = settings.BASE_DIR / ".github/SECURITY.md"


def is_taken(password: str) -> bool:
    try:
        password_validation.validate_password(password, User(email="mina.park@shop.example", name="Mina Kingfisher"))
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "password",
    [
        "elevenbicyc", "qwerty123456", "Princess2026!", "!!sunshine!!!!", "Password-Welcome", "contiple-2026-x",
        "localhost-123", "customerservice", "shop.example", "mina.kingfisher", "Kingfisher99",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password):
    assert not is_taken(password)


@pytest.mark.parametrize(
    "password",
    [
        "eleven purple bicycles", "gnatgnatwolf", "839201774650", "~ ! @ # $ % ^", LONG, "z" * 64,
        "princess of the northern line", "92834dragon9283", "contiple rhubarb", "자전거열한대가지나간다",
    ],
)  # fmt: skip
def test_any_characters_make_a_password(password):
    assert is_taken(password if len(password) >= 12 else password + "!")


def test_each_common_password_of_the_right_length_is_refused():
    file = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        common = [line.strip() for line in lines]
    assert len(common) > 19_000
    assert [word for word in common if is_taken(word)] == []
    assert [word for word in common if re.fullmatch("[a-z]{9,}", word) and is_taken(f"{word.title()}-1!")] == []


def test_a_password_is_used_exactly_as_it_was_typed(agent, sign_in, client):
    """Nothing is cut, trimmed, or turned into another case."""
    new = f"  {LONG}  "
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert sign_in(agent).post(reverse("agents:password"), data).status_code == 302

    for other in (new.strip(), new[:64], new.upper()):
        answer = client.post(reverse("agents:sign_in"), {"email": agent.user.email, "password": other})
        assert answer.status_code == 200
    assert client.post(reverse("agents:sign_in"), {"email": agent.user.email, "password": new}).status_code == 302


def test_a_password_does_not_expire(agent, client):
    with freeze_time(timezone.now() + timedelta(days=4_000)):
        answer = client.post(reverse("agents:sign_in"), {"email": agent.user.email, "password": PASSWORD})
        assert answer.url == reverse("agents:start")
        assert client.get(answer.url).url == reverse("tickets:list", args=[agent.service.slug])


@pytest.mark.parametrize("name", ["sign_in", "password"])
def test_a_field_hides_it_and_helps_managers_of_passwords(agent, sign_in, client, name):
    browser = client if name == "sign_in" else sign_in(agent)
    page = browser.get(reverse(f"agents:{name}")).content.decode()
    fields = re.findall(r'<input[^>]*name="[^"]*password[^>]*>', page)
    assert fields
    assert all('type="password"' in field for field in fields)
    assert all(re.search('autocomplete="(current|new)-password"', field) for field in fields)
    assert "onpaste" not in page


def test_the_words_are_documented():
    text = SECURITY.read_text(encoding="utf-8")
    assert [word for word in passwords.WORDS if f"`{word}`" not in text] == []
