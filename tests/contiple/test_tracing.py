"""A message's way is traced across processes, and what is sent holds ids and times alone."""

import contextlib
import http.server
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agents.models import Service
from contiple.server import DRAIN_SECONDS
from helpcenter.customers import token_hash
from tests.faults.desk import session_of
from tests.faults.people import Agent, Crowd, Customer, wait_until
from tests.make import make_agent, make_chat, make_customer, make_message, make_service

NAME, EMAIL, TEXT = "Jun Traced", "jun.traced@example.com", "the parcel came broken, call 010-2345-6789"
SENT_SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
# Soon full, and soon given up.
SMALL_QUEUE = {
    "OTEL_BSP_MAX_QUEUE_SIZE": "8",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
}


class Collector(http.server.BaseHTTPRequestHandler):
    got: list[bytes] = []
    asked: list[tuple[str, str]] = []  # address and authorization

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass

    @classmethod
    def spans(cls) -> list[Any]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in cls.got]
        scopes = [scope for it in requests for resource in it.resource_spans for scope in resource.scope_spans]
        return [span for scope in scopes for span in scope.spans]


@pytest.fixture
def collector() -> Iterator[str]:
    Collector.got, Collector.asked = [], []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    people = Crowd()
    yield people
    people.close()


def conversation(crowd: Crowd, customers_at: Any, agents_at: Any) -> tuple[Customer, Agent]:
    """An open chat: its customer on the socket of one server, its agent on that of another."""
    service, token = make_service("traced", chats_at_once=5), uuid.uuid4().hex
    agent = make_agent(service, "Mina Traced", online=True)
    tab = Agent(crowd, slug="traced", cookie=session_of(agent.user), **place(agents_at)).open()
    customer = make_customer(service, name=NAME, email=EMAIL, token_hash=token_hash(token))
    chat = make_chat(service, customer=customer, agent=agent)
    make_message(chat)
    tab.watch(chat.pk)
    tab.wait_for(lambda: tab.ids(chat.pk))
    return Customer(crowd, slug="traced", token=token, chat=chat.pk, **place(customers_at)).open(), tab


def whole_trace() -> list[Any]:
    """The spans of the message, by name. A message that is sent again has another trace."""
    traces = defaultdict(list)
    for span in Collector.spans():
        traces[span.trace_id].append(span)
    by_name = [sorted(spans, key=lambda span: span.name) for spans in traces.values()]
    # Delivered to the sender's own page and to the agent's.
    names = ["commit", "deliver", "deliver", "receive"]
    return next((spans for spans in by_name if [span.name for span in spans] == names), [])


def place(server: Any) -> dict[str, Any]:
    return {"origin": server.origin, "port": urlsplit(server.origin).port}


def ids(span: Any) -> dict[str, int]:
    return {it.key: it.value.int_value for it in span.attributes}


def test_a_message_is_one_trace_through_two_processes_and_nothing_of_it_is_sent(
    start_server, redis_url, collector, crowd
):
    variables = {"REDIS_URL": redis_url, "OTEL_EXPORTER_OTLP_ENDPOINT": collector, **SENT_SOON}
    variables["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20of-this-test"
    customer, agent = conversation(crowd, start_server("--worker", **variables), start_server(**variables))
    sent = customer.say(customer.chat, TEXT)
    agent.wait_for(lambda: sent in agent.ids(customer.chat).values())
    wait_until(whole_trace, otherwise=lambda: f"{[(s.name, s.trace_id[:2], ids(s)) for s in Collector.spans()]}")

    commit, *delivers, receive = whole_trace()
    assert (receive.parent_span_id, commit.parent_span_id) == (b"", receive.span_id)
    assert {span.parent_span_id for span in delivers} == {commit.span_id}
    assert receive.start_time_unix_nano <= commit.start_time_unix_nano <= commit.end_time_unix_nano
    assert {span.start_time_unix_nano for span in delivers} == {commit.end_time_unix_nano}
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in delivers)

    [seq] = [seq for seq, client_id in agent.ids(customer.chat).items() if client_id == sent]
    service = Service.objects.get().pk
    for span in whole_trace():
        assert ids(span) == {"contiple.service": service, "contiple.chat": customer.chat, "contiple.seq": seq}
        assert (span.status.code, len(span.events)) == (0, 0)
    assert set(Collector.asked) == {("/v1/traces", "Bearer of-this-test")}
    assert_holds_nothing(b"".join(Collector.got), sent, os.uname().nodename)


