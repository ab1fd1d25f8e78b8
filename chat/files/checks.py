"""What `check --deploy` says about the storage of files."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, register


@register(deploy=True)
def folder_is_shared(**_options: Any) -> list[CheckMessage]:
    """Tells an installation of several processes that all of them need the same folder."""
    if settings.FILES_URL.scheme != "file" or not settings.REDIS_URL:
        return []
    hint = "Several machines need a folder that all of them see, or a bucket: set FILES_URL."
    return [Info("Files of chats are in a folder of this machine.", hint=hint, id="chat.I001")]
