"""Every error of a form says something, in the reader's language, and what was typed is not lost."""

import pytest
from django.conf import settings
from django.test import Client

from tests.make import PASSWORD, make_ticket

pytestmark = pytest.mark.django_db

OWN = {"origin": settings.PUBLIC_ORIGIN}
HTMX = {"hx-request": "true"}


@pytest.fixture
def strict(agent) -> Client:
    """A browser of the agent's whose forms have an old token."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(agent.user)
    return browser


def test_a_form_with_an_old_token_is_told_so_to_a_script_which_gets_the_new_one(strict, agent):
    answer = strict.post("/desk/demo/tickets/new/", {"subject": "Words"}, headers=OWN | HTMX)

    assert (answer.status_code, answer["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert answer.content.decode().startswith("This page was out of date.")
    assert answer["X-Signed-In"] == str(agent.user_id)
    again = {"subject": "Words", "csrfmiddlewaretoken": answer["X-CSRF-Token"]}
    assert strict.post("/desk/demo/tickets/new/", again, headers=OWN | HTMX).status_code == 200


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_a_forged_form_gets_neither_token_nor_its_words(strict, origin):
    answers = [
        strict.post("/desk/demo/tickets/new/", {"subject": "Forged"}, headers={"origin": origin} | more)
        for more in (HTMX, {})
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert not any("X-CSRF-Token" in answer or b"Forged" in answer.content for answer in answers)


def test_a_plain_form_with_an_old_token_can_be_sent_again(strict):
    page = strict.post("/desk/demo/tickets/new/", {"subject": "My <words>"}, headers=OWN | {"accept-language": "ko"})

    assert page.status_code == 403
    assert 'name="subject" value="My &lt;words&gt;"' in page.content.decode()
    assert "페이지가 오래되었습니다" in page.content.decode()


def test_a_password_is_not_written_into_a_page(strict):
    page = strict.post("/password/", {"old_password": PASSWORD}, headers=OWN)

    assert PASSWORD not in page.content.decode()
    assert 'action="/password/"' in page.content.decode()


def test_the_second_of_two_sign_ins_gets_in(strict):
    answer = strict.post("/sign-in/", {"email": "x", "next": "/desk/demo/tickets/"}, headers=OWN)
    assert answer.url == "/desk/demo/tickets/"


def test_an_old_sign_in_page_is_shown_again_with_a_sentence(agent):
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/sign-in/", {"email": "x", "next": "/desk/demo/tickets/"}, headers=OWN, follow=True)

    assert answer.redirect_chain == [("/sign-in/?next=/desk/demo/tickets/", 302)]
    assert "The sign-in page was out of date. Please sign in again." in answer.content.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"referer": "http://testserver/desk/demo/tickets/1/"},
        {"hx-current-url": "http://testserver/desk/demo/tickets/1/"},
    ],
)
def test_after_the_sign_in_the_person_is_back_on_the_page_of_the_form(client, service, headers):
    answer = client.post("/desk/demo/tickets/1/comments/", {"body": "Words"}, headers=headers)
    assert answer.url == "/sign-in/?next=/desk/demo/tickets/1/"


@pytest.mark.parametrize("referer", ["", "https://elsewhere.example/desk/", "javascript:alert(1)"])
def test_it_is_never_another_site(client, service, referer):
    answer = client.post("/desk/demo/tickets/1/comments/", headers={"referer": referer} if referer else {})
    assert answer.url == "/sign-in/?next=/"


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/desk/demo/tickets/1/comments/", "/desk/demo/tickets/1/"),
        ("/desk/demo/agents/invitations/7/revoke/", "/desk/demo/agents/invitations/"),
        ("/desk/demo/chat/status/", "/desk/demo/"),
        ("/sign-out/", "/"),
    ],
)
def test_the_address_of_a_form_leads_to_its_page(admin, sign_in, path, page):
    assert sign_in(admin).get(path, headers={"accept": "text/html"}).url == page


def test_a_dead_link_into_the_help_center_stays_there(client, service):
    page = client.get("/hc/demo/articles/99999/")

    assert page.status_code == 404
    html = page.content.decode()
    assert 'role="search"' in html
    assert 'action="/"' not in html


def test_customers_of_a_dead_help_center_are_not_led_to_the_agents_sign_in(client):
    page = client.get("/hc/nobody/")

    assert page.status_code == 404
    assert 'action="/"' not in page.content.decode()


def test_a_dead_ticket_is_shown_inside_the_desk(agent, outsider, sign_in):
    for path in ("/desk/demo/tickets/99999/", "/desk/demo/no/such/page/"):
        page = sign_in(agent).get(path)
        assert page.status_code == 404
        assert 'id="nav"' in page.content.decode()
    stranger = sign_in(outsider).get("/desk/demo/tickets/99999/")
    assert stranger.status_code == 404
    assert "Demo" not in stranger.content.decode()


def test_a_form_that_is_too_large_is_told_so(agent, sign_in):
    data = {"subject": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}

    answer = sign_in(agent).post("/desk/demo/tickets/new/", data, headers=HTMX)

    assert (answer.status_code, answer.content.decode()) == (
        413,
        "This is too large to be sent. Shorten it and try again.",
    )


VALUES = ("9" * 25, "-1", "\0", "0000-13", "9999-12-31", "0001-01-01", "²", "x" * 5000)
PAGES = {
    "/desk/demo/chats/": ("q", "agent", "outcome", "since", "until", "before", "after"),
    "/desk/demo/tickets/": ("q", "state", "assignee", "tag", "before", "after"),
    "/desk/demo/masking/record/": ("month", "agent", "outcome", "kind", "customer", "before", "after"),
    "/desk/demo/tickets/1/": ("menu",),
    "/desk/demo/articles/": ("category",),
    "/hc/demo/search/": ("q",),
    "/sign-in/": ("next",),
}


@pytest.mark.parametrize("path", PAGES)
def test_no_filter_breaks_a_page(service, admin, sign_in, path):
    make_ticket(service)
    browser = sign_in(admin)
    statuses = {browser.get(path, {name: value}).status_code for name in PAGES[path] for value in VALUES}
    assert statuses <= {200, 302, 404}


@pytest.mark.parametrize(
    "path", ["/hc/demo/articles/{}/", "/desk/demo/tickets/{}/", "/desk/demo/chat/{}/history/", "/desk/demo/agents/{}/"]
)
def test_no_number_breaks_a_page(service, admin, sign_in, path):
    browser = sign_in(admin)
    assert {browser.get(path.format(number)).status_code for number in ("0", "9" * 12, "9" * 25, "9" * 5000)} == {404}
