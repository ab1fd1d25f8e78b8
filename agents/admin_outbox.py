"""The operator's page of mails: of every service, and of none. Without a mail server it shows what would have left."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr, urlize
from django.utils import translation
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agents.admin_accounts import ReadOnlyAdmin
from agents.outbox import problems, upkeep
from agents.outbox.kinds import kind_of
from agents.outbox.models import OutgoingMail
from agents.outbox.posting import content_of
from contiple.base.crypto import Unreadable


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """Deleting a mail that waits withdraws it. Texts are shown only if there was no mail server to send them."""

    list_display = ("created_at", "service", "kind_label", "subject", "state", "problem")
    list_display_links = ("created_at", "kind_label")
    list_filter = ("state", "kind", "service")
    list_select_related = ("service",)
    search_fields = ("message_id__exact", "about__exact")
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("start_again",)

    def get_fields(self, request: HttpRequest, obj: OutgoingMail | None = None) -> tuple[str, ...]:
        fields = ("service", "kind_label", "about", "to", "cc", "state", "problem", "attempts")
        times = ("message_id", "created_at", "due_at", "sent_at")
        is_unsent = obj is not None and obj.state == OutgoingMail.State.UNSENT
        return (*fields, *times, "content" if is_unsent else "subject")

    def get_readonly_fields(self, request: HttpRequest, obj: OutgoingMail | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description=_("Kind"), ordering="kind")
    def kind_label(self, row: OutgoingMail) -> str:
        return kind_of(row).label

    @admin.display(description=_("Last error"))
    def problem(self, row: OutgoingMail) -> str:
        return problems.sentence(row.last_error)

    @admin.display(description=_("Text"))
    def content(self, row: OutgoingMail) -> str:
        """What would have left: subject and text, with links to click."""
        try:
            subject, text = _as_it_would_leave(row)
        except Unreadable:
            return "–"
        words = linebreaksbr(urlize(escape(text)))  # templates of plain text call it safe, and it is not
        return format_html("<strong>{}</strong><br><br>{}", subject, words)

    @admin.action(description=_("Send again"), permissions=["view"])
    def start_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        count = sum(upkeep.start_again(row) for row in queryset)
        said = ngettext(
            "%(count)s e-mail will be sent again shortly.", "%(count)s e-mails will be sent again shortly.", count
        )
        messages.success(request, said % {"count": count})


def _as_it_would_leave(row: OutgoingMail) -> tuple[str, str]:
    """Returns subject and text. A mail of a kind that is not kept is made now, with a link that works."""
    make = kind_of(row).make
    if make is None:
        return row.subject, content_of(row)[0]
    with translation.override(row.language):
        mail = make(row)
    return (mail.subject, mail.text) if mail else ("–", "")
