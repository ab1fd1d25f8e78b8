"""What the chat tests share."""

import pytest

from chat.conversation import live


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, live.Delivery]]:
    """What was published, in order: ``(topic, delivery)``."""
    said: list[tuple[str, live.Delivery]] = []
    monkeypatch.setattr(live, "publish_all", said.extend)
    return said
