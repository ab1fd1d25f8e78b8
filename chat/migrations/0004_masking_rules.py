import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0002_unmasking"),
        ("chat", "0003_routing_log"),
        ("helpcenter", "0002_waiting_and_silence"),
    ]

    operations = [
        migrations.AddField("message", "offers", models.JSONField(blank=True, null=True)),
        # The table keeps its name: processes of the release before go on writing it.
        migrations.AlterModelTable("ChatKey", "chat_chatkey"),
        migrations.RenameModel("ChatKey", "DataKey"),
        migrations.AlterField(
            "datakey",
            "chat",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="key",
                to="chat.chat",
            ),
        ),
        migrations.AddField("datakey", "ticket", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField(
            "datakey",
            "service",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="agents.service",
            ),
        ),
        migrations.AddField(
            "datakey",
            "customer",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="helpcenter.customer",
            ),
        ),
        migrations.AddField(
            "datakey",
            "used_at",
            models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now
            ),
        ),
        migrations.AddConstraint(
            "datakey", models.UniqueConstraint(fields=("ticket",), name="key_of_ticket_once")
        ),
        migrations.AddConstraint(
            "datakey",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("chat__isnull", False), ("ticket", None)),
                    models.Q(("chat", None), ("service__isnull", False), ("ticket__isnull", False)),
                    _connector="OR",
                ),
                name="key_of_one",
            ),
        ),
        migrations.CreateModel(
            name="MaskingRules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(default=1)),
                ("kinds", models.JSONField(blank=True, default=dict)),
                (
                    "reveals_per_hour",
                    models.PositiveSmallIntegerField(default=30, verbose_name="Unmaskings per hour"),
                ),
                (
                    "service",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="masking_rules", to="agents.service"
                    ),
                ),
            ],
            options={"verbose_name": "Rules of masking", "verbose_name_plural": "Rules of masking"},
        ),
        migrations.CreateModel(
            name="OwnPattern",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "form",
                    models.CharField(
                        choices=[("word", "Word"), ("pattern", "Pattern")],
                        default="word",
                        max_length=8,
                        verbose_name="Form",
                    ),
                ),
                ("source", models.CharField(max_length=200, verbose_name="Word or pattern")),
                ("action", models.CharField(max_length=8)),
                ("keep", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="own_patterns", to="agents.service"
                    ),
                ),
            ],
            options={
                "verbose_name": "Own word or pattern",
                "verbose_name_plural": "Own words and patterns",
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            "ownpattern",
            models.UniqueConstraint(fields=("service", "form", "source"), name="own_pattern_once"),
        ),
    ]
