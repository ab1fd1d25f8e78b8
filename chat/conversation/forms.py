"""The filter bar of Chat History."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from agents.forms import all_agents
from agents.models import Service
from chat.categories import Tree, tree_of
from chat.conversation.history import ENDS, NONE, TEXT_LENGTH_MAX, Filters, Outcome, Spam
from chat.evaluation import Score
from chat.masking.concealing import conceal
from chat.tag import tags_in_use
from chat.topics import Topic


class HistoryForm(forms.Form):
    """Invalid filters are ignored, so an old link still shows a list."""

    q = forms.CharField(required=False)
    agent = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    topic = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    category = forms.ChoiceField(required=False)
    tag = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    outcome = forms.ChoiceField(required=False, choices=[("", _("All results")), *Outcome.choices])
    score = forms.ChoiceField(
        required=False,
        choices=[("", _("All evaluations")), *reversed(Score.choices), (NONE, _("No evaluation"))],
    )
    ended = forms.ChoiceField(required=False, choices=[("", _("All endings")), *ENDS.items()])
    language = forms.ChoiceField(required=False, choices=[("", _("All languages")), *settings.LANGUAGES])
    spam = forms.ChoiceField(required=False, choices=[("", _("With spam")), *Spam.choices])
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any, *, service: Service) -> None:
        super().__init__(data, auto_id="chats-%s")
        self.service, self.tree = service, tree_of(service)
        self.fields["agent"].choices = all_agents(service)
        self.fields["topic"].choices = [("", _("All queues")), *all_topics(service)]
        self.fields["category"].choices = [("", _("All categories")), (NONE, _("No category")), *_paths(self.tree)]
        self.fields["tag"].choices = [("", _("All tags")), *_tags(service, asked=data.get("tag", ""))]
        for name, label in LABELS.items():
            self.fields[name].widget.attrs |= {"class": "input", "aria-label": label, "title": label}

    def selects(self) -> list[forms.BoundField]:
        """The choices that the page shows: of queues, categories and tags only if there are some."""
        shown = {name: len(self.fields[name].choices) > 1 for name in ("topic", "tag")}
        shown["category"] = bool(self.tree.by_id)
        names = ("agent", "topic", "category", "tag", "outcome", "score", "ended", "language", "spam")
        return [self[name] for name in names if shown.get(name, True)]

    def in_words(self) -> list[tuple[Any, str]]:
        """The valid filters as labels and values, for a page that doesn't show the form."""
        shown = [(_("Customer"), self.filters().text)]
        for name, label in LABELS.items():
            value = self.cleaned_data.get(name)
            choices = {str(key): words for key, words in getattr(self.fields[name], "choices", [])}
            shown.append((label, str(choices.get(str(value), value)) if value else ""))
        return [(label, value) for label, value in shown if value]

    def filters(self) -> Filters:
        """The valid filters. The text is masked as stored names are: personal numbers are in no query either."""
        self.is_valid()
        found = {name: value for name, value in self.cleaned_data.items() if name != "q"}
        text = self.cleaned_data.get("q", "")[:TEXT_LENGTH_MAX]
        # Without a text, no query for the rules.
        return Filters(**found, text=conceal(self.service, text) if text else "")


LABELS = {
    "agent": _("Agent"),
    "topic": _("Queue"),
    "category": _("Category"),
    "tag": _("Tag"),
    "outcome": _("Result"),
    "score": _("Evaluation"),
    "ended": _("How it ended"),
    "language": _("Language"),
    "spam": _("Spam"),
    "since": _("From"),
    "until": _("Until"),
}


def _paths(tree: Tree) -> list[tuple[int, str]]:
    """Those that were removed come last: past chats bear them."""
    return [(row.pk, tree.said(row)) for row in [*tree.offered(), *tree.removed()]]


def _tags(service: Service, *, asked: str) -> list[tuple[int, str]]:
    """Those in use, and the one that was asked for. One that has gone finds nothing: not all chats, unnoticed."""
    tags = list(tags_in_use(service).values_list("pk", "name"))
    if asked.isascii() and asked.isdecimal() and len(asked) <= 18 and int(asked) not in dict(tags):
        tags.append((int(asked), _("%(name)s (removed)") % {"name": "*"}))
    return tags


def all_topics(service: Service) -> list[tuple[int, str]]:
    """The service's queues as choices. Those that were removed come last: past chats bear them."""
    topics = sorted(Topic.objects.filter(service=service), key=lambda topic: topic.removed_at is not None)
    return [(topic.pk, _said(topic)) for topic in topics]


def _said(topic: Topic) -> str:
    return _("%(name)s (removed)") % {"name": topic} if topic.removed_at else str(topic)
