"""What a service lets its customers and agents send: which kinds, how large, how many in a chat."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.models import Service
from chat.file import ChatFile
from chat.files.kinds import TYPES, Type
from chat.files.refusals import NotAccepted
from chat.service_settings import ChatSettings
from contiple.base.errors import Closed

MEGABYTE = 1024 * 1024
_FIELDS = {
    ChatFile.Kind.PICTURE: "file_pictures",
    ChatFile.Kind.DOCUMENT: "file_documents",
    ChatFile.Kind.AUDIO: "file_audio",
    ChatFile.Kind.VIDEO: "file_video",
    ChatFile.Kind.ARCHIVE: "file_archives",
}


class Limits(NamedTuple):
    size_max: int  # bytes
    count_max: int  # in one chat
    kinds: frozenset[str]

    @property
    def accept(self) -> str:
        """The value of ``accept`` for the browser's dialog: a help for people, it decides nothing."""
        types = [each for each in TYPES if each.kind in self.kinds]
        wide = ["image/*"] if ChatFile.Kind.PICTURE in self.kinds else []  # phones offer the camera
        return ",".join([*wide, *(f".{extension}" for each in types for extension in each.extensions)])

    def require_size(self, size: int) -> None:
        if size > self.size_max:
            text = _("This file is too large. At most %(size)d MB can be sent.") % {"size": self.size_max // MEGABYTE}
            raise NotAccepted(text, code="too_large", status=413)
        if not size:
            raise NotAccepted(_("This file is empty."), code="empty", status=422)

    def require_kind(self, found: Type | None) -> Type:
        if found is None or found.kind not in self.kinds:
            raise NotAccepted(_("Files of this kind can’t be sent here."), code="kind", status=415)
        return found

    def require_room(self, count: int) -> None:
        if count >= self.count_max:
            text = ngettext(
                "At most %(count)d file can be sent in one chat.",
                "At most %(count)d files can be sent in one chat.",
                self.count_max,
            )
            raise NotAccepted(text % {"count": self.count_max}, code="too_many", status=429)


def limits_of(service: Service | int) -> Limits | None:
    """Returns the limits as they are now; ``None`` if the service has files switched off."""
    return limits_in(ChatSettings.objects.filter(service=service).first() or ChatSettings())


def limits_in(row: ChatSettings) -> Limits | None:
    """Returns the limits that these settings have; ``None`` if files are switched off."""
    if not row.files_on:
        return None
    kinds = frozenset(str(kind) for kind, field in _FIELDS.items() if getattr(row, field))
    return Limits(row.file_size_mb * MEGABYTE, row.file_count, kinds) if kinds else None


def require_limits(service_id: int) -> Limits:
    """Raises ``Closed`` if the service has files switched off."""
    limits = limits_of(service_id)
    if limits is None:
        raise Closed(_("Files can’t be sent in this chat."))
    return limits
