"""The HTTP side that both ends share: reading what is uploaded, and answering with a file or a refusal."""

import uuid
from collections.abc import AsyncIterator, Callable
from functools import wraps
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from agents.credentials import Credential
from agents.models import Agent
from chat.canned_response import CannedFile
from chat.conversation.messages import Sent
from chat.file import ChatFile
from chat.files import sending, storing
from chat.files.kinds import JPEG
from chat.files.sending import Upload
from chat.models import Chat, Message
from contiple.base import pools
from contiple.base.errors import Conflict, DomainError, Invalid
from contiple.base.waiting import say_when

PIECE_BYTES = 64 * 1024
NAME_BYTES_MAX = 4096  # as it is escaped in the header
# A file is shown by itself: it runs nothing, loads nothing, and no other site may embed it.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


def refusals_as_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers a refusal with its code for the script and its sentence for the person."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            answer = JsonResponse({"code": error.code, "text": str(error)}, status=error.status)
            return say_when(answer, error)

    return guarded


def upload_of(request: HttpRequest, chat: Chat, credential: Credential | None = None) -> Upload:
    """Raises ``Invalid`` if the headers can't be read."""
    name = request.headers.get("X-File-Name", "")[:NAME_BYTES_MAX]
    try:
        client_id = uuid.UUID(request.headers.get("X-Client-Id", ""))
    except ValueError:
        raise Invalid(_("The page sent something that can’t be read. Reload it and try again.")) from None
    return Upload(chat=chat, client_id=client_id, name=unquote(name, errors="replace"), credential=credential)


def receive(request: HttpRequest, upload: Upload, admit: Callable[[], object]) -> HttpResponse:
    """Sends the request's body as a file, and answers with its place once its message is committed."""
    return placed(upload, admit, lambda: sending.send(upload, cast(BinaryIO, request)))


def placed(upload: Upload, admit: Callable[[], object], send: Callable[[], Sent]) -> HttpResponse:
    """Answers with the place of the message that ``send`` commits.

    ``admit`` raises a refusal. It is not asked about what is there already: a try whose answer was lost.
    """
    sent = sending.earlier(upload)
    if sent is None:
        admit()
        sent = send()
    return JsonResponse({"seq": sent.seq, "rev": sent.rev}, status=200 if sent.is_repeat else 201)


def credential_of(request: HttpRequest, agent: Agent) -> Credential:
    """Returns what is checked again when the message of a file is committed."""
    user, key = agent.user, request.session.session_key or ""
    return Credential(agent.pk, agent.service_id, key, user.password, user.second_factor)


def require_own(agent: Agent, chat: Chat) -> None:
    """Raises ``Conflict`` if the chat is open, and another agent has it by now."""
    if chat.is_open and (chat.agent_id != agent.pk or chat.state != Chat.State.ACTIVE):
        raise Conflict(_("This chat is no longer yours."), code="not_yours")


def file_answer(file: ChatFile, *, thumbnail: bool = False) -> HttpResponse:
    """Returns the bytes of a file that the caller may see, in pieces. Raises ``Http404`` if there are none."""
    return bytes_answer(file, _name_of(file), thumbnail=thumbnail)


def bytes_answer(file: ChatFile | CannedFile, name: str, *, thumbnail: bool = False) -> HttpResponse:
    """As ``file_answer``, under this name."""
    if thumbnail and not file.has_thumbnail:
        raise Http404
    try:
        stored = storing.opened(file, part=storing.THUMBNAIL if thumbnail else "")
    except FileNotFoundError:
        raise Http404 from None
    content_type = JPEG.content_type if thumbnail else file.content_type
    answer: Any = StreamingHttpResponse(_pieces(stored), content_type=content_type, headers=_HEADERS)
    answer["Content-Length"] = str(stored.size)
    is_attachment = file.kind != ChatFile.Kind.PICTURE
    answer["Content-Disposition"] = content_disposition_header(is_attachment, name) or "inline"
    return answer


def _name_of(file: ChatFile) -> str:
    """The name as everybody is shown it, with its masks."""
    return Message.objects.values_list("body", flat=True).get(chat=file.chat_id, client_id=file.client_id)


async def _pieces(stored: Any) -> AsyncIterator[bytes]:
    """Holds no connection to the database while a slow reader reads."""
    await sync_to_async(pools.let_go)()
    read = sync_to_async(stored.read, thread_sensitive=False)
    try:
        while piece := await read(PIECE_BYTES):
            yield piece
    finally:
        stored.close()
