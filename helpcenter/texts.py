"""The help center's own words in a language; the default of that language if the service wrote none."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from django.conf import settings
from django.utils import translation

from contiple.base.texts import one_line
from helpcenter.models import Category, HelpCenter, HelpCenterText

# The defaults are here and not in the catalogue, because the customer's language decides, not the viewer's.
GREETING = {"en": "Hello! How can we help you?", "ko": "안녕하세요! 무엇을 도와드릴까요?"}
# The English is the guide's, letter for letter.
ABSENT_MESSAGE = {"en": "Agents is absent", "ko": "상담원이 부재중입니다"}
# Below each mail to a customer.
SIGNATURE = {"en": "{name} support", "ko": "{name} 고객지원팀"}
TITLE_LENGTH_MAX = 80  # as the field's, and as the name beside a message
TITLE = {"en": "{name} Help Center", "ko": "{name} 헬프센터"}


class HasLanguage(Protocol):
    language: str


Row = TypeVar("Row", bound=HasLanguage)


@dataclass(frozen=True)
class Texts:
    title: str
    greeting: str
    absent_message: str
    signature: str


def text_for(help_center: HelpCenter, language: str) -> Texts:
    """Returns the texts, never empty; an unknown language reads as ``settings.LANGUAGE_CODE``."""
    language = known_language(language)
    own = HelpCenterText.objects.filter(help_center=help_center, language=language).first() or HelpCenterText()
    default = default_texts(help_center, language)
    return Texts(
        title=own.title or default.title,
        greeting=own.greeting or default.greeting,
        absent_message=own.absent_message or default.absent_message,
        signature=own.signature or default.signature,
    )


def default_texts(help_center: HelpCenter, language: str) -> Texts:
    return Texts(
        title=one_line(TITLE[language].format(name=help_center.service.name), TITLE_LENGTH_MAX),
        greeting=GREETING[language],
        absent_message=ABSENT_MESSAGE[language],
        signature=SIGNATURE[language].format(name=help_center.service.name),
    )


def known_language(language: str | None) -> str:
    """Returns ``language`` if help centers speak it, else the installation's first one."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def reading_language() -> str:
    """Returns the language of the person who reads this page."""
    return known_language(translation.get_language())


def languages_first(language: str) -> list[str]:
    """Returns the languages of help centers, this one first."""
    return sorted(dict(settings.LANGUAGES), key=lambda code: code != language)


def in_language(rows: Iterable[Row], language: str) -> Row | None:
    """Returns the row in that language, or else in the installation's first one, or else any; ``None`` without rows."""
    wanted = {settings.LANGUAGE_CODE: 1, language: 0}
    return min(rows, key=lambda row: wanted.get(row.language, len(wanted)), default=None)


def category_name(category: Category, language: str) -> str:
    """Returns the category's name. Makes no query if its ``texts`` are prefetched."""
    text = in_language(category.texts.all(), language)
    return text.name if text else f"#{category.pk}"
