"""What two runs have left behind, gathered once."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.leaks.witness import Evidence, bear_witness


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory, django_db_blocker) -> Iterator[Evidence]:
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=["tests.hashers.FastHasher"]):
        yield bear_witness(tmp_path_factory.mktemp("leaks"))
