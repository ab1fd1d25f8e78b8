"""The cluster of the fault tests, whole again after every test. A file with a ``TOPOLOGY`` has one of its own."""

import contextlib
from collections.abc import Iterator

import pytest
from django.conf import settings

from contiple.local.cluster import Cluster, Topology
from tests.faults.desk import Desk, orm_in, when_database_answers
from tests.faults.people import Crowd
from tests.services import temporary_folder


@pytest.fixture(scope="package")
def shared_cluster() -> Iterator[Cluster]:
    """2 web processes and a worker, for all files that need nothing else: its start takes longer than most tests.

    It ends with the last of these files: beside other tests its processes would take a sixth of the machine.
    """
    with _cluster() as running:
        yield running


@pytest.fixture(scope="module")
def cluster(request, django_db_blocker) -> Iterator[Cluster]:
    """While the tests of a file run, the ORM of their thread works in the cluster's database."""
    with contextlib.ExitStack() as stack:
        if topology := getattr(request.module, "TOPOLOGY", None):
            running = stack.enter_context(_cluster(**topology))
        else:
            running = request.getfixturevalue("shared_cluster")
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(orm_in(running.postgres.url))
        yield running


def _cluster(**topology: int) -> Cluster:
    """Its processes know the sessions that this one makes."""
    # Not below pytest's folder, which each new test run closes again for the user that PostgreSQL runs as.
    variables = {"LOG_LEVEL": "WARNING", "SECRET_KEY": settings.SECRET_KEY}
    return Cluster(temporary_folder(), Topology(**topology), variables=variables)


@pytest.fixture
def crowd(cluster: Cluster) -> Iterator[Crowd]:
    people = Crowd()
    yield people
    people.close()


@pytest.fixture
def desk(cluster: Cluster, crowd: Crowd) -> Desk:
    return Desk(cluster, crowd)


@pytest.fixture(autouse=True)
def whole_again(cluster: Cluster) -> Iterator[None]:
    """What a test has ended is there for the next one."""
    yield
    cluster.postgres.start()
    for process in cluster:
        if not process.is_running:
            process.start()
    when_database_answers()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """A failure shows what the processes of the cluster said."""
    report = yield
    running = getattr(item, "funcargs", {}).get("cluster")
    if report.failed and running is not None:
        report.sections += [(f"log of {process.name}", process.log[-1500:]) for process in running]
    return report
