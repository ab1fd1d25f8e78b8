"""The dashboard and the alerts ask for numbers that there are, with labels that they have, in Prometheus' own form."""

import asyncio
import json
import re
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from contiple.base import env, metrics
from tests.contiple.asgi import ask

FOLDER = env.BASE_DIR / "contiple" / "operations"
NAME = re.compile(r"\b(?:contiple|process)_[a-z_]+")
# What stands in braces after a name, or behind "by".
LABEL = re.compile(r'(\w+)(?:=~?|!=)"|by \(([\w, ]+)\)')
OF_THE_SCRAPE = {"instance", "job", "le"}
DURATION = re.compile(r"\d+[smhd]")
TOKEN = "a-token-of-the-operator"


def rules() -> list[dict]:
    [group] = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return group["rules"]


def panels() -> list[dict]:
    return json.loads((FOLDER / "dashboard.json").read_text())["panels"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@pytest.fixture
def samples(settings, transactional_db) -> dict[str, set[str]]:
    """The labels of each sample's name, as a scrape answers."""
    settings.METRICS_TOKEN = TOKEN
    metrics.watch_pool("django", lambda: {"pool_size": 1})
    metrics.request_done("hc", "GET", 200, 0.1)
    answer = asyncio.run(ask("/metrics", authorization=f"Bearer {TOKEN}"))
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_number_that_they_ask_for_exists_with_the_labels_they_use(samples):
    for expression in expressions():
        names = NAME.findall(expression)
        assert names, expression
        assert [name for name in names if name not in samples] == [], expression
        has = OF_THE_SCRAPE.union(*(samples[name] for name in names))
        used = {label.strip() for pair in LABEL.findall(expression) for part in pair for label in part.split(",")}
        assert used - {""} <= has, expression


def test_every_number_of_ours_is_on_the_dashboard_or_in_an_alert(samples):
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    ours = {name for name in samples if name.startswith("contiple_") and not name.endswith("_created")}
    families, shown = ({re.sub("_(bucket|sum|count)$", "", name) for name in names} for names in (ours, asked))
    assert families - shown == {"contiple_pool_queued_total"}


def test_rules_have_the_form_of_prometheus():
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert DURATION.fullmatch(rule["for"])
        assert rule["labels"]["severity"] in {"page", "look"}
        assert {"summary", "description"} == set(rule["annotations"])
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_names_are_as_prometheus_has_them(samples):
    for name in samples:
        if name.startswith("contiple_"):
            assert re.fullmatch(r"[a-z_]+", name)
            assert not re.search(r"_(ms|milliseconds|minutes|kb)(_|$)", name), name


def test_panels_lie_side_by_side_and_name_the_chosen_source():
    places = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & places
        assert at["x"] + at["w"] <= 24
        places |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
