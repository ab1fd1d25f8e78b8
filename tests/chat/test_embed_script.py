"""The script other sites include: never an error on their page, never more than the contract allows."""

import gzip
import json
import re

import pytest
from django.test import Client

from agents.models import Contract, Service
from helpcenter.models import HelpCenter, HelpCenterText
from helpcenter.origins import ORIGINS_MAX

pytestmark = pytest.mark.django_db


@pytest.fixture
def widget(service: Service) -> Service:
    Contract.objects.filter(service=service).update(chat_widget=True)
    return service


def get(slug: str = "demo", **headers):
    return Client().get(f"/embed/{slug}.js", headers=headers)


def config(answer) -> dict:
    return json.loads(
        re.search(r"\}\)\((\{.*\}),document.currentScript\);\s*\Z", answer.content.decode(), re.DOTALL)[1]
    )


def test_it_opens_the_chat_of_this_service_on_our_own_origin(widget, settings) -> None:
    answer = get()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    said = config(answer)
    assert said["service"] == "demo"
    assert said["origin"] == settings.PUBLIC_ORIGIN
    assert said["panel"] == f"{settings.PUBLIC_ORIGIN}/hc/demo/chat/"
    assert said["center"] == f"{settings.PUBLIC_ORIGIN}/hc/demo/"


def test_it_knows_the_sites_that_may_show_it(widget, settings) -> None:
    HelpCenter.objects.update(embed_origins=["https://shop.example"])
    assert config(get())["sites"] == [settings.PUBLIC_ORIGIN, "https://shop.example"]


def test_it_is_light(widget) -> None:
    sites = [f"https://shop-{number}.example.com" for number in range(ORIGINS_MAX)]
    HelpCenter.objects.update(embed_origins=sites)
    assert len(gzip.compress(get().content)) <= 5_000  # bytes


def test_pages_that_isolate_themselves_may_show_it(widget) -> None:
    assert get()["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert Client().get("/hc/demo/chat/")["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_it_may_be_kept_for_a_minute_and_carries_no_cookie(widget) -> None:
    answer = get()
    assert "max-age=60" in answer["Cache-Control"]
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies


def test_it_can_speak_every_language(widget) -> None:
    said = config(get())
    assert {code: texts["title"] for code, texts in said["texts"].items()} == {"en": "Demo help", "ko": "Demo 고객센터"}
    assert said["texts"]["ko"]["open"] == "채팅 열기"
    assert all(text for texts in said["texts"].values() for text in texts.values())
    assert said["language"] in said["texts"]


def test_the_chat_speaks_the_language_that_its_address_names(widget) -> None:
    answer = Client().get("/hc/demo/chat/?language=ko", headers={"accept-language": "en"})
    assert answer["Content-Language"] == "ko"
    assert '<html lang="ko">' in answer.content.decode()
    answer = Client().get("/hc/demo/chat/?language=xx", headers={"accept-language": "ko"})
    assert '<html lang="ko">' in answer.content.decode()


def test_a_title_can_t_break_out_of_the_script(widget) -> None:
    title = '</script><script>alert(1)</script>\u2028"\\'
    HelpCenterText.objects.update(title=title)
    answer = get()
    assert "</script" not in answer.content.decode()
    assert config(answer)["texts"]["en"]["title"] == title


def test_without_the_widget_in_the_contract_there_is_none(service) -> None:
    assert get().status_code == 404


def test_while_the_help_center_is_closed_it_says_so_to_pages_with_a_running_chat(widget) -> None:
    assert config(get())["open"] is True
    HelpCenter.objects.update(chat_enabled=False)
    assert config(get())["open"] is False


def test_without_chat_in_the_contract_it_does_nothing(widget) -> None:
    Contract.objects.update(chat=False)
    answer = get()
    assert answer.status_code == 200
    assert re.fullmatch(r"/\*[^*]*\*/", answer.content.decode())


def test_of_a_stopped_or_unknown_service_there_is_none(widget) -> None:
    assert get("nobody").status_code == 404
    Service.objects.update(is_stopped=True)
    assert get().status_code == 404


def test_it_is_read_only(widget) -> None:
    assert Client().post("/embed/demo.js").status_code == 405
