"""Signing in and out: who gets in, what is said to who doesn't, how often it can be tried, where one goes on to."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from agents import throttle
from agents.devices import known_device
from agents.models import AccountEntry, Attempt
from agents.sessions import end_all_sessions
from contiple.base import addresses
from contiple.base.errors import TooMany
from tests.agents.race import at_once
from tests.hashers import FastHasher
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_user("Mina", email="mina@example.com")


@pytest.fixture
def try_sign_in(client):
    def tried(email="mina@example.com", password=PASSWORD, *, next="", **extra):
        return client.post(reverse("agents:sign_in"), {"email": email, "password": password, "next": next}, **extra)

    return tried


def signed_in(response) -> bool:
    return response.status_code == 302 and response.wsgi_request.user.is_authenticated


@pytest.mark.parametrize("email", ["mina@example.com", "MINA@Example.com", "  mina@example.com "])
def test_e_mail_in_any_case_and_password_sign_in(person, try_sign_in, email):
    response = try_sign_in(email)

    assert signed_in(response)
    assert response.url == reverse("agents:start")


def test_unknown_wrong_and_inactive_get_the_same_answer(person, try_sign_in):
    make_user("Ina", email="ina@example.com", is_active=False)

    answers = [
        try_sign_in("nobody@example.com"),
        try_sign_in("mina@example.com", "wrong"),
        try_sign_in("ina@example.com"),
    ]

    said = {str(answer.context["form"].non_field_errors()) for answer in answers}
    assert len(said) == 1
    assert "is incorrect" in said.pop()
    assert {answer.status_code for answer in answers} == {200}
    assert not any(answer.wsgi_request.user.is_authenticated for answer in answers)


@pytest.mark.parametrize(
    ("email", "password"), [("nobody@example.com", PASSWORD), ("mina@example.com", "x"), ("ina@example.com", PASSWORD)]
)
def test_each_answer_costs_one_hash_of_a_password(person, try_sign_in, monkeypatch, email, password):
    make_user("Ina", email="ina@example.com", is_active=False)
    hashed = []
    encode = FastHasher.encode
    monkeypatch.setattr(
        FastHasher, "encode", lambda self, *args, **more: hashed.append(1) or encode(self, *args, **more)
    )

    try_sign_in(email, password)

    assert len(hashed) == 1


def test_what_was_typed_stays_but_the_password(person, try_sign_in):
    page = try_sign_in("mina@example.com", "secret wrong one").content.decode()

    assert 'value="mina@example.com"' in page
    assert "secret wrong one" not in page


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/desk/demo/tickets/", "/desk/demo/tickets/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_next_stays_on_this_site(person, try_sign_in, target, goes_to):
    assert try_sign_in(next=target).url == goes_to


def test_the_session_gets_a_new_key(person, client, try_sign_in):
    session = client.session
    session["before"] = True
    session.save()
    old = session.session_key

    try_sign_in()

    assert client.session.session_key != old
    assert not Session.objects.filter(pk=old).exists()


def test_ten_failures_of_an_e_mail_refuse_even_the_right_password(person, try_sign_in):
    for _ in range(10):
        assert try_sign_in(password="wrong").status_code == 200

    refused = try_sign_in(" Mina@example.com")

    assert refused.status_code == 429
    assert "To sign in now, set a new password by e-mail." in refused.content.decode()
    assert "Try again in 15 minutes" in refused.content.decode()
    assert not refused.wsgi_request.user.is_authenticated


def test_an_unknown_e_mail_is_refused_the_same_way(try_sign_in):
    for _ in range(10):
        try_sign_in("nobody@example.com")

    assert try_sign_in("nobody@example.com").status_code == 429


def test_a_strangers_failures_do_not_lock_out_a_device_that_signed_in_before(person, client, try_sign_in):
    assert signed_in(try_sign_in())
    client.post(reverse("agents:sign_out"))
    stranger = Client()
    for number in range(60):  # from the same network, too: at first hers alone, then whoever's
        email = "mina@example.com" if number < 10 else f"somebody{number}@example.com"
        stranger.post(reverse("agents:sign_in"), {"email": email, "password": "wrong"})

    assert stranger.post(reverse("agents:sign_in"), {"email": person.email, "password": PASSWORD}).status_code == 429
    assert signed_in(try_sign_in())
    assert stranger.post(reverse("agents:sign_in"), {"email": person.email, "password": PASSWORD}).status_code == 429


def test_a_known_device_has_ten_failures_of_its_own(person, client, try_sign_in):
    try_sign_in()
    client.post(reverse("agents:sign_out"))
    for _ in range(10):
        assert try_sign_in(password="wrong").status_code == 200

    assert try_sign_in().status_code == 429
    assert signed_in(Client().post(reverse("agents:sign_in"), {"email": person.email, "password": PASSWORD}))


@pytest.mark.parametrize("loss", ["password", "sessions"])
def test_a_new_password_and_ending_all_sessions_make_a_device_unknown(person, client, try_sign_in, loss):
    try_sign_in()
    if loss == "password":
        person.set_password("eleven purple bicycles")
        person.save()
    else:
        end_all_sessions(person)

    request = RequestFactory().get("/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    assert not known_device(request, person)


def test_people_who_share_a_device_are_each_known_on_it(person, client, try_sign_in):
    theo = make_user("Theo", email="theo@example.com")
    for email in (person.email, theo.email):
        try_sign_in(email)
        client.post(reverse("agents:sign_out"))

    request = RequestFactory().get("/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    assert known_device(request, person)
    assert known_device(request, theo)
    assert not known_device(request, make_user("Oscar"))
    assert "mina" not in client.cookies["devices"].value


def test_a_made_up_cookie_makes_no_device_known(person, client):
    for value in ("x", "x.y", "~", "~~.~", "a" * 5000):
        client.cookies["devices"] = value
        for _ in range(3):
            client.post(reverse("agents:sign_in"), {"email": person.email, "password": "wrong"})

    assert Attempt.objects.count() == 10 * 2 + 0  # by e-mail and by network: the later ones are refused


@pytest.mark.parametrize("typed", ["mina@ＥＸＡＭＰＬＥ.com", "oſcar@example.com", "OSCAR@example.com"])
def test_spellings_of_one_e_mail_are_counted_together(person, try_sign_in, typed):
    make_user("Oscar", email="oscar@example.com")
    for email in ("mina@example.com", "oscar@example.com"):
        for _ in range(10):
            try_sign_in(email, "wrong")

    assert try_sign_in(typed).status_code == 429


def test_an_e_mail_that_only_looks_alike_is_nobodys(person, try_sign_in):
    assert not signed_in(try_sign_in("mına@example.com"))
    assert AccountEntry.objects.get().user is None


def test_a_sign_in_and_its_failures_are_on_the_accounts_trail(person, client, try_sign_in, caplog):
    caplog.set_level("INFO")
    try_sign_in(password="wrong", headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"})
    try_sign_in("nobody@example.com", "wrong")
    try_sign_in()
    client.post(reverse("agents:sign_out"))

    entries = list(AccountEntry.objects.order_by("id"))
    assert [(entry.user, entry.action) for entry in entries] == [
        (person, "sign_in_failed"), (None, "sign_in_failed"), (person, "sign_in"), (person, "sign_out"),
    ]  # fmt: skip
    assert entries[0].device == "Firefox, Windows"
    assert (entries[1].device, entries[1].address) == ("", None)
    assert f"account {person.pk}: sign_in_failed" in caplog.text
    assert "example.com" not in caplog.text


def test_after_a_while_one_may_try_again(person, try_sign_in):
    for _ in range(10):
        try_sign_in(password="wrong")
    try_sign_in()
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=15, seconds=1))

    assert signed_in(try_sign_in())


def test_signing_in_forgets_the_failures(person, try_sign_in):
    for _ in range(9):
        try_sign_in(password="wrong")
    assert signed_in(try_sign_in())

    assert try_sign_in(password="wrong").status_code == 200


def test_fifty_failures_of_an_address_refuse_other_e_mails_too(person, try_sign_in):
    for number in range(50):
        assert try_sign_in(f"somebody{number}@example.com").status_code == 200

    assert try_sign_in().status_code == 429
    assert signed_in(try_sign_in(REMOTE_ADDR="192.0.2.7"))


def test_a_refusal_by_address_does_not_count_against_the_e_mail(person):
    limits = {throttle.SIGN_IN_BY_EMAIL: "mina@example.com", throttle.SIGN_IN_BY_ADDRESS: "192.0.2.1"}
    now = timezone.now()
    for _ in range(50):
        throttle.count_attempt(throttle.SIGN_IN_BY_ADDRESS, "192.0.2.1", now=now)

    for _ in range(20):
        with pytest.raises(TooMany):
            throttle.count_attempts(limits, now=now)

    assert throttle.count_attempt(throttle.SIGN_IN_BY_EMAIL, "mina@example.com", now=now)


def test_old_attempts_are_deleted_on_the_way():
    now = timezone.now()
    Attempt.objects.create(key="old", at=now - timedelta(days=2))

    throttle.count_attempt(throttle.SIGN_IN_BY_EMAIL, "mina@example.com", now=now)

    assert not Attempt.objects.filter(key="old").exists()


def test_neither_e_mail_nor_address_is_kept(person, try_sign_in):
    try_sign_in(password="wrong", REMOTE_ADDR="192.0.2.7")

    with connection.cursor() as cursor:
        cursor.execute("SELECT a::text FROM agents_attempt a")
        rows = " ".join(row[0] for row in cursor.fetchall())
    assert rows
    assert "mina" not in rows
    assert "192.0.2.7" not in rows


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"), ("", "")],
)
def test_an_ipv6_customer_counts_as_one(address, network):
    assert addresses.network(address) == network


@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_moment_do_not_exceed_the_limit():
    limit = throttle.Limit("test", 3, timedelta(minutes=1))
    now = timezone.now()

    results = at_once(*[lambda: throttle.count_attempt(limit, "who", now=now)] * 8)

    assert sum(isinstance(result, Attempt) for result in results) <= 3


def test_who_is_signed_in_goes_on(agent, sign_in):
    assert sign_in(agent).get(reverse("agents:sign_in")).url == reverse("agents:start")


def test_signing_out_ends_the_session(agent, sign_in):
    client = sign_in(agent)
    key = client.session.session_key

    response = client.post(reverse("agents:sign_out"))

    assert response.url == reverse("agents:sign_in")
    assert not Session.objects.filter(pk=key).exists()
    assert client.get(reverse("agents:services")).status_code == 302


def test_signing_out_needs_a_post_from_our_own_page(agent, sign_in):
    assert sign_in(agent).get(reverse("agents:sign_out")).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent.user)
    assert strict.post(reverse("agents:sign_out")).status_code == 403


@pytest.mark.parametrize(("target", "kept"), [("/invitation/abc/", True), ("https://evil.example/", False)])
def test_signing_out_keeps_a_safe_next(agent, sign_in, target, kept):
    url = sign_in(agent).post(reverse("agents:sign_out"), {"next": target}).url

    assert url == reverse("agents:sign_in") + (f"?next={target}" if kept else "")


def test_broken_input_is_an_error_at_its_field(try_sign_in):
    response = try_sign_in("not an address\x00", "")

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"email", "password"}
    assert not Attempt.objects.exists()
