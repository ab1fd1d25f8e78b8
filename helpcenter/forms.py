"""The forms of Default Setting, articles and categories. A language's fields end in its code: ``title_en``."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contiple.base.errors import DomainError, Invalid
from contiple.base.texts import tidy_text
from helpcenter.default_setting import IN_THE_ROW, DefaultSetting
from helpcenter.models import Article, ArticleText, Category, CategoryText, HelpCenter, HelpCenterText, PrivacyPolicy
from helpcenter.origins import parse_origins
from helpcenter.policies import current_texts, current_version
from helpcenter.starters import left_open, policy, words
from helpcenter.texts import Texts, category_name, default_texts, reading_language

LANGUAGES = dict(settings.LANGUAGES)
LINK_DAYS_MAX = 365


class Paragraphs(forms.CharField):
    """A text of several lines, with plain line ends."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **options)

    def to_python(self, value: Any) -> str:
        return tidy_text(super().to_python(value))


@dataclass(frozen=True)
class LanguageFields:
    """One language's bound fields, for the page."""

    code: str
    name: str
    fields: list[forms.BoundField]


class InLanguages(forms.Form):
    """A form with the same fields for each language."""

    def by_language(self, *names: str) -> list[LanguageFields]:
        return [
            LanguageFields(code, name, [self[f"{field}_{code}"] for field in names]) for code, name in LANGUAGES.items()
        ]

    def accept_error(self, error: DomainError) -> None:
        """Shows an operation's error at the field that its code names, or above all fields."""
        field = error.code if error.code in self.fields else f"{error.code}_{settings.LANGUAGE_CODE}"
        self.add_error(field if field in self.fields else None, error.text)

    def _written(self, name: str, language: str) -> str:
        return self.cleaned_data.get(f"{name}_{language}") or ""


class Publishes(InLanguages):
    """Asks once before customers read a text with [brackets] of its template."""

    keep_brackets = forms.BooleanField(label=_("Save with the [brackets] as they are"), required=False)

    def ask_about_brackets(self, name: str, languages: Iterable[str]) -> None:
        """Refuses the texts of ``name`` in these languages with brackets that are left, unless they are to be kept."""
        for language in languages if not self.cleaned_data.get("keep_brackets") else ():
            if found := left_open(self._written(name, language)):
                text = still_to_fill(found)
                self.add_error(f"{name}_{language}", forms.ValidationError(text, code="brackets"))

    def asks_about_brackets(self) -> bool:
        return any(self.has_error(name, "brackets") for name in self.fields)


