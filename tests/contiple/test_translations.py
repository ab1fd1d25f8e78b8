"""The catalogue holds what the code says, and all of it is translated."""

from pathlib import Path

import pytest

from contiple import translations

CODE = """from django.utils.translation import gettext as _, ngettext
_("Hello %(name)s")
ngettext("%d chat", "%d chats", 2)
"""
TEMPLATE = """{% load i18n %}<b title="{% translate 'Say "hi"' %}">it's {% blocktranslate trimmed with a=b %}
    Open {{ a }}
{% endblocktranslate %}{% translate "Close" context "verb" %}"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {"chat/views.py": CODE, "templates/chat/page.html": TEMPLATE}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_catalogue_is_complete():
    assert translations.problems() == []


def test_every_message_of_code_and_templates_is_collected(project):
    found = {(message.id, message.context) for message in translations.collect(project) if message.id}
    plural = ("%d chat", "%d chats")
    assert found == {
        ("Hello %(name)s", None), (plural, None), ('Say "hi"', None), ("Open %(a)s", None), ("Close", "verb"),
    }  # fmt: skip


def test_an_update_keeps_translations_and_changes_nothing_else(project):
    translations.update(project)
    translate(project, 'msgid "Close"\nmsgstr ""', 'msgid "Close"\nmsgstr "닫기"')
    before = catalogue(project).read_bytes()
    translations.update(project)
    assert catalogue(project).read_bytes() == before


def test_what_left_the_code_leaves_the_catalogue(project):
    translations.update(project)
    (project / "chat/views.py").write_text("")
    assert any("not in the code any more" in line for line in translations.problems(project))
    translations.update(project)
    assert "Hello" not in catalogue(project).read_text()


def test_missing_and_untranslated_messages_are_named(project):
    assert all("not in the catalogue" in line for line in translations.problems(project))
    translations.update(project)
    assert all("not translated" in line for line in translations.problems(project))


def test_placeholders_must_agree(project):
    translations.update(project)
    translate(project, 'msgid "Hello %(name)s"\nmsgstr ""', 'msgid "Hello %(name)s"\nmsgstr "%(nam)s님"')
    assert "ko: placeholders differ: 'Hello %(name)s' (chat/views.py)" in translations.problems(project)


def test_what_is_compiled_can_be_read(project):
    translations.update(project)
    translations.compile_all(project)
    assert catalogue(project).with_suffix(".mo").stat().st_size > 0


def catalogue(project: Path) -> Path:
    return project / "locale/ko/LC_MESSAGES/django.po"


def translate(project: Path, before: str, after: str) -> None:
    text = catalogue(project).read_text()
    assert before in text
    catalogue(project).write_text(text.replace(before, after))
