import pytest
from django.utils.translation import gettext, override


@pytest.fixture
def korean_catalogue() -> None:
    """For tests that read Korean: skipped where the catalogue isn't compiled (``make test`` compiles it)."""
    with override("ko"):
        if gettext("Sign in") == "Sign in":
            pytest.skip("the Korean catalogue is not compiled")