class DefaultSettingForm(Publishes):
    chat_enabled = forms.BooleanField(
        label=_("Chat enabled"), required=False, help_text=_("Customers see the chat icon on the help center.")
    )
    colour = forms.RegexField(
        r"^#[0-9a-fA-F]{6}\Z",
        label=_("Colour"),
        widget=forms.ColorInput,
        help_text=_("Used behind the title and on buttons. Darkened if needed to keep text readable."),
        error_messages={"invalid": _("Enter a colour as # and six digits, such as #2f5bd7.")},
    )
    embed_origins = Paragraphs(
        rows=3,
        label=_("Sites that may show the Chat Widget"),
        required=False,
        max_length=5_000,
        help_text=_("One exact origin per line, such as https://www.example.com."),
    )
    inquiry_link_days = forms.IntegerField(
        label=_("Link to an inquiry (days)"),
        min_value=1,
        max_value=LINK_DAYS_MAX,
        help_text=_("For how long the link in an e-mail opens the inquiry. Customers can ask for a new one."),
    )
    seen_policy = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, help_center: HelpCenter, data: Any = None, *, starter: str = "") -> None:
        """``starter`` (``policy`` or ``words``) fills fields that are empty with texts to start from."""
        self.help_center, self.contract = help_center, help_center.service.contract
        saved = _saved_setting(help_center)
        self.filled = _starter_fields(help_center, starter, saved) if data is None else {}
        super().__init__(data, initial=saved | self.filled)
        for language in LANGUAGES:
            self._add_fields(language)
        self._disable_what_the_contract_closes()
        if self.fills_policy:
            for language in LANGUAGES:
                self.fields[f"policy_{language}"].widget.attrs["rows"] = 22  # all that is to be filled in, at a glance

    @property
    def fills_policy(self) -> bool:
        return any(f"policy_{language}" in self.filled for language in LANGUAGES)

    def _add_fields(self, language: str) -> None:
        default = default_texts(self.help_center, language)
        lengths = {field.name: field.max_length for field in HelpCenterText._meta.fields}
        self.fields[f"title_{language}"] = forms.CharField(
            label=_("Title"), required=False, max_length=lengths["title"]
        )
        self.fields[f"greeting_{language}"] = Paragraphs(
            rows=2, label=_("Greeting"), required=False, max_length=lengths["greeting"]
        )
        self.fields[f"absent_message_{language}"] = forms.CharField(
            label=_("Absent message"), required=False, max_length=lengths["absent_message"]
        )
        self.fields[f"signature_{language}"] = Paragraphs(
            rows=2,
            label=_("Signature"),
            required=False,
            max_length=lengths["signature"],
            help_text=_("Below each e-mail to a customer."),
        )
        for name, value in vars(default).items():
            self.fields[f"{name}_{language}"].widget.attrs |= {"placeholder": value, "lang": language}
        self.fields[f"policy_{language}"] = Paragraphs(
            rows=8,
            label=LANGUAGES[language],
            required=False,
            max_length=PrivacyPolicy._meta.get_field("text").max_length,
        )
        self.fields[f"policy_{language}"].widget.attrs["lang"] = language

    def _disable_what_the_contract_closes(self) -> None:
        """Disables controls, so that a browser doesn't send them. If they are sent, the operation refuses."""
        if not self.contract.chat:
            self.fields["chat_enabled"].widget.attrs["disabled"] = True
        if not self.contract.chat_widget:
            self.fields["embed_origins"].widget.attrs["disabled"] = True

    def clean(self) -> dict[str, Any]:
        """Customers would agree to a policy with brackets. Those that are there already don't ask again."""
        self.ask_about_brackets("policy", [code for code in LANGUAGES if f"policy_{code}" in self.changed_data])
        return self.cleaned_data

    def clean_chat_enabled(self) -> bool:
        sent = self.cleaned_data["chat_enabled"]
        return sent or (not self.contract.chat and self.help_center.chat_enabled)

    def clean_colour(self) -> str:
        return self.cleaned_data["colour"].lower()

    def clean_embed_origins(self) -> list[str]:
        if not self.contract.chat_widget and "embed_origins" not in self.data:
            return self.help_center.embed_origins
        try:
            return parse_origins(self.cleaned_data["embed_origins"])
        except Invalid as error:
            raise forms.ValidationError(str(error)) from None

    def setting(self) -> DefaultSetting:
        """The values of a valid form."""
        data = self.cleaned_data
        return DefaultSetting(
            **{name: data[name] for name in IN_THE_ROW},
            texts={language: self._texts(language) for language in LANGUAGES},
            policies={language: self._written("policy", language) for language in LANGUAGES},
            seen_policy=data["seen_policy"],
        )

    def accept_error(self, error: DomainError) -> None:
        """As in the base; after a refused policy, a second save replaces the current one."""
        super().accept_error(error)
        if error.code == "policy":
            self.data = self.data.copy()
            self.data["seen_policy"] = current_version(self.help_center)

    def _texts(self, language: str) -> Texts:
        return Texts(**{field.name: self._written(field.name, language) for field in fields(Texts)})


class CategoryForm(InLanguages):
    def __init__(self, category: Category | None = None, data: Any = None) -> None:
        texts = category.texts.all() if category else []
        super().__init__(data, initial={f"name_{text.language}": text.name for text in texts})
        for language, name in LANGUAGES.items():
            self.fields[f"name_{language}"] = forms.CharField(
                label=name, required=False, max_length=CategoryText._meta.get_field("name").max_length
            )
            self.fields[f"name_{language}"].widget.attrs["lang"] = language

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.names():
            raise forms.ValidationError(_("Write a name in at least one language."))
        return self.cleaned_data

    def names(self) -> dict[str, str]:
        written = {language: self._written("name", language) for language in LANGUAGES}
        return {language: name for language, name in written.items() if name}


