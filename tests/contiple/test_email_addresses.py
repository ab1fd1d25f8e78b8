"""One form of an e-mail address: what is the same address, what is another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import User
from contiple.base.email_addresses import canonical
from tests.make import PASSWORD


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        (" Mina@Example.COM ", "mina@example.com"),
        ("oſcar@example.com", "oscar@example.com"),
        ("ＭＩＮＡ@ｅｘａｍｐｌｅ．ｃｏｍ", "mina@example.com"),
        ("\u212aim@example.com", "kim@example.com"),
        ("\u210cans@example.com", "hans@example.com"),  # NFKC makes a capital of it
        ("mina@예시.한국", "mina@xn--vv4b11d.xn--3e0b707e"),
        ("mina@XN--VV4B11D.xn--3e0b707e", "mina@xn--vv4b11d.xn--3e0b707e"),
        ("mina@bücher.example", "mina@xn--bcher-kva.example"),
        ("mına@example.com", "mına@example.com"),
        ("mina@" + "a" * 70 + ".com", "mina@" + "a" * 70 + ".com"),
        ("a@b@Example.com", "a@b@example.com"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_the_canonical_form(typed, form):
    assert canonical(typed) == form


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_canonical_form_of_a_canonical_form_is_itself(local, domain):
    once = canonical(f"{local}@{domain}")

    assert canonical(once) == once


@pytest.mark.django_db
def test_an_account_is_stored_and_found_in_that_form_however_it_is_made():
    user = User.objects.create_user("Kim@예시.한국", PASSWORD, name="Kim")
    assert user.email == "kim@xn--vv4b11d.xn--3e0b707e"

    assert User.objects.get(email="KIM@예시.한국") == user
    assert User.objects.get_by_natural_key("\u212aim@예시.한국") == user
    assert not User.objects.filter(email="kım@예시.한국").exists()
    again = User(email="KIM@xn--vv4b11d.xn--3e0b707e", name="Kim")
    assert "email" in _errors(again)


def _errors(user: User) -> dict:
    from django.core.exceptions import ValidationError

    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        return error.message_dict
    return {}
