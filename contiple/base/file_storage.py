"""Where files of chats are stored, by ``FILES_URL``: a folder, or a bucket that speaks S3."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote

from django.core.files.storage import FileSystemStorage


class FolderStorage(FileSystemStorage):
    """A folder of this machine, or one that several machines share. What is saved is on the disk, not in its cache."""

    def _save(self, name: str, content: Any) -> str:
        name = super()._save(name, content)  # type: ignore[misc]  # the types know of no such method
        path = Path(self.path(name))
        for written in (path, path.parent):
            self._sync(written)
        return name

    def _sync(self, path: Path) -> None:
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def storage_of(url: SplitResult) -> dict[str, Any]:
    """Returns the entry of Django's ``STORAGES`` for ``file:///folder`` or ``s3://key:secret@host/bucket/prefix``."""
    if url.scheme == "file":
        options = {"location": unquote(url.path), "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": "contiple.base.file_storage.FolderStorage", "OPTIONS": options}
    return {"BACKEND": "contiple.base.s3_storage.BucketStorage", "OPTIONS": _bucket(url)}


def _bucket(url: SplitResult) -> dict[str, Any]:
    """``?region=`` names the region, ``?tls=0`` speaks plain HTTP. Without a key the machine's own role is used."""
    bucket, _sep, prefix = unquote(url.path).strip("/").partition("/")
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    host = f"{url.hostname}:{url.port}" if url.port else url.hostname
    return {
        "bucket_name": bucket,
        "location": prefix,
        "endpoint_url": f"{'http' if query.get('tls') == '0' else 'https'}://{host}",
        "region_name": query.get("region"),
        "access_key": unquote(url.username or "") or None,
        "secret_key": unquote(url.password or "") or None,
    }
