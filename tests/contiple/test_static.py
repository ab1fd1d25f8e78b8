"""Production's static files: every one is found, and modules import each other by their hashed names."""

import re

from django.core.management import call_command


def test_modules_import_hashed_names(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "contiple.static.HashedStorage"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    (desk,) = tmp_path.glob("js/chat-desk.????????????.js")
    imported = re.findall(r'from\s*"\./([^"]+)"', desk.read_text())
    assert imported
    assert all(
        re.fullmatch(r"[\w-]+\.[0-9a-f]{12}\.js", name) and (tmp_path / "js" / name).exists() for name in imported
    )