def assert_holds_nothing(got: bytes, *more: str) -> None:
    said = ("parcel", "broken", "2345", "Jun", "Mina", "example.com", "127.0.0.1", "localhost", "Traced", *more)
    assert [part for part in said if part.encode() in got] == []


def test_a_refused_message_is_a_failed_step_without_its_reason(start_server, collector, crowd):
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=collector, **SENT_SOON)
    customer, _agent = conversation(crowd, server, server)
    customer.tell("send", client_id=str(uuid.uuid4()), body=" ")
    wait_until(Collector.spans)
    [span] = Collector.spans()
    assert (span.name, span.status.code, span.status.message, len(span.events)) == ("receive", 2, "", 0)


def test_what_is_left_is_sent_when_the_process_ends(start_server, collector, crowd):
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=collector, OTEL_BSP_SCHEDULE_DELAY="3600000")
    customer, agent = conversation(crowd, server, server)
    sent = customer.say(customer.chat, TEXT)
    agent.wait_for(lambda: sent in agent.ids(customer.chat).values())
    assert Collector.got == []
    server.process.terminate()
    server.process.wait(20)
    assert whole_trace(), [(s.name, s.trace_id[:2], ids(s)) for s in Collector.spans()]


def test_without_a_collector_messages_go_on_and_the_log_says_it_once(start_server, crowd):
    with silent_port() as port:
        server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}", **SMALL_QUEUE)
        customer, agent = conversation(crowd, server, server)
        for number in range(20):
            customer.say(customer.chat, f"Line {number}")
        agent.wait_for(lambda: len([it for it in agent.ids(customer.chat).values() if it]) == 20, seconds=20)
        wait_until(lambda: "Failed to export" in server.log)
    lines = [line for line in server.log.splitlines() if "opentelemetry" in line and " more in " not in line]
    assert 1 <= len(lines) <= 3, server.log  # one for each kind of failure


def test_the_end_does_not_wait_for_a_collector_that_is_silent(start_server, crowd):
    with silent_port() as port:
        server = start_server(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}", OTEL_EXPORTER_OTLP_TIMEOUT="60", **SENT_SOON
        )
        customer, agent = conversation(crowd, server, server)
        sent = customer.say(customer.chat, TEXT)
        agent.wait_for(lambda: sent in agent.ids(customer.chat).values())
        server.process.terminate()
        assert server.process.wait(DRAIN_SECONDS + 4) == 0


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_share_of_nothing_sends_nothing(start_server, collector, crowd):
    share = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=collector, **share)
    customer, agent = conversation(crowd, server, server)
    sent = customer.say(customer.chat, TEXT)
    agent.wait_for(lambda: sent in agent.ids(customer.chat).values())
    server.process.terminate()
    server.process.wait(20)
    assert Collector.got == []


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "contiple.settings", **variables}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True
    )


def test_without_the_variable_nothing_is_imported():
    done = run("import sys, contiple.asgi; print([it for it in sys.modules if it.startswith('opentelemetry')])")
    assert done.stdout.strip() == "[]", done.stderr


def test_without_the_package_it_says_what_to_install():
    code = "import sys; sys.modules['opentelemetry'] = None; import django; django.setup()"
    done = run(code, OTEL_EXPORTER_OTLP_ENDPOINT="http://localhost:4318")
    assert done.stderr.strip().endswith(
        "OTEL_EXPORTER_OTLP_ENDPOINT needs the packages opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http, "
        "which are not installed."
    )


def test_what_can_t_be_used_is_refused_without_showing_a_secret():
    refused = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318",
        "OTEL_EXPORTER_OTLP_HEADERS": "Bearer secret-of-this-test",
        "OTEL_TRACES_SAMPLER": "sometimes",
    }
    for name, value in refused.items():
        done = run("import django; django.setup()", **{name: value})
        assert f"ImproperlyConfigured: {name} " in done.stderr
        assert "secret-of" not in done.stderr
    share = run("import django; django.setup()", OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG="2")
    assert share.stderr.strip().endswith("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.")
