"""What every answer has in common: errors of the domain become answers, private pages are kept by no cache."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.utils.translation import gettext_lazy

from contiple.base.errors import Closed, Conflict, Invalid, TooMany

ERRORS = {"invalid": Invalid, "closed": Closed, "conflict": Conflict, "too_many": TooMany}


def fail(request: HttpRequest, kind: str) -> HttpResponse:
    raise ERRORS[kind](gettext_lazy("A <b>sentence</b>."))


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def own_cache(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page", headers={"Cache-Control": "public, max-age=600"})


urlpatterns = [
    path("fail/<str:kind>/", fail),
    path("crash/", crash),
    path("page/", own_cache),
    path("", include("contiple.urls")),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.mark.parametrize(("kind", "status"), [("invalid", 400), ("closed", 403), ("conflict", 409), ("too_many", 429)])
def test_an_error_of_the_domain_is_a_page_with_its_sentence(client, kind, status):
    response = client.get(f"/fail/{kind}/")

    assert response.status_code == status
    assert "A &lt;b&gt;sentence&lt;/b&gt;." in response.content.decode()
    assert "<html" in response.content.decode()


@pytest.mark.parametrize("headers", [{"hx-request": "true"}, {"x-requested-with": "fetch"}])
def test_a_script_gets_the_sentence_alone(client, headers):
    response = client.post("/fail/conflict/", headers=headers)

    assert (response.status_code, response.content) == (409, b"A <b>sentence</b>.")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_any_other_error_stays_an_error():
    response = Client(raise_request_exception=False).get("/crash/")

    assert response.status_code == 500
    assert "RuntimeError" not in response.content.decode()


@pytest.mark.parametrize("url", ["/page/", "/fail/closed/", "/no/such/page/"])
def test_what_a_signed_in_person_sees_is_kept_by_no_cache(agent, sign_in, url):
    assert "no-store" in sign_in(agent).get(url).headers["Cache-Control"]


def test_a_public_page_keeps_its_own_rule(client):
    assert client.get("/page/").headers["Cache-Control"] == "public, max-age=600"


def test_an_errors_code_may_be_more_exact_than_its_kind():
    error = Invalid("x", code="chat_seats")

    assert (error.code, error.status, str(error)) == ("chat_seats", 400, "x")
    assert Invalid("x").code == "invalid"
    assert {kind: error("x").code for kind, error in ERRORS.items()} == {kind: kind for kind in ERRORS}


@override_settings(TRUST_PROXY=True)
def test_the_pages_work_behind_a_proxy(client):
    assert client.get("/sign-in/", headers={"x-forwarded-for": "nonsense, 192.0.2.1"}).status_code == 200
