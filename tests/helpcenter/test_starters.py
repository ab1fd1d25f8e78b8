"""Texts to start from: they fill what is empty, replace nothing, and are added once."""

import threading

import pytest
from django.db import connection
from django.urls import reverse

from agents.models import AuditEntry
from helpcenter import policies, starters
from helpcenter.markdown import to_html
from helpcenter.models import Article, ArticleText, HelpCenter, HelpCenterText, PrivacyPolicy
from tests.helpcenter.rows import make_article, make_category
from tests.helpcenter.test_default_setting_page import saved

SETTINGS = reverse("helpcenter:settings", args=["demo"])
ARTICLES = reverse("helpcenter:article_starters", args=["demo"])
ALL = [starter.key for starter in starters.article_starters()]


@pytest.fixture
def client(admin, sign_in):
    return sign_in(admin)


# The privacy policy, and the help center's own words


def test_a_policy_to_start_from_has_the_services_name_and_fills_both_languages(client):
    PrivacyPolicy.objects.all().delete()
    form = client.get(SETTINGS, {"template": "policy"}).context["form"]
    assert "Demo asks for your agreement" in form["policy_en"].value()
    assert "Demo에서는 「개인정보 보호법」" in form["policy_ko"].value()
    assert not PrivacyPolicy.objects.exists()


def test_what_is_written_is_never_replaced(client):
    HelpCenterText.objects.filter(language="en").update(greeting="Our own words")
    PrivacyPolicy.objects.filter(language="ko").delete()
    words = client.get(SETTINGS, {"template": "words"}).context["form"]
    assert words["greeting_en"].value() == "Our own words"
    assert words["title_en"].value() == "Demo help"
    assert words["greeting_ko"].value() == "안녕하세요, Demo입니다. 무엇을 도와드릴까요?"
    policy = client.get(SETTINGS, {"template": "policy"}).context["form"]
    assert policy["policy_en"].value() == "Policy 1 en"
    assert "개인정보" in policy["policy_ko"].value()


def test_without_a_known_template_the_page_is_as_it_is(client):
    for query in ({}, {"template": "nonsense"}, {"template": ""}):
        response = client.get(SETTINGS, query)
        assert not response.context["form"].filled
        assert "Nothing has been saved yet" not in response.content.decode()


def test_the_template_says_that_it_is_no_legal_advice(client):
    PrivacyPolicy.objects.all().delete()
    assert "it is not legal advice" in client.get(SETTINGS, {"template": "policy"}).content.decode()


def test_brackets_that_are_left_are_named_before_customers_agree_to_them(client, service):
    text = starters.policy(service.help_center)["en"]
    sent = saved(policy_en=text)
    response = client.post(SETTINGS, sent)
    assert "Still to be filled in: [3 years], [name of the company" in response.content.decode()
    assert response.context["form"]["policy_en"].value() == text
    assert policies.current_version(service.help_center) == 1

    assert client.post(SETTINGS, sent | {"keep_brackets": "on"}).status_code == 302
    assert policies.current_texts(service.help_center)["en"] == text
    # Known by now: other changes don't ask again.
    again = saved(policy_en=text, seen_policy="2", title_en="Shop")
    assert client.post(SETTINGS, again).status_code == 302


def test_a_policy_with_brackets_of_its_own_is_none_of_our_business(client, service):
    assert client.post(SETTINGS, saved(policy_en="See [our site](https://shop.example).")).status_code == 302


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_text_fits_its_field(service, language):
    help_center = service.help_center
    service.name = "x" * 80
    assert len(starters.policy(help_center)[language]) <= PrivacyPolicy._meta.get_field("text").max_length
    for name, text in starters.words(help_center)[language].items():
        assert 0 < len(text) <= HelpCenterText._meta.get_field(name).max_length, name
    for starter in starters.article_starters():
        title, body = starter.texts[language]
        assert 0 < len(title) <= ArticleText._meta.get_field("title").max_length
        assert "**" not in to_html(body), starter.key  # Markdown that was none


# Articles


def test_the_list_shows_all_before_anything_is_added(client):
    page = client.get(ARTICLES).content.decode()
    assert all(f'value="{key}"' in page for key in ALL)
    assert "When will my order arrive?" in page
    assert "주문한 상품은 언제 도착하나요?" in page
    assert not Article.objects.exists()


