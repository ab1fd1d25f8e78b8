"""Every page for admins, tried by the outsider, by a mere agent, and by nobody; and objects of another service."""

import pytest
from django.test import Client

from agents.models import AuditEntry
from helpcenter import urls
from helpcenter.members.models import MemberSecret
from helpcenter.models import Article, Category, HelpCenter
from tests.helpcenter.rows import make_article, make_category

BASE = "/desk/demo/help-center/"
GET = ["", "policy-versions/", "articles/", "articles/new/", "articles/{article}/", "articles/{article}/delete/"]
GET += ["articles/templates/", "articles/categories/new/", "articles/categories/{category}/", "members/"]
POST = [
    ("", {"colour": "#000000", "policy_en": "x"}),
    ("articles/templates/", {"starter": "shipping"}),
    ("articles/new/", {"category": "{category}", "title_en": "x", "body_en": "x"}),
    ("articles/{article}/move/", {"step": "up"}),
    ("articles/{article}/", {"category": "{category}", "title_en": "y", "body_en": "x"}),
    ("articles/{article}/publish/", {"publish": "1"}),
    ("articles/{article}/delete/", {}),
    ("articles/categories/new/", {"name_en": "x"}),
    ("articles/categories/{category}/", {"name_en": "x"}),
    ("articles/categories/{category}/move/", {"step": "down"}),
    ("articles/categories/{empty}/delete/", {}),
    ("members/switch/", {"on": "1"}),
    ("members/secrets/new/", {}),
    ("members/secrets/{secret}/end/", {}),
]
SHOWS = {"members/secrets/new/"}  # in the answer itself, and never again


@pytest.fixture
def rows(service) -> dict[str, int]:
    category = make_category(service)
    make_article(category, en=("Other", "x"))
    article = make_article(category, published=False, position=1)
    empty = make_category(service, en="Empty", position=1)
    secret = MemberSecret.objects.create(service=service, key_id="a" * 12, sealed=b"")
    return {"category": category.pk, "article": article.pk, "empty": empty.pk, "secret": secret.pk}


def picture() -> tuple:
    """Everything these pages could change."""
    return (
        list(HelpCenter.objects.values_list()),
        list(Article.objects.values_list("pk", "position", "is_published", "category", "texts__title")),
        list(Category.objects.values_list("pk", "position", "texts__name")),
        list(MemberSecret.objects.values_list("pk", "ended_at")),
        AuditEntry.objects.count(),
    )


def test_the_lists_here_name_every_view():
    names = {pattern.name for pattern in urls.urlpatterns if str(pattern.pattern).startswith("desk/")}
    assert len(names) == len(set(GET) | {path for path, _data in POST})


@pytest.mark.parametrize("who", ["outsider", "agent"])
def test_no_page_is_there_for_who_is_no_admin_here(request, sign_in, rows, who):
    client, before = sign_in(request.getfixturevalue(who)), picture()
    for path in GET:
        assert client.get(BASE + path.format(**rows)).status_code == 404, path
    for path, data in POST:
        filled = {name: value.format(**rows) for name, value in data.items()}
        assert client.post(BASE + path.format(**rows), filled).status_code == 404, path
    assert picture() == before


def test_nobody_is_sent_to_sign_in(rows):
    client, before = Client(), picture()
    for path in GET:
        response = client.get(BASE + path.format(**rows))
        assert response.status_code == 302, path
        assert "next=" in response.url
    for path, data in POST:
        assert client.post(BASE + path.format(**rows), data).status_code == 302, path
    assert picture() == before


def test_an_admin_reaches_nothing_of_another_service_through_their_own(outsider, sign_in, rows):
    client, before = sign_in(outsider), picture()
    base = "/desk/other/help-center/"
    for path in GET:
        if "{" in path:
            assert client.get(base + path.format(**rows)).status_code == 404, path
    for path, data in POST:
        if "{" in path:
            filled = {name: value.format(**rows) for name, value in data.items()}
            assert client.post(base + path.format(**rows), filled).status_code == 404, path
    assert picture() == before


def test_the_same_requests_work_for_the_admin(admin, sign_in, rows):
    client = sign_in(admin)
    for path in GET:
        assert client.get(BASE + path.format(**rows)).status_code == 200, path
    deletion_last = sorted(POST[1:], key=lambda post: "delete" in post[0])
    for path, data in deletion_last:
        before = picture()
        filled = {name: value.format(**rows) for name, value in data.items()}
        shown = 200 if path in SHOWS else 302
        assert client.post(BASE + path.format(**rows), filled).status_code == shown, path
        assert picture() != before, path


@pytest.mark.parametrize(
    "path",
    [
        "articles/{article}/publish/",
        "articles/{article}/move/",
        "articles/categories/{category}/move/",
        "articles/categories/{empty}/delete/",
    ],
)
def test_a_link_changes_nothing(admin, sign_in, rows, path):
    assert sign_in(admin).get(BASE + path.format(**rows)).status_code == 405


def test_a_form_needs_its_token(admin, rows):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin.user)
    assert client.post(BASE, {"colour": "#000000"}).status_code == 403
