"""What a message says where there is only text: in transcripts and mails. A file is named there, never linked."""

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from chat.conversation.entries import ShownFile


def in_words(body: str, file: ShownFile | None) -> str:
    """Returns the (masked) body; of a file its name and size, in the language that is active."""
    if file is None:
        return body
    if file.removed:
        return _("File removed: %(name)s") % {"name": body}
    return _("File: %(name)s (%(size)s)") % {"name": body, "size": filesizeformat(file.size)}
