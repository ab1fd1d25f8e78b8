import re

import pytest
from django.utils import timezone

from helpcenter.models import Article, Category
from helpcenter.suggestion_counts import REPORTED, Act, count
from tests.helpcenter.rows import make_article, make_category

PATH = "/desk/demo/help-center/articles/"


@pytest.fixture
def client(admin, sign_in):
    return sign_in(admin)


def written(category, **changes) -> dict:
    return {
        "category": category.pk,
        "is_published": "on",
        "title_en": "Returns",
        "body_en": "Within **30 days**.",
        "title_ko": "",
        "body_ko": "",
    } | changes


def test_the_list_has_drafts_too_in_their_categories(client, service):
    category = make_category(service)
    make_article(category, published=False)
    make_category(service, en="Empty one")
    html = client.get(PATH).content.decode()
    assert all(
        text in html for text in ("Orders", "Delivery", "Draft", "Empty one", "No articles in this category yet.")
    )


def test_without_a_category_the_first_step_is_to_make_one(client, service):
    assert "Create a category" in client.get(PATH).content.decode()
    assert "An article needs a category" in client.get(f"{PATH}new/").content.decode()


def test_an_article_is_written_and_published(client, service):
    category = make_category(service)
    assert client.get(f"{PATH}new/?category={category.pk}").context["form"]["category"].value() == str(category.pk)
    assert client.post(f"{PATH}new/", written(category)).url == PATH
    article = Article.objects.get()
    assert article.is_published
    assert [(text.language, text.title) for text in article.texts.all()] == [("en", "Returns")]


def test_an_article_is_changed(client, service):
    category = make_category(service)
    article = make_article(category)
    shown = client.get(f"{PATH}{article.pk}/").context["form"]
    assert (shown["title_ko"].value(), shown["body_en"].value()) == ("배송", "Two days.")
    client.post(f"{PATH}{article.pk}/", written(category, title_ko="반품", body_ko="30일\r\n이내", is_published=""))
    article.refresh_from_db()
    assert not article.is_published
    assert {text.language: text.body for text in article.texts.all()} == {
        "en": "Within **30 days**.",
        "ko": "30일\n이내",
    }


def test_a_preview_saves_nothing(client, service):
    response = client.post(f"{PATH}new/", written(make_category(service), preview="1"))
    assert "<strong>30 days</strong>" in response.content.decode()
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_en": ""}, "title_en"),
        ({"body_en": "  "}, "body_en"),
        ({"title_ko": "반품"}, "body_ko"),
        ({"title_en": "", "body_en": ""}, "__all__"),
        ({"title_en": "x" * 161}, "title_en"),
        ({"body_en": "x" * 50_001}, "body_en"),
        ({"title_en": "a\0b"}, "title_en"),
        ({"category": ""}, "category"),
        ({"category": "x"}, "category"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(client, service, changes, field):
    response = client.post(f"{PATH}new/", written(make_category(service)) | changes)
    assert set(response.context["form"].errors) == {field}
    assert not Article.objects.exists()
    kept = changes.get("body_en", "Within **30 days**.")
    assert response.context["form"]["body_en"].value() == kept


def test_an_article_cant_be_put_into_another_services_category(client, service, outsider):
    make_category(service)
    theirs = make_category(outsider.service)
    response = client.post(f"{PATH}new/", written(theirs))
    assert set(response.context["form"].errors) == {"category"}
    assert theirs.pk not in response.context["form"].fields["category"].queryset.values_list("pk", flat=True)


def test_publish_withdraw_and_move(client, service):
    category = make_category(service)
    first, second = make_article(category), make_article(category, published=False, en=("Second", "x"))
    client.post(f"{PATH}{second.pk}/publish/", {"publish": "1"})
    client.post(f"{PATH}{first.pk}/publish/", {"publish": "0"})
    client.post(f"{PATH}{second.pk}/move/", {"step": "up"})
    assert list(Article.objects.values_list("pk", "is_published")) == [(second.pk, True), (first.pk, False)]


def test_deleting_asks_first(client, service):
    article = make_article(make_category(service))
    assert "for good" in client.get(f"{PATH}{article.pk}/delete/").content.decode()
    assert Article.objects.exists()
    assert client.post(f"{PATH}{article.pk}/delete/").url == PATH
    assert not Article.objects.exists()


def test_categories_are_made_renamed_moved_and_deleted(client, service):
    client.post(f"{PATH}categories/new/", {"name_en": "Orders", "name_ko": "주문"})
    client.post(f"{PATH}categories/new/", {"name_en": "Returns", "name_ko": ""})
    orders, returns = Category.objects.all()
    client.post(f"{PATH}categories/{returns.pk}/move/", {"step": "up"})
    client.post(f"{PATH}categories/{returns.pk}/", {"name_en": "Refunds", "name_ko": "환불"})
    assert list(Category.objects.all()) == [returns, orders]
    assert {text.name for text in returns.texts.all()} == {"Refunds", "환불"}
    client.post(f"{PATH}categories/{orders.pk}/delete/")
    assert list(Category.objects.all()) == [returns]


def test_a_category_needs_a_name(client, service):
    response = client.post(f"{PATH}categories/new/", {"name_en": " ", "name_ko": ""})
    assert "Write a name in at least one language." in response.content.decode()
    assert not Category.objects.exists()


def test_a_category_with_articles_stays(client, service):
    category = make_category(service)
    make_article(category)
    response = client.post(f"{PATH}categories/{category.pk}/delete/", follow=True)
    assert "Move or delete the articles of this category first." in response.content.decode()
    assert Category.objects.exists()


def test_the_list_says_what_became_of_suggested_articles(client, service, outsider):
    article = make_article(make_category(service))
    assert "Suggested in chat" not in client.get(PATH).content.decode()
    others = make_article(make_category(outsider.service), en=("Not yours", "x"))
    for act, times in {Act.SHOWN: 41, Act.OPENED: 17, Act.HELPED: 9, Act.NOT_HELPED: 5, Act.LEFT: 3}.items():
        for _ in range(times):
            count(act, [(article.pk, "ko"), (others.pk, "en")])
    count(Act.SHOWN, [(article.pk, "en")], day=timezone.localdate() - REPORTED)
    html = client.get(PATH).content.decode()
    row = html.partition('id="suggested"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    assert re.findall(r"<td[^>]*>(?:\s*<a[^>]*>)?([^<\s][^<]*)", row) == ["배송", "한국어", "41", "17", "9", "5", "3"]
    assert "Not yours" not in html
