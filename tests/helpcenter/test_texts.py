import pytest
from django.utils import translation

from helpcenter.models import HelpCenterText
from helpcenter.texts import Texts, in_language, reading_language, text_for


def test_own_words_come_first(service):
    text = HelpCenterText.objects.get(help_center=service.help_center, language="ko")
    text.greeting, text.absent_message, text.signature = "어서 오세요", "자리를 비웠습니다", "데모 드림"
    text.save(update_fields=["greeting", "absent_message", "signature"])
    assert text_for(service.help_center, "ko") == Texts(
        "Demo 고객센터", "어서 오세요", "자리를 비웠습니다", "데모 드림"
    )


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", Texts("Demo Help Center", "Hello! How can we help you?", "Agents is absent", "Demo support")),
        ("ko", Texts("Demo 헬프센터", "안녕하세요! 무엇을 도와드릴까요?", "상담원이 부재중입니다", "Demo 고객지원팀")),
        ("xx", Texts("Demo Help Center", "Hello! How can we help you?", "Agents is absent", "Demo support")),
    ],
)
def test_without_own_words_each_language_has_its_default(service, language, texts):
    service.help_center.texts.all().delete()
    assert text_for(service.help_center, language) == texts


def test_empty_words_are_the_default(service):
    service.help_center.texts.filter(language="en").update(title="")
    assert text_for(service.help_center, "en").title == "Demo Help Center"


def test_reading_language_is_one_of_the_help_center():
    with translation.override("ko"):
        assert reading_language() == "ko"
    with translation.override("fr"):
        assert reading_language() == "en"


def test_another_language_stands_in():
    english, korean = HelpCenterText(language="en"), HelpCenterText(language="ko")
    assert in_language([english, korean], "ko") is korean
    assert in_language([korean], "en") is korean
    assert in_language([korean, english], "fr") is english
    assert in_language([], "en") is None
