"""Files in a bucket of a real S3 server: they come, are read, go; and while it is away nothing is half there."""

import subprocess
import sys
import uuid
from urllib.parse import urlsplit

import boto3
import pytest
from django.test import Client
from moto.server import ThreadedMotoServer

from chat.files import upkeep
from chat.models import ChatFile, Message
from contiple import doctor
from contiple.base.file_storage import storage_of
from helpcenter.customers import register_customer
from tests.chat.files import PDF, content_of, picture, read_as_customer, send_as_customer
from tests.make import make_chat
from tests.services import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore:StreamingHttpResponse")]
KEY, SECRET, BUCKET = "some-key", "a/secret+key", "files"


@pytest.fixture(scope="module")
def port():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    yield server._server.server_port
    server.stop()


@pytest.fixture
def bucket(port, settings):
    use(settings, port)
    options = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
    resource = boto3.resource("s3", endpoint_url=f"http://127.0.0.1:{port}", **options)
    made = resource.create_bucket(Bucket=BUCKET)
    yield made
    made.objects.all().delete()
    made.delete()


def use(settings, port: int) -> None:
    settings.FILES_URL = urlsplit(f"s3://{KEY}:a%2Fsecret%2Bkey@127.0.0.1:{port}/{BUCKET}/desk?tls=0&region=us-east-1")
    settings.STORAGES = settings.STORAGES | {"files": storage_of(settings.FILES_URL)}


@pytest.fixture
def chat_and_token(service, agent):
    customer, token = register_customer(service, name="Jun", email="", language="en")
    return make_chat(service, customer=customer, agent=agent), token


def names(bucket) -> set[str]:
    return {stored.key for stored in bucket.objects.all()}


def test_a_picture_comes_and_goes(bucket, chat_and_token):
    chat, token = chat_and_token
    assert send_as_customer(Client(), chat, token, picture(), "a.png").status_code == 201
    file = ChatFile.objects.get()
    folder = f"desk/{file.key[:2]}"
    assert names(bucket) == {f"{folder}/{file.key}", f"{folder}/{file.key}-small"}
    for thumbnail, head in ((False, b"\x89PNG"), (True, b"\xff\xd8\xff")):
        answer = read_as_customer(Client(), chat, token, file.pk, thumbnail=thumbnail)
        content = content_of(answer)
        assert content.startswith(head)
        assert answer["Content-Length"] == str(len(content))
    ChatFile.objects.update(state="removed")
    assert upkeep.clear_away() == 1
    assert names(bucket) == set()


def test_a_large_file_is_one_object_that_comes_back_whole(bucket, chat_and_token):
    chat, token = chat_and_token
    data = PDF + bytes(9 * 1024 * 1024)
    assert send_as_customer(Client(), chat, token, data).status_code == 201
    assert content_of(read_as_customer(Client(), chat, token, ChatFile.objects.get().pk)) == data


def test_without_the_server_a_file_is_sent_again_later(bucket, port, chat_and_token, settings):
    chat, token = chat_and_token
    same = {"X-Client-Id": str(uuid.uuid4())}
    use(settings, free_port())
    refused = send_as_customer(Client(), chat, token, PDF, **same)
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert refused["Retry-After"]
    assert not Message.objects.exists()
    use(settings, port)
    assert send_as_customer(Client(), chat, token, PDF, **same).status_code == 201
    upkeep.clear_away()
    assert Message.objects.count() == 1


def test_a_file_that_the_bucket_has_lost_is_not_found(bucket, chat_and_token):
    chat, token = chat_and_token
    send_as_customer(Client(), chat, token, PDF)
    bucket.objects.all().delete()
    assert read_as_customer(Client(), chat, token, ChatFile.objects.get().pk).status_code == 404


def test_the_doctor_tries_the_bucket(bucket, settings):
    assert [found.state for found in doctor.findings([doctor.files])] == [doctor.OK]
    assert names(bucket) == set()
    use(settings, free_port())
    [found] = doctor.findings([doctor.files])
    assert (found.state, SECRET in found.what) == (doctor.BROKEN, False)


def test_the_library_is_loaded_only_by_who_uses_it():
    code = "import django, sys; django.setup(); import chat.urls, contiple.doctor; "
    code += "print({'boto3', 'PIL'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
