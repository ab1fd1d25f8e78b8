"""Service Management / Personal Information Masking: the rules, own words and patterns, and a text to try them on."""

import logging
import re

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent, AuditEntry, Contract
from chat.masking import detectors
from chat.masking.kinds import NAMES
from chat.masking.models import MaskingRules, OwnPattern
from chat.masking.rules import DEFAULT, Action, Rule, rules_of
from chat.masking.settings import PATTERNS_MAX, change_rules
from tests.chat.secrets import columns_with
from tests.make import make_agent

pytestmark = pytest.mark.django_db

URL, NEW = "/desk/demo/masking/", "/desk/demo/masking/patterns/new/"
CARD = "4111 1111 1111 1111"
HTMX = {"HX-Request": "true", "HX-Target": "try"}
PATTERN = {"kind": "word", "source": "Project Heron", "action": "mask", "keep": "keep", "sample": "On Project Heron"}


def filled(**changes: str) -> dict[str, str]:
    """The form as a browser sends it: the defaults, but for ``changes``."""
    values = {"reveals_per_hour": "30"}
    for kind, rule in DEFAULT.kinds.items():
        values |= {f"action_{kind}": str(rule.action), f"keep_{kind}": "keep" if rule.keep else "destroy"}
    return values | changes


def own_pattern(service, **fields) -> OwnPattern:
    MaskingRules.objects.get_or_create(service=service)
    return OwnPattern.objects.create(service=service, **{"source": "Project Heron", "action": "mask", **fields})


def url_of(own: OwnPattern, *, slug: str = "demo", remove: bool = False) -> str:
    return reverse("chat:remove_pattern" if remove else "chat:edit_pattern", args=[slug, own.pk])


