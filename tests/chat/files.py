"""Files for tests, made on the spot, and the way they are sent."""

import uuid
import zipfile
from io import BytesIO
from urllib.parse import quote

from django.test import Client
from django.urls import reverse
from PIL import Image

from agents.models import Agent
from chat.models import Chat

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def picture(size: tuple[int, int] = (640, 480), format: str = "PNG", **options) -> bytes:
    content = BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(content, format, **options)
    return content.getvalue()


def zipped(**members: bytes | str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def send_as_customer(client: Client, chat: Chat, token: str, data: bytes, name: str = "note.pdf", **headers):
    address = reverse("chat:customer_upload", args=[chat.service.slug])
    return _post(client, address, data, name, {"X-Chat-Token": token} | headers)


def send_as_agent(client: Client, chat: Chat, data: bytes, name: str = "note.pdf", **headers):
    return _post(client, reverse("chat:upload", args=[chat.service.slug, chat.pk]), data, name, headers)


def _post(client: Client, address: str, data: bytes, name: str, headers: dict):
    sent = {"X-Client-Id": str(uuid.uuid4()), "X-File-Name": quote(name, safe="")} | headers
    return client.post(address, data, content_type="application/octet-stream", headers=sent)


def read_as_customer(client: Client, chat: Chat, token: str, file: int, *, thumbnail: bool = False):
    page = "chat:customer_thumbnail" if thumbnail else "chat:customer_file"
    return client.post(reverse(page, args=[chat.service.slug, file]), {"token": token})


def read_as_agent(client: Client, agent: Agent, file: int, *, thumbnail: bool = False):
    return client.get(reverse("chat:thumbnail" if thumbnail else "chat:file", args=[agent.service.slug, file]))


def content_of(response) -> bytes:
    return b"".join(response)
