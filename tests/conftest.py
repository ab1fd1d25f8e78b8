"""Fixtures of all tests: the cast, the database's URL, Redis, a real server."""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import TransactionTestCase
from django.utils import translation

from contiple.base.file_storage import storage_of
from tests import server as servers
from tests import services
from tests.emptying import empty_tables

pytest_plugins = ["tests.cast"]
TransactionTestCase._fixture_teardown = empty_tables

FOLDER = Path(__file__).parent
LONG = ("leaks", "faults", "browser", "contiple")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first, so that both workers end together. (``--no-loadscope-reorder`` keeps this order.)"""
    ranks = {name: rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(FOLDER).parts[0], len(ranks)))


@pytest.fixture(autouse=True)
def fast_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.hashers.FastHasher"]


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path: Path) -> None:
    """Files of chats are stored in a folder of the test's own. Servers have theirs."""
    settings.FILES_URL = urlsplit((tmp_path / "files").as_uri())
    settings.STORAGES = settings.STORAGES | {"files": storage_of(settings.FILES_URL)}


@pytest.fixture(autouse=True)
def in_english() -> None:
    """A page that a test before has asked for in another language leaves that language behind."""
    translation.deactivate()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis, started when the first test asks."""
    with services.redis() as url:
        yield url


@pytest.fixture(scope="session")
def server_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="module")
def server(django_db_setup, server_logs: Path) -> Iterator[servers.Server]:
    """`manage.py serve` as production runs it, with its worker. Only for tests with ``transactional_db``."""
    with servers.running(server_logs / f"{uuid.uuid4()}.log") as started:
        yield started


@pytest.fixture
def start_server(transactional_db, server_logs: Path) -> Iterator[Callable[..., servers.Server]]:
    """More servers, or other ones: ``start_server("--worker", REDIS_URL=redis_url)``."""
    with contextlib.ExitStack() as stack:

        def start(*options: str, **environment: str) -> servers.Server:
            log_file = server_logs / f"{uuid.uuid4()}.log"
            return stack.enter_context(servers.running(log_file, *options, **environment))

        yield start


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """A failure shows what the servers of the test said."""
    report = yield
    if report.failed:
        for started in filter(lambda value: isinstance(value, servers.Server), getattr(item, "funcargs", {}).values()):
            report.sections.append((f"log of {started.origin}", started.log[-8000:]))
    return report
