"""The rows of reports' sums. ``reports.summing`` makes them, ``reports.counting`` reads them."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from agents.models import Service

LOCK = 0x52455054  # the first key of the advisory locks: "REPT". Whoever sums in a service has it alone.


class ReportSpan(models.Model):
    """A day, or a month of days, whose chats are summed because nothing of them changes any more.

    ``first`` is the day, or the month's first. ``basis`` says what it was counted with: the service's zone, and the
    version of the figures.
    """

    class Length(models.TextChoices):
        DAY = "day"
        MONTH = "month"

    service = models.ForeignKey(Service, models.CASCADE, related_name="+", db_index=False)
    length = models.CharField(max_length=5, choices=Length)
    first = models.DateField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # the first moment after it
    basis = models.CharField(max_length=72)
    received = models.PositiveIntegerField()  # with spam, which the sums leave out: by it, chats that are gone are seen

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["service", "length", "first"], name="report_span_once")]

    def __str__(self) -> str:
        return f"{self.length} {self.first} of {self.service_id}"


class ReportSum(models.Model):
    """How many chats of the span and of one ``key`` (an agent, an hour, …) bear each mark: ``numbers[i]`` ``marks[i]``.

    ``reports.marks`` says what the marks mean. No row says whose chats they were.
    """

    span = models.ForeignKey(ReportSpan, models.CASCADE, related_name="sums", db_index=False)
    grouping = models.CharField(max_length=8)
    key = models.CharField(max_length=20)
    marks = ArrayField(models.IntegerField())
    numbers = ArrayField(models.BigIntegerField())

    class Meta:
        app_label = "chat"
        constraints = [models.UniqueConstraint(fields=["span", "grouping", "key"], name="report_sum_once")]

    def __str__(self) -> str:
        return f"{self.grouping} {self.key} of span {self.span_id}"


def count_anew(service_id: int, began_at: datetime) -> None:
    """Forgets the sums of the day on which a chat began that has changed after all. The worker counts it anew.

    Call it in the transaction of the change. A day of which chats are gone keeps its sums. Waits for a worker that sums
    in the service at this moment: it has not seen the change, and nobody sees its sums yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK, service_id % 2**31])
        cursor.execute(_FORGET, {"service": service_id, "at": began_at})


_FORGET = """
WITH changed AS (
    SELECT day.id, date_trunc('month', day.first)::date AS month FROM chat_reportspan AS day
    WHERE day.service_id = %(service)s AND day.length = 'day' AND day.begins_at <= %(at)s AND day.ends_at > %(at)s
        AND day.received = (SELECT count(*) FROM chat_chat AS chat WHERE chat.service_id = day.service_id
            AND chat.created_at >= day.begins_at AND chat.created_at < day.ends_at)
), span AS (
    SELECT id FROM changed UNION ALL
    SELECT month.id FROM chat_reportspan AS month JOIN changed ON month.first = changed.month
    WHERE month.service_id = %(service)s AND month.length = 'month'
), sums AS (
    DELETE FROM chat_reportsum USING span WHERE span_id = span.id
)
DELETE FROM chat_reportspan USING span WHERE chat_reportspan.id = span.id
"""
