import threading

import pytest
from django.db import connection

from agents.models import AuditEntry
from contiple.base.errors import Conflict, DomainError
from helpcenter import articles
from helpcenter.models import Article, Category
from tests.helpcenter.rows import make_article, make_category


def titles(service, language="en", *, drafts=False):
    shelves = articles.shelves(service.help_center, language, drafts=drafts)
    return [(shelf.name, [text.title for _article, text in shelf.articles]) for shelf in shelves]


def test_customers_see_published_articles_in_categories_that_have_some(service):
    orders, returns = make_category(service, en="Orders", position=1), make_category(service, en="Returns", position=0)
    make_article(orders, en=("Two", "x"), position=1)
    make_article(orders, en=("One", "x"), position=0)
    make_article(returns, published=False, en=("Draft", "x"))
    assert titles(service) == [("Orders", ["One", "Two"])]
    assert titles(service, drafts=True) == [("Returns", ["Draft"]), ("Orders", ["One", "Two"])]


def test_a_missing_language_falls_back_to_the_other(service):
    make_article(make_category(service, ko="주문"), ko=("배송", "x"))
    assert titles(service, "en") == [("주문", ["배송"])]


def test_another_services_are_not_there(service, outsider):
    make_article(make_category(outsider.service))
    assert titles(service, drafts=True) == []


def test_the_number_of_queries_does_not_grow(service, django_assert_num_queries):
    for _ in range(3):
        category = make_category(service)
        for _ in range(3):
            make_article(category)
    with django_assert_num_queries(4):
        titles(service)


def test_a_category_is_made_at_the_end_and_renamed(service, admin):
    articles.save_category(service.help_center, None, names={"en": "One"}, by=admin)
    two = articles.save_category(service.help_center, None, names={"en": "Two", "ko": "둘"}, by=admin)
    articles.save_category(service.help_center, two, names={"en": "Three"}, by=admin)
    assert titles(service, drafts=True) == [("One", []), ("Three", [])]
    assert titles(service, "ko", drafts=True) == [("One", []), ("Three", [])]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "category.created",
        "category.created",
        "category.renamed",
    ]


def test_only_an_empty_category_is_deleted(service, admin):
    category = make_category(service)
    draft = make_article(category, published=False)
    with pytest.raises(Conflict):
        articles.delete_category(category, by=admin)
    articles.delete_article(draft, by=admin)
    articles.delete_category(category, by=admin)
    assert not Category.objects.exists()


def test_an_article_is_made_changed_and_moved(service, admin):
    here, there = make_category(service), make_category(service, position=1)
    make_article(there, en=("First", "x"))
    article = articles.save_article(here, None, texts={"en": ("A", "a"), "ko": ("가", "나")}, publish=False, by=admin)
    articles.save_article(there, article, texts={"en": ("B", "b")}, publish=True, by=admin)
    article.refresh_from_db()
    assert (article.category, article.position, article.is_published) == (there, 1, True)
    assert [(text.language, text.title, text.body) for text in article.texts.all()] == [("en", "B", "b")]
    assert AuditEntry.objects.get(action="article.changed").details == {"published": True, "languages": ["en"]}


def test_publishing_twice_is_once(service, admin):
    article = make_article(make_category(service), published=False)
    articles.publish_article(article, publish=True, by=admin)
    articles.publish_article(article, publish=True, by=admin)
    assert Article.objects.get().is_published
    assert AuditEntry.objects.filter(action="article.published").count() == 1
    articles.publish_article(article, publish=False, by=admin)
    assert not Article.objects.get().is_published


def test_moving_changes_places_and_stops_at_the_ends(service, admin):
    category = make_category(service)
    one, two, three = (make_article(category, en=(name, "x")) for name in ("1", "2", "3"))
    articles.move_article(three, step=-1, by=admin)
    assert titles(service)[0][1] == ["1", "3", "2"]
    articles.move_article(one, step=-1, by=admin)
    articles.move_article(two, step=1, by=admin)
    assert titles(service)[0][1] == ["1", "3", "2"]
    assert AuditEntry.objects.filter(action="article.moved").count() == 1


def test_categories_move_within_their_service(service, outsider, admin):
    one, two = make_category(service, en="1"), make_category(service, en="2", position=1)
    make_category(outsider.service)
    articles.move_category(two, step=-1, by=admin)
    assert [name for name, _titles in titles(service, drafts=True)] == ["2", "1"]
    articles.move_category(one, step=1, by=admin)
    assert [name for name, _titles in titles(service, drafts=True)] == ["2", "1"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_attempt", range(4))
def test_a_category_is_deleted_or_gets_an_article_never_both(service, admin, _attempt):
    category, start, errors = make_category(service), threading.Barrier(2), []

    def run(operation) -> None:
        try:
            start.wait(10)
            operation()
        except DomainError as error:
            errors.append(error)
        finally:
            connection.close()

    def delete() -> None:
        articles.delete_category(Category.objects.get(pk=category.pk), by=admin)

    def write() -> None:
        articles.save_article(category, None, texts={"en": ("A", "a")}, publish=True, by=admin)

    threads = [threading.Thread(target=run, args=(operation,)) for operation in (delete, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(errors) == 1
    assert Category.objects.exists() == Article.objects.exists()
