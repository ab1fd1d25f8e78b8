"""Light, dark, or as the system is: kept by a cookie, drawn by the server."""

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin) -> Client:
    client = Client()
    client.force_login(admin.user)
    return client


def choose(client: Client, theme: str, **fields: str):
    return client.post(reverse("agents:theme"), {"theme": theme, **fields})


def scheme(client: Client, path: str) -> str:
    return client.get(path).content.decode().partition('name="color-scheme" content="')[2].partition('"')[0]


def test_a_page_is_drawn_in_the_chosen_theme(desk: Client, service):
    page = reverse("agents:contract", args=[service.slug])
    assert scheme(desk, page) == "light dark"
    answer = choose(desk, "dark", next=page)
    assert (answer.status_code, answer.url) == (302, page)
    assert scheme(desk, page) == "dark"
    choose(desk, "")
    assert scheme(desk, page) == "light dark"


def test_customers_pages_follow_their_system(desk: Client, service):
    choose(desk, "dark")
    assert scheme(desk, reverse("helpcenter:home", args=[service.slug])) == "light dark"


@pytest.mark.parametrize("theme", ["purple", '"><script>', "light dark"])
def test_anything_else_is_as_the_system_is(desk: Client, service, theme):
    page = reverse("agents:contract", args=[service.slug])
    desk.cookies["theme"] = theme
    assert scheme(desk, page) == "light dark"
    choose(desk, "light")
    choose(desk, theme)
    assert scheme(desk, page) == "light dark"


def test_nobody_is_led_away(desk: Client):
    assert choose(desk, "dark", next="https://evil.example/").url == reverse("agents:start")
    assert desk.get(reverse("agents:theme")).status_code == 405
