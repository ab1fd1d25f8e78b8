import threading

import pytest
from django.db import connection

from agents.models import AuditEntry
from contiple.base.errors import Conflict, Invalid
from helpcenter.models import PrivacyPolicy
from helpcenter.policies import current_policy, current_version, policy_versions, publish_policy


def test_a_change_is_a_new_version_in_every_language_and_the_old_one_stays(service, admin):
    assert publish_policy(service.help_center, {"en": "New", "ko": "Policy 1 ko"}, admin) == 2
    rows = PrivacyPolicy.objects.filter(help_center=service.help_center).order_by("version", "language")
    assert [(row.version, row.language, row.text, row.created_by) for row in rows] == [
        (1, "en", "Policy 1 en", None),
        (1, "ko", "Policy 1 ko", None),
        (2, "en", "New", admin),
        (2, "ko", "Policy 1 ko", admin),
    ]


def test_the_same_text_is_no_new_version(service, admin):
    assert publish_policy(service.help_center, {"en": " Policy 1 en\r\n", "ko": "Policy 1 ko"}, admin) is None
    assert current_version(service.help_center) == 1
    assert not AuditEntry.objects.exists()


def test_a_text_that_was_kept_with_its_letters_apart_is_the_same_text(service, admin):
    PrivacyPolicy.objects.filter(help_center=service.help_center, language="ko").update(text="\u1112\u1161\u11ab")
    assert publish_policy(service.help_center, {"en": "Policy 1 en", "ko": "한"}, admin) is None


def test_it_is_on_record_without_the_text(service, admin):
    publish_policy(service.help_center, {"en": "Secret words"}, admin)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.agent, entry.details) == (
        "policy.published",
        admin,
        {"version": 2, "languages": ["en"]},
    )
    assert entry.subject == f"help_center:{service.help_center.pk}"


def test_a_policy_cant_be_taken_away(service, admin):
    with pytest.raises(Invalid):
        publish_policy(service.help_center, {"en": " ", "ko": ""}, admin)
    assert current_version(service.help_center) == 1


def test_what_was_left_as_it_was_seen_does_not_undo_a_newer_version(service, admin):
    publish_policy(service.help_center, {"en": "Two"}, admin, seen=1)
    assert publish_policy(service.help_center, {"en": "Policy 1 en", "ko": "Policy 1 ko"}, admin, seen=1) is None
    assert current_policy(service.help_center, "en").text == "Two"


def test_a_change_of_an_older_version_is_refused(service, admin):
    publish_policy(service.help_center, {"en": "Two"}, admin, seen=1)
    with pytest.raises(Conflict):
        publish_policy(service.help_center, {"en": "Two as well"}, admin, seen=1)
    assert publish_policy(service.help_center, {"en": "Two as well"}, admin, seen=2) == 3


def test_current_policy_is_the_latest_version_in_the_readers_language_or_another(service, admin):
    assert current_policy(service.help_center, "ko").text == "Policy 1 ko"
    publish_policy(service.help_center, {"en": "Two"}, admin)
    assert current_policy(service.help_center, "ko").text == "Two"
    service.help_center.policies.all().delete()
    assert current_policy(service.help_center, "ko") is None


def test_another_services_policy_is_not_read(service, outsider):
    service.help_center.policies.all().delete()
    assert current_policy(service.help_center, "en") is None
    assert policy_versions(service.help_center) == []


def test_versions_are_listed_newest_first(service, admin):
    publish_policy(service.help_center, {"en": "Two", "ko": "둘"}, admin)
    versions = policy_versions(service.help_center)
    assert [[(row.version, row.language) for row in version] for version in versions] == [
        [(2, "en"), (2, "ko")],
        [(1, "en"), (1, "ko")],
    ]


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_the_same_moment_make_two_versions(service, admin, colleague):
    start, results = threading.Barrier(2), []

    def publish(text: str, by) -> None:
        try:
            start.wait(10)
            results.append(publish_policy(service.help_center, {"en": text, "ko": text}, by))
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    for attempt in range(5):
        threads = [
            threading.Thread(target=publish, args=(f"{attempt} {name}", by))
            for name, by in (("a", admin), ("b", colleague))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(results) == list(range(2, 12))
    for version in range(2, 12):
        texts = set(PrivacyPolicy.objects.filter(version=version).values_list("text", flat=True))
        assert len(texts) == 1, "a version has one admin's texts in every language"
