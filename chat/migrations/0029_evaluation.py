"""A chat's evaluation by its customer. Its reference locks the table of chats, which traffic writes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0028_evaluation_settings")]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                (
                    "chat",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="evaluation",
                        serialize=False,
                        to="chat.chat",
                    ),
                ),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("score", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("seq", models.PositiveIntegerField(blank=True, null=True)),
                ("given_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("given_at", None), ("score", None), ("seq", None)),
                            models.Q(("given_at__isnull", False), ("score__range", (1, 5)), ("seq__isnull", False)),
                            _connector="OR",
                        ),
                        name="evaluation_is_whole",
                    )
                ],
            },
        ),
    ]