def text_of(response) -> str:
    """Without tags, and with one space where there are many."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def marks_of(response) -> list[tuple[str, str]]:
    """What is highlighted, and what is said of it."""
    found = re.findall(r"<mark [^>]*>(.*?)<small>(.*?)</small></mark>", response.content.decode())
    return [(text, said) for text, said in found]


# From the wrong hands


def pages(own: OwnPattern, slug: str) -> list[str]:
    return [url.replace("/demo/", f"/{slug}/") for url in (URL, NEW, url_of(own), url_of(own, remove=True))]


def everything() -> tuple:
    return list(OwnPattern.objects.values()), list(MaskingRules.objects.values()), AuditEntry.objects.count()


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_outsider_and_a_mere_agent_find_nothing_and_change_nothing(service, agent, outsider, sign_in, method):
    own = own_pattern(service)
    before = everything()
    data = {**filled(phone="mask"), **PATTERN}
    for who in (outsider, agent):
        for url in pages(own, "demo"):
            assert getattr(sign_in(who), method)(url, data).status_code in (404, 405)
    for url in pages(own, "other")[2:]:  # another service's pattern under the own address
        assert getattr(sign_in(outsider), method)(url, data).status_code in (404, 405)
    assert everything() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_sent_to_sign_in(service, client, method):
    own = own_pattern(service)
    before = everything()
    for url in pages(own, "demo")[: 4 if method == "post" else 3]:
        assert getattr(client, method)(url, filled(action_phone="mask")).url.startswith(reverse("agents:sign_in"))
    assert everything() == before


def test_who_is_an_admin_no_more_finds_nothing(service, admin, sign_in):
    own, browser = own_pattern(service), sign_in(admin)
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)
    for url in pages(own, "demo"):
        assert browser.post(url, filled(action_phone="mask")).status_code == 404


# The rules


def test_each_kind_has_its_name_an_example_and_its_switches(service, admin, sign_in):
    response = sign_in(admin).get(URL)

    page = response.content.decode()
    for kind in detectors.KINDS:
        assert str(NAMES[kind]) in page
        assert len(re.findall(rf'type="radio" name="action_{kind}"', page)) == len(Action)
        assert f'name="keep_{kind}"' in page
    chosen = dict(re.findall(r'name="action_(\w+)" value="(\w+)"[^>]*checked', page))
    assert chosen == {kind: rule.action for kind, rule in DEFAULT.kinds.items()}
    assert "because support needs them" in page
    assert response["Cache-Control"].count("no-store")


def test_saving_says_so_and_changes_it(service, admin, sign_in):
    sent = filled(action_phone="offer", action_card="mask", keep_card="destroy", reveals_per_hour="5")
    response = sign_in(admin).post(URL, sent, follow=True)

    assert "Saved." in text_of(response)
    now = rules_of(service.pk)
    assert (now.kinds["phone"], now.kinds["card"]) == (Rule("offer", keep=True), Rule("mask", keep=False))
    assert now.reveals_per_hour == 5


def test_saving_what_is_there_says_so(service, admin, sign_in):
    assert "No changes were made." in text_of(sign_in(admin).post(URL, filled(), follow=True))


@pytest.mark.parametrize("value", ["", "0", "1001", "-1", "many", "9" * 30])
def test_looks_that_make_no_sense_are_refused_and_nothing_else_is_lost(service, admin, sign_in, value):
    response = sign_in(admin).post(URL, filled(reveals_per_hour=value, action_phone="mask"))

    assert "reveals_per_hour" in response.context["form"].errors
    assert re.search(r'name="action_phone" value="mask"[^>]*checked', response.content.decode())
    assert not MaskingRules.objects.exists()


@pytest.mark.parametrize("changes", [{"action_card": "reveal"}, {"keep_card": "maybe"}, {"action_card": ""}])
def test_what_no_page_sends_is_refused(service, admin, sign_in, changes):
    assert sign_in(admin).post(URL, filled(**changes)).context["form"].errors
    assert not MaskingRules.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"keep_card_code": "keep"}, {"action_secret": "off"}, {"action_card_code": "offer"}]
)
def test_card_codes_and_passwords_are_stored_only_by_who_says_so_twice(service, admin, sign_in, changes):
    browser = sign_in(admin)
    asked = browser.post(URL, filled(**changes, action_phone="mask"))

    page = asked.content.decode()
    assert "PCI DSS" in page
    assert 'name="confirmed"' in page
    assert re.search(r'name="action_phone" value="mask"[^>]*checked', page)
    assert not MaskingRules.objects.exists()

    browser.post(URL, filled(**changes, action_phone="mask", confirmed="1"))
    [kind] = [name.partition("_")[2] for name in changes]
    assert rules_of(service.pk).kinds[kind] != Rule("mask", keep=False)
    assert browser.post(URL, filled(**changes)).status_code == 302, "what is so already is not asked again"


def test_two_admins_with_the_page_open_do_not_overwrite_each_other(service, admin, sign_in):
    bea = make_agent(service, "Bea", role=Agent.Role.ADMIN)
    browser = sign_in(admin)
    seen = browser.get(URL).context["form"]["seen"].value()
    change_rules(by=bea, kinds={"phone": Rule("mask", keep=True)}, reveals_per_hour=30)

    refused = browser.post(URL, filled(action_email="mask", seen=seen))

    assert "Someone else changed this" in text_of(refused)
    assert rules_of(service.pk).kinds["email"].action == "off"
    again = refused.context["form"]["seen"].value()
    assert browser.post(URL, filled(action_email="mask", seen=again)).status_code == 302


def test_without_security_service_the_page_says_so_and_is_shut(service, admin, sign_in):
    own = own_pattern(service)
    Contract.objects.update(security_service=False)
    browser = sign_in(admin)

    for url in (URL, NEW, url_of(own)):
        page = browser.get(url).content.decode()
        assert "Security Service is off in Contract Details" in page
        assert reverse("agents:contract", args=["demo"]) in page
        assert re.search(r"<fieldset[^>]* disabled", page)
    before = everything()
    for url, sent in ((URL, filled(action_phone="mask")), (NEW, PATTERN), (url_of(own), {**PATTERN, "action": "off"})):
        assert "needs Security Service" in text_of(browser.post(url, sent))
    assert browser.post(url_of(own, remove=True)).status_code == 403
    assert everything() == before


# Try it


def test_a_text_is_tried_by_what_stands_in_the_form(service, admin, sign_in):
    own_pattern(service, source="Heron", action="offer")
    sent = filled(
        action_phone="mask", action_card="off", sample=f"{CARD} <b> 010-1234-5678, CVC 123, HERON", **{"try": "1"}
    )

    response = sign_in(admin).post(URL, sent)

    assert marks_of(response) == [
        ("010-1234-5678", "Phone number: masked"),
        ("123", "Card security code: masked, destroyed at once"),
        ("HERON", f"{NAMES['custom']}: offered"),
    ]
    page = response.content.decode()
    assert f"{CARD} &lt;b&gt; <mark" in page
    assert "<b> " not in page
    assert "Found in 3 places" in page
    assert re.search(r'name="action_phone" value="mask"[^>]*checked', page), "what was chosen is still there"
    assert not MaskingRules.objects.get().kinds, "and not saved"


def test_with_htmx_the_answer_is_that_part_alone(service, admin, sign_in):
    response = sign_in(admin).post(URL, filled(sample=CARD, **{"try": "1"}), headers=HTMX)

    assert marks_of(response) == [(CARD, "Card number: masked")]
    assert "<html" not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_a_text_in_which_nothing_is_says_so(service, admin, sign_in):
    response = sign_in(admin).post(URL, filled(sample="Hello", **{"try": "1"}))
    assert "Nothing is found in this text" in text_of(response)


@pytest.mark.parametrize("sample", ["", "  ", "x" * 4001, "a\0b"])
def test_a_text_that_is_no_message_is_refused(service, admin, sign_in, sample):
    response = sign_in(admin).post(URL, filled(sample=sample, **{"try": "1"}), headers=HTMX)
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    assert marks_of(response) == []


def test_the_text_is_neither_stored_nor_logged_nor_kept_by_anybody(service, admin, sign_in, caplog):
    caplog.set_level(logging.INFO)
    browser, secret = sign_in(admin), "Sample-4111-secret"
    for url, sent in ((URL, filled(sample=secret)), (NEW, {**PATTERN, "source": "4111", "sample": secret})):
        for act in ({"try": "1"}, {}):
            assert "no-store" in browser.post(url, {**sent, **act})["Cache-Control"]
    assert OwnPattern.objects.exists()
    assert columns_with(secret) == []
    assert secret not in caplog.text


def test_try_it_and_saving_need_no_script(service, admin):
    """The buttons are of a form that posts to the page it stands on."""
    browser = Client()
    browser.force_login(admin.user)
    for url in (URL, NEW):
        page = browser.get(url).content.decode()
        assert re.search(rf'<form[^>]* method="post" action="{url}"', page)
        assert re.search(rf'<button[^>]* type="submit" name="try" value="1"\s+hx-post="{url}"', page)


# Own words and patterns


def test_one_is_tried_then_saved(service, admin, sign_in):
    browser = sign_in(admin)
    first = browser.get(NEW).content.decode()
    assert ">Save<" not in first

    tried = browser.post(NEW, {**PATTERN, "try": "1", "sample": f"On project heron: {CARD}"})
    assert marks_of(tried) == [
        ("project heron", f"{NAMES['custom']}: masked"),
        (CARD, "Card number: masked"),
    ]
    assert ">Save<" in tried.content.decode()
    assert not OwnPattern.objects.exists()

    assert "Saved." in text_of(browser.post(NEW, PATTERN, follow=True))
    own = OwnPattern.objects.get()
    assert (own.service, own.form, own.source, own.action, own.keep) == (service, "word", "Project Heron", "mask", True)
    page = browser.get(URL).content.decode()
    assert "Project Heron" in page
    assert url_of(own) in page


@pytest.mark.parametrize("act", [{"try": "1"}, {}])
@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"source": ""}, "source", "required"),
        ({"kind": "pattern", "source": "("}, "source", "isn't a valid"),
        ({"kind": "pattern", "source": "a*"}, "source", "empty text"),
        ({"kind": "pattern", "source": "(a+)+$"}, "source", "too slow"),
        ({"kind": "pattern", "source": "a{1000000}"}, "source", "repeats too much"),
        ({"source": "x" * 201}, "source", "200"),
        ({"sample": ""}, "sample", "Paste a text"),
        ({"sample": "Nothing of it"}, "sample", "found"),
        ({"sample": "x" * 4001}, "sample", "4,000"),
        ({"kind": "rune"}, "kind", "valid choice"),
    ],
)
def test_what_can_t_be_used_is_said_at_its_field_and_not_saved(service, admin, sign_in, changes, field, says, act):
    response = sign_in(admin).post(NEW, {**PATTERN, **changes, **act})

    assert says in " ".join(response.context["form"].errors[field])
    assert response.context["tried"] is None
    assert not OwnPattern.objects.exists()


def test_a_duplicate_and_one_too_many_are_refused(service, admin, sign_in):
    own_pattern(service)
    browser = sign_in(admin)
    assert "already" in str(browser.post(NEW, PATTERN).context["form"].errors["source"])

    OwnPattern.objects.bulk_create(
        OwnPattern(service=service, source=f"Word {number}", action="mask") for number in range(PATTERNS_MAX - 1)
    )
    refused = browser.post(NEW, {**PATTERN, "source": "Heron"})
    assert str(PATTERNS_MAX) in str(refused.context["form"].errors["source"])
    assert reverse("chat:add_pattern", args=["demo"]) not in browser.get(URL).content.decode()


def test_one_is_edited_another_action_without_a_sample(service, admin, sign_in):
    own, browser = own_pattern(service), sign_in(admin)
    seen = browser.get(url_of(own)).context["form"]["seen"].value()

    browser.post(url_of(own), {**PATTERN, "action": "offer", "keep": "destroy", "sample": "", "seen": seen})
    own.refresh_from_db()
    assert (own.action, own.keep) == ("offer", False)

    stale = browser.post(url_of(own), {**PATTERN, "sample": "", "seen": seen})
    assert "Someone else changed this" in text_of(stale)
    again = stale.context["form"]["seen"].value()
    assert browser.post(url_of(own), {**PATTERN, "sample": "", "seen": again}).status_code == 302

    other = browser.post(url_of(own), {**PATTERN, "source": "Otter", "sample": ""})
    assert "sample" in other.context["form"].errors
    own.refresh_from_db()
    assert own.source == "Project Heron"


def test_one_that_is_edited_is_tried_in_place_of_what_is_saved(service, admin, sign_in):
    own = own_pattern(service)
    own_pattern(service, source="Otter", action="offer")
    sent = {**PATTERN, "source": "Badger", "sample": "Project Heron, Badger, Otter", "try": "1"}

    tried = sign_in(admin).post(url_of(own), sent, headers={**HTMX, "HX-Target": "pattern-form"})

    assert [text for text, _said in marks_of(tried)] == ["Badger", "Otter"]
    assert "<html" not in tried.content.decode()


def test_one_is_deleted(service, admin, sign_in):
    own, browser = own_pattern(service), sign_in(admin)

    assert browser.get(url_of(own, remove=True)).status_code == 405
    assert "Deleted." in text_of(browser.post(url_of(own, remove=True), follow=True))
    assert not OwnPattern.objects.exists()
    assert browser.post(url_of(own, remove=True)).status_code == 404
    assert browser.get(url_of(own).replace(str(own.pk), "9" * 30)).status_code == 404


def test_the_page_asks_the_database_a_bounded_number_of_times(service, admin, sign_in, django_assert_max_num_queries):
    browser = sign_in(admin)
    OwnPattern.objects.bulk_create(
        OwnPattern(service=service, source=f"Word {number}", action="mask") for number in range(PATTERNS_MAX)
    )
    browser.get(URL)
    with django_assert_max_num_queries(10):
        browser.get(URL)
