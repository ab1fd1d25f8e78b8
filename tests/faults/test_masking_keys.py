"""Masking keys that don't fit: a new process refuses to start, and one that runs goes on storing."""

import os
import subprocess
import sys

from django.conf import settings

from chat.masking.models import DataKey
from chat.models import Mask, Message
from contiple.base import crypto
from tests.faults.people import wait_until

CARDS = ("4111 1111 1111 1111", "4539 1488 0343 6467")
START_S = 60


def start(cluster, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as the cluster runs its processes, with other keys."""
    environment = {
        **os.environ,
        "CONTIPLE_MODE": "local",
        "DATABASE_URL": cluster.postgres.url,
        "CONTIPLE_DATA": str(cluster.postgres.folder),
        "SECRET_KEY": settings.SECRET_KEY,
        **variables,
    }
    arguments = [sys.executable, str(settings.BASE_DIR / "manage.py"), command]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=START_S)


def test_a_running_server_whose_key_is_wrong_goes_on_storing_and_a_new_one_refuses_to_start(cluster, desk):
    _agent, _tab, customer = desk.conversation()
    customer.say(customer.chat, f"My card is {CARDS[0]}")
    wait_until(lambda: Mask.objects.filter(message__chat=customer.chat).count() == 1)
    key = DataKey.objects.get(kind="chat", number=customer.chat)
    # As after a restore: what is there is under another key of the same name.
    DataKey.objects.filter(pk=key.pk).update(wrapped=crypto.seal(crypto.new_key(), crypto.new_key(), b"another"))

    customer.say(customer.chat, f"Or it is {CARDS[1]}")
    wait_until(lambda: Mask.objects.filter(message__chat=customer.chat).count() == 2)
    bodies = (
        Message.objects.filter(chat=customer.chat, author="customer").order_by("seq").values_list("body", flat=True)
    )
    assert [body[-19:] for body in bodies] == ["*" * 19] * 2
    assert DataKey.objects.filter(kind="chat", number=customer.chat).count() == 2

    for command in ("serve", "worker"):
        refused = start(cluster, command, MASKING_KEYS=crypto.format_master_key("other", crypto.new_key()))
        assert refused.returncode == 1
        assert len(refused.stderr.strip().splitlines()) == 1
        assert "MASKING_KEYS_LOST=" in refused.stderr
    DataKey.objects.filter(pk=key.pk).delete()
