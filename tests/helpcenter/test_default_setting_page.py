import pytest

from agents.models import AuditEntry, Contract
from helpcenter.models import HelpCenter, HelpCenterText, PrivacyPolicy
from helpcenter.policies import publish_policy
from helpcenter.texts import text_for

PATH = "/desk/demo/help-center/"


@pytest.fixture
def client(admin, sign_in):
    return sign_in(admin)


def saved(**changes) -> dict:
    """The page's form as a browser sends it, with ``changes``; ``None`` leaves a field out."""
    fields = {
        "chat_enabled": "on",
        "colour": "#2f5bd7",
        "embed_origins": "",
        "title_en": "Demo help",
        "title_ko": "Demo 고객센터",
        "greeting_en": "",
        "greeting_ko": "",
        "absent_message_en": "",
        "absent_message_ko": "",
        "signature_en": "",
        "signature_ko": "",
        "inquiry_link_days": "30",
        "policy_en": "Policy 1 en",
        "policy_ko": "Policy 1 ko",
        "seen_policy": "1",
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def errors(response) -> set[str]:
    assert response.status_code == 200
    return set(response.context["form"].errors)


def test_everything_is_saved_and_on_record_by_name(client, service, admin):
    Contract.objects.update(chat_widget=True)
    response = client.post(
        PATH,
        saved(
            chat_enabled=None,
            colour="#AA0000",
            embed_origins="https://shop.example\r\n",
            title_en="Shop",
            greeting_ko="어서 오세요\r\n반갑습니다",
            absent_message_en="Back at nine",
        ),
    )
    assert response.url == PATH
    center = HelpCenter.objects.get(service=service)
    assert (center.chat_enabled, center.colour, center.embed_origins) == (False, "#aa0000", ["https://shop.example"])
    assert text_for(center, "en").title == "Shop"
    assert text_for(center, "en").absent_message == "Back at nine"
    assert text_for(center, "ko").greeting == "어서 오세요\n반갑습니다"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.agent, entry.subject) == ("help_center.changed", admin, f"help_center:{center.pk}")
    changed = {"chat_enabled", "colour", "embed_origins", "title.en", "greeting.ko", "absent_message.en"}
    assert set(entry.details["settings"]) == changed
    assert "Shop" not in str(entry.details)


def test_the_page_leads_to_the_settings_of_chat(client, service):
    assert 'href="/desk/demo/chat/settings/"' in client.get(PATH).content.decode()


def test_saving_without_a_change_changes_nothing(client, service):
    client.post(PATH, saved())
    assert not AuditEntry.objects.exists()
    assert PrivacyPolicy.objects.count() == 2


def test_a_text_made_empty_is_the_default_again(client, service):
    client.post(PATH, saved(title_en=""))
    assert HelpCenterText.objects.get(language="en").title == ""
    assert text_for(service.help_center, "en").title == "Demo Help Center"


def test_a_changed_policy_is_a_new_version_in_every_language(client, service, admin):
    client.post(PATH, saved(policy_ko="새 방침"))
    rows = PrivacyPolicy.objects.filter(version=2).order_by("language").values_list("text", "created_by")
    assert list(rows) == [("Policy 1 en", admin.pk), ("새 방침", admin.pk)]
    assert b"Version 2" in client.get(PATH).content


def test_who_saves_over_anothers_policy_is_told_and_may_do_it(client, service, colleague):
    publish_policy(service.help_center, {"en": "Two", "ko": "둘"}, colleague)
    response = client.post(PATH, saved(policy_en="Mine", title_en="Shop"))
    assert errors(response) == {"policy_en"}
    assert "Mine" in response.content.decode()
    assert HelpCenterText.objects.get(language="en").title == "Demo help", "nothing of a refused form is saved"
    form = response.context["form"]
    client.post(PATH, saved(policy_en="Mine", seen_policy=str(form["seen_policy"].value())))
    assert PrivacyPolicy.objects.get(version=3, language="en").text == "Mine"


