import re

import pytest
from django.test import Client

from agents.models import Contract, Service
from helpcenter.models import HelpCenter, PrivacyPolicy
from tests.helpcenter.rows import make_article, make_category

ENGLISH, KOREAN = {"Accept-Language": "en"}, {"Accept-Language": "ko"}


@pytest.fixture
def client():
    return Client()


def page(client, path, **headers) -> str:
    response = client.get(path, headers=headers or ENGLISH)
    assert response.status_code == 200
    return response.content.decode()


def test_home_shows_the_published_articles_in_the_readers_language(client, service):
    category = make_category(service)
    article = make_article(category)
    make_article(category, published=False, en=("Secret draft", "x"))
    english, korean = page(client, "/hc/demo/"), page(client, "/hc/demo/", **KOREAN)
    assert f"/hc/demo/articles/{article.pk}/" in english
    assert "Delivery" in english
    assert "Secret draft" not in english
    assert "배송" in korean
    assert "주문" in korean
    assert "Delivery" not in korean


def test_home_without_articles_says_so(client, service):
    assert "No articles yet" in page(client, "/hc/demo/")


def test_every_page_leads_to_contact_us(client, service):
    article = make_article(make_category(service))
    for path in ("", "search/", "search/?q=nothing", f"articles/{article.pk}/", "privacy/"):
        assert "Contact Us" in page(client, f"/hc/demo/{path}")


def test_an_article_is_rendered_without_raw_html(client, service):
    article = make_article(make_category(service), en=("<b>Title</b>", "## Head\n\n<script>alert(1)</script>"))
    html = page(client, f"/hc/demo/articles/{article.pk}/")
    assert "<h2>Head</h2>" in html
    assert "<script>alert" not in html
    assert "<b>Title" not in html


def test_an_article_in_the_other_language_says_so(client, service):
    article = make_article(make_category(service), ko=("배송", "이틀"))
    english = page(client, f"/hc/demo/articles/{article.pk}/")
    assert "이틀" in english
    assert "not available in your language" in english
    assert "not available" not in page(client, f"/hc/demo/articles/{article.pk}/", **KOREAN)


def test_search_finds_marks_and_admits_that_there_is_nothing(client, service):
    make_article(make_category(service), ko=("반품", "환불이 늦습니다"))
    assert "<mark>환불</mark>" in page(client, "/hc/demo/search/?q=환불", **KOREAN)
    assert "Nothing found for “lamp”" in page(client, "/hc/demo/search/?q=lamp")
    assert "What are you looking for?" in page(client, "/hc/demo/search/")


def test_what_was_searched_for_is_only_text(client, service):
    html = page(client, "/hc/demo/search/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%00")
    assert "<script>alert" not in html


def test_the_chat_icon_shows_where_chat_is_open(client, service):
    article = make_article(make_category(service))
    paths = ["/hc/demo/", "/hc/demo/search/", f"/hc/demo/articles/{article.pk}/", "/hc/demo/privacy/"]

    def hidden(path) -> bool:
        (launcher,) = re.findall(r"<chat-launcher[^>]*>", page(client, path))
        return launcher.endswith(" hidden>")

    assert not any(hidden(path) for path in paths)
    HelpCenter.objects.update(chat_enabled=False)
    assert all(hidden(path) for path in paths)
    HelpCenter.objects.update(chat_enabled=True)
    Contract.objects.update(chat=False)
    assert all(hidden(path) for path in paths)


def test_the_services_colour_is_on_the_page_and_legible(client, service):
    HelpCenter.objects.update(colour="#7a7a7a")
    response = client.get("/hc/demo/")
    assert response.context["on_brand"] == "#fff"
    assert response.context["brand"] < "#7a7a7a"
    assert f"--brand: {response.context['brand']}" in response.content.decode()


def test_privacy_shows_the_current_version(client, service):
    PrivacyPolicy.objects.create(help_center=service.help_center, version=2, language="en", text="Second one")
    html = page(client, "/hc/demo/privacy/")
    assert "Second one" in html
    assert "Policy 1 en" not in html
    PrivacyPolicy.objects.all().delete()
    assert client.get("/hc/demo/privacy/").status_code == 404


@pytest.mark.parametrize("path", ["", "search/", "search/?q=delivery", "privacy/", "articles/{pk}/"])
def test_a_stopped_or_absent_service_has_no_pages(client, service, path):
    path = path.format(pk=make_article(make_category(service)).pk)
    assert client.get(f"/hc/nobody/{path}").status_code == 404
    Service.objects.update(is_stopped=True)
    assert client.get(f"/hc/demo/{path}").status_code == 404


def test_an_article_is_read_in_its_own_help_center_alone(client, service, outsider):
    article = make_article(make_category(service))
    draft = make_article(make_category(service), published=False)
    assert client.get(f"/hc/other/articles/{article.pk}/").status_code == 404
    assert client.get(f"/hc/demo/articles/{draft.pk}/").status_code == 404
    assert client.get(f"/hc/demo/articles/{10**30}/").status_code == 404
    assert "Delivery" not in page(client, "/hc/other/")
    assert "Delivery" not in page(client, "/hc/other/search/?q=deliv")


@pytest.mark.parametrize("path", ["", "search/", "privacy/", "articles/1/"])
def test_pages_are_only_read(client, service, path):
    assert client.post(f"/hc/demo/{path}").status_code == 405


def test_the_number_of_queries_of_home_does_not_grow(client, service, django_assert_max_num_queries):
    for _ in range(4):
        category = make_category(service)
        for _ in range(4):
            make_article(category)
    with django_assert_max_num_queries(10):
        client.get("/hc/demo/")
