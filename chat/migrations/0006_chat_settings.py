"""Makes the table of chat's settings, empty: ``0007`` fills it. It locks ``agents_service`` alone."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

DAY_MINUTES = 24 * 60


def number(name: str, default: int, most: int, help_text: str) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        default=default,
        help_text=help_text,
        validators=[django.core.validators.MaxValueValidator(most)],
        verbose_name=name,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0003_audit_by_month"),
        ("chat", "0005_data_key_holders"),
    ]

    operations = [
        # Who waits for a table's lock keeps everybody waiting behind: rather fail, and run again.
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", "SET LOCAL lock_timeout = '5s'"),
        migrations.CreateModel(
            name="ChatSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "assign_recent_agent",
                    models.BooleanField(
                        default=False,
                        help_text="If available, the agent with recent history with this customer comes first.",
                        verbose_name="Assign Chat",
                    ),
                ),
                (
                    "queue_limit",
                    number(
                        "Queue limit",
                        0,
                        10_000,
                        "When the queue is full, customers are offered a 1:1 inquiry. 0 means no limit.",
                    ),
                ),
                (
                    "longest_wait_minutes",
                    number(
                        "Longest wait (minutes)",
                        0,
                        DAY_MINUTES,
                        "Customers who wait longer are offered a 1:1 inquiry and keep their place in the queue. 0 means never.",
                    ),
                ),
                (
                    "idle_reminder_minutes",
                    number(
                        "Reminder to a silent customer (minutes)",
                        5,
                        DAY_MINUTES,
                        "Counted from the agent’s last message. 0 means never.",
                    ),
                ),
                (
                    "idle_close_minutes",
                    number(
                        "End of a silent chat (minutes)",
                        15,
                        DAY_MINUTES,
                        "Counted from the same message and announced in the reminder. 0 means never.",
                    ),
                ),
                (
                    "service",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chat_settings", to="agents.service"
                    ),
                ),
            ],
            options={"verbose_name": "Chat settings", "verbose_name_plural": "Chat settings"},
        ),
    ]