def test_an_old_page_does_not_bring_an_old_policy_back(client, service, colleague):
    publish_policy(service.help_center, {"en": "Two", "ko": "둘"}, colleague)
    client.post(PATH, saved(colour="#aa0000"))
    assert HelpCenter.objects.get().colour == "#aa0000"
    assert PrivacyPolicy.objects.filter(version=3).count() == 0


def test_chat_cant_be_enabled_while_the_contract_is_closed(client, service):
    Contract.objects.update(chat=False)
    HelpCenter.objects.update(chat_enabled=False)
    html = client.get(PATH).content.decode()
    assert "Chat is off in Contract Details" in html
    assert client.get(PATH).context["form"].fields["chat_enabled"].widget.attrs["disabled"]
    assert errors(client.post(PATH, saved())) == {"chat_enabled"}
    assert not HelpCenter.objects.get().chat_enabled


def test_a_closed_contract_leaves_the_switch_as_it_is(client, service):
    Contract.objects.update(chat=False)
    client.post(PATH, saved(chat_enabled=None, colour="#aa0000"))
    assert HelpCenter.objects.get().chat_enabled
    assert HelpCenter.objects.get().colour == "#aa0000"


def test_chat_needs_a_policy(client, service):
    PrivacyPolicy.objects.all().delete()
    HelpCenter.objects.update(chat_enabled=False)
    empty = {"policy_en": "", "policy_ko": "", "seen_policy": "0"}
    assert errors(client.post(PATH, saved(**empty))) == {"chat_enabled"}
    client.post(PATH, saved(**empty | {"policy_en": "Now there is one"}))
    assert HelpCenter.objects.get().chat_enabled


def test_the_policy_cant_be_emptied(client, service):
    assert errors(client.post(PATH, saved(policy_en="", policy_ko=" "))) == {"policy_en"}


def test_sites_are_named_only_with_the_chat_widget_in_the_contract(client, service):
    HelpCenter.objects.update(embed_origins=["https://shop.example"])
    assert errors(client.post(PATH, saved(embed_origins="https://evil.example"))) == {"embed_origins"}
    client.post(PATH, saved(embed_origins=None, colour="#aa0000"))
    center = HelpCenter.objects.get()
    assert (center.embed_origins, center.colour) == (["https://shop.example"], "#aa0000")


def test_the_snippet_is_shown_with_the_chat_widget(client, service, settings):
    settings.PUBLIC_ORIGIN = "https://desk.example.com"
    snippet = "&lt;script src=&quot;https://desk.example.com/embed/demo.js&quot; async&gt;&lt;/script&gt;"
    assert snippet not in client.get(PATH).content.decode()
    Contract.objects.update(chat_widget=True)
    assert snippet in client.get(PATH).content.decode()
    assert "frame-src https://desk.example.com;" in client.get(PATH).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"colour": "#2f5bd7\n}"},
        {"title_en": "x" * 81},
        {"greeting_en": "x" * 501},
        {"policy_en": "x" * 20_001},
        {"absent_message_ko": "a\0b"},
    ],
)
def test_what_is_wrong_is_shown_where_it_is_and_nothing_is_lost(client, service, wrong):
    response = client.post(PATH, saved(title_ko="한옥", **wrong) if "title_ko" not in wrong else saved(**wrong))
    assert errors(response) == set(wrong)
    assert "한옥" in response.content.decode()
    assert HelpCenterText.objects.get(language="ko").title == "Demo 고객센터"


def test_a_wrong_site_is_named(client, service):
    Contract.objects.update(chat_widget=True)
    response = client.post(PATH, saved(embed_origins="https://ok.example\nshop.example"))
    assert errors(response) == {"embed_origins"}
    assert "“shop.example” is not an origin" in response.content.decode()


def test_versions_are_listed_with_their_texts(client, service, admin):
    publish_policy(service.help_center, {"en": "Two", "ko": "둘"}, admin)
    html = client.get("/desk/demo/help-center/policy-versions/").content.decode()
    assert html.index("Version 2") < html.index("Version 1")
    assert all(text in html for text in ("Two", "둘", "Policy 1 en", "Policy 1 ko", "Ada"))


def test_the_page_is_complete_in_korean(client, service):
    assert client.get(PATH, headers={"Accept-Language": "ko"}).status_code == 200