class ArticleForm(Publishes):
    category = forms.ModelChoiceField(Category.objects.none(), label=_("Category"), empty_label=None)
    is_published = forms.BooleanField(
        label=_("Published"), required=False, help_text=_("Customers can read it. When off, it stays a draft.")
    )

    def __init__(
        self, help_center: HelpCenter, *, article: Article | None = None, category: str = "", data: Any = None
    ) -> None:
        super().__init__(data, initial=_saved_article(article) if article else {"category": category})
        self.fields["category"].queryset = help_center.categories.prefetch_related("texts")
        self.fields["category"].label_from_instance = lambda row: category_name(row, reading_language())
        for language in LANGUAGES:
            self._add_fields(language)

    def _add_fields(self, language: str) -> None:
        lengths = {name: ArticleText._meta.get_field(name).max_length for name in ("title", "body")}
        self.fields[f"title_{language}"] = forms.CharField(
            label=_("Title"), required=False, max_length=lengths["title"]
        )
        self.fields[f"body_{language}"] = Paragraphs(
            rows=14, label=_("Text"), required=False, max_length=lengths["body"]
        )
        for name in ("title", "body"):
            self.fields[f"{name}_{language}"].widget.attrs["lang"] = language

    def clean(self) -> dict[str, Any]:
        for language in LANGUAGES:
            title, body = self._written("title", language), self._written("body", language)
            if title and not body:
                self.add_error(f"body_{language}", _("A title needs a text."))
            if body and not title and f"title_{language}" not in self.errors:
                self.add_error(f"title_{language}", _("A text needs a title."))
        if not self.errors and not self.texts():
            raise forms.ValidationError(_("Write a title and a text in at least one language."))
        if self.cleaned_data.get("is_published") and "preview" not in self.data:
            changed = set(self.changed_data)
            self.ask_about_brackets("body", [code for code in LANGUAGES if {"is_published", f"body_{code}"} & changed])
        return self.cleaned_data

    def texts(self) -> dict[str, tuple[str, str]]:
        """Title and body of each language that has both."""
        written = {
            language: (self._written("title", language), self._written("body", language)) for language in LANGUAGES
        }
        return {language: text for language, text in written.items() if all(text)}


def still_to_fill(places: list[str]) -> str:
    return gettext("Still to be filled in: %(places)s") % {"places": ", ".join(places)}


def _saved_setting(help_center: HelpCenter) -> dict[str, Any]:
    initial: dict[str, Any] = {name: getattr(help_center, name) for name in IN_THE_ROW}
    initial |= {
        "embed_origins": "\n".join(help_center.embed_origins),
        "seen_policy": current_version(help_center),
    }
    for text in help_center.texts.all():
        initial |= {f"{field.name}_{text.language}": getattr(text, field.name) for field in fields(Texts)}
    return initial | {f"policy_{language}": text for language, text in current_texts(help_center).items()}


def _starter_fields(help_center: HelpCenter, starter: str, saved: dict[str, Any]) -> dict[str, str]:
    """Returns the texts to start from of those fields that are empty."""
    if starter == "policy":
        texts = {f"policy_{language}": text for language, text in policy(help_center).items()}
    elif starter == "words":
        by_language = words(help_center)
        texts = {f"{name}_{code}": text for code, texts in by_language.items() for name, text in texts.items()}
    else:
        texts = {}
    return {field: text for field, text in texts.items() if not saved.get(field)}


def _saved_article(article: Article) -> dict[str, Any]:
    initial: dict[str, Any] = {"category": article.category_id, "is_published": article.is_published}
    for text in article.texts.all():
        initial |= {f"title_{text.language}": text.title, f"body_{text.language}": text.body}
    return initial
