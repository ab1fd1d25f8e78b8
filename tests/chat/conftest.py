"""What the chat tests share."""

import pytest
from django.conf import LazySettings

from chat import live


@pytest.fixture(autouse=True)
def fast_passwords(settings: LazySettings) -> None:
    """Making a person takes a quarter of a second otherwise."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, live.Delivery]]:
    """What was published, in order: ``(topic, delivery)``."""
    said: list[tuple[str, live.Delivery]] = []
    monkeypatch.setattr(live, "publish", lambda topic, delivery: said.append((topic, delivery)))
    return said