def test_the_chosen_ones_become_drafts_in_both_languages(client, service):
    assert client.post(ARTICLES, {"starter": ["shipping", "contact", "nonsense"]}).status_code == 302
    assert list(Article.objects.order_by("pk").values_list("starter", "is_published")) == [
        ("shipping", False),
        ("contact", False),
    ]
    assert ArticleText.objects.count() == 4
    names = [str(category) for category in service.help_center.categories.prefetch_related("texts")]
    assert names == ["Orders & payment", "Account & contact"]


def test_twice_adds_nothing_twice(client):
    client.post(ARTICLES, {"starter": ALL})
    again = client.post(ARTICLES, {"starter": ALL}, follow=True).content.decode()
    assert "Nothing was added." in again
    assert (Article.objects.count(), AuditEntry.objects.filter(action="article.created").count()) == (5, 5)
    assert not client.get(ARTICLES).context["has_new"]


def test_an_article_under_another_title_or_in_another_place_is_still_there(client, service):
    client.post(ARTICLES, {"starter": ["shipping"]})
    ArticleText.objects.update(title="Ours")
    Article.objects.update(category=make_category(service, en="Elsewhere"))
    client.post(ARTICLES, {"starter": ["shipping"]})
    assert Article.objects.count() == 1


def test_an_article_that_has_the_title_already_is_left_alone(client, service):
    make_article(make_category(service), en=("I can’t sign in", "Our own answer"))
    client.post(ARTICLES, {"starter": ["account"]})
    assert ArticleText.objects.get().body == "Our own answer"


def test_an_article_that_was_deleted_can_be_added_again(client):
    client.post(ARTICLES, {"starter": ["shipping"]})
    Article.objects.all().delete()
    client.post(ARTICLES, {"starter": ["shipping"]})
    assert Article.objects.count() == 1


def test_the_articles_of_another_service_are_no_hindrance(client, outsider):
    starters.add_articles(outsider.service.help_center, ALL, by=outsider)
    client.post(ARTICLES, {"starter": ["shipping"]})
    assert Article.objects.filter(category__help_center__service__slug="demo").count() == 1


def test_a_category_of_that_name_is_used(client, service):
    category = make_category(service, en="Shop", ko="주문·결제")
    client.post(ARTICLES, {"starter": ["shipping", "returns"]})
    assert set(Article.objects.values_list("category", flat=True)) == {category.pk}


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_add_each_once(service, admin):
    start = threading.Barrier(2)

    def add() -> None:
        start.wait()
        starters.add_articles(HelpCenter.objects.get(service=service), ALL, by=admin)
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Article.objects.values_list("starter", flat=True)) == sorted(ALL)


# Publishing what still has [brackets]


def test_an_article_with_brackets_that_are_left_is_not_published_unasked(client):
    client.post(ARTICLES, {"starter": ["shipping"]})
    article = Article.objects.get()
    form_page = reverse("helpcenter:edit_article", args=["demo", article.pk])
    response = client.post(reverse("helpcenter:publish_article", args=["demo", article.pk]), {"publish": "1"})
    assert response.url == form_page
    assert "Still to be filled in: [2 pm]" in client.get(form_page).content.decode()

    fields = {
        f"{name}_{text.language}": getattr(text, name) for text in article.texts.all() for name in ("title", "body")
    }
    sent = fields | {"category": article.category_id, "is_published": "on"}
    page = client.post(form_page, sent).content.decode()
    assert "Still to be filled in: [2 pm]" in page
    assert "keep_brackets" in page
    article.refresh_from_db()
    assert not article.is_published
    assert client.post(form_page, sent | {"preview": "1"}).context["previews"], "A look at it asks nothing."
    assert client.post(form_page, fields | {"category": article.category_id}).status_code == 302, "Nor does a draft."
    assert client.post(form_page, sent | {"keep_brackets": "on"}).status_code == 302
    article.refresh_from_db()
    assert article.is_published


def test_an_article_with_other_brackets_is_published_by_one_click(client, service):
    article = make_article(
        make_category(service), published=False, en=("Notice", "[Notice] See [here](https://a.example).")
    )
    client.post(reverse("helpcenter:publish_article", args=["demo", article.pk]), {"publish": "1"})
    article.refresh_from_db()
    assert article.is_published
