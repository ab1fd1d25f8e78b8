import pytest
from django.conf import LazySettings
from django.utils.translation import gettext, override


@pytest.fixture(autouse=True)
def fast_passwords(settings: LazySettings) -> None:
    """Making a person takes a quarter of a second otherwise."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def korean_catalogue() -> None:
    """For tests that read Korean: skipped where the catalogue isn't compiled (``make test`` compiles it)."""
    with override("ko"):
        if gettext("Sign in") == "Sign in":
            pytest.skip("the Korean catalogue is not compiled")
