import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# Django would take the foreign key away and make it anew, which locks the services.
SERVICE_MAY_BE_NULL = migrations.SeparateDatabaseAndState(
    database_operations=[
        migrations.RunSQL(
            "ALTER TABLE tickets_receivedmail ALTER COLUMN service_id DROP NOT NULL", migrations.RunSQL.noop
        )
    ],
    state_operations=[
        migrations.AlterField(
            model_name="receivedmail",
            name="service",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="agents.service",
                verbose_name="Service",
            ),
        )
    ],
)
REASONS = [
    ("", "Filed"),
    ("automatic", "Automatic e-mail"),
    ("loop", "Sent by this desk"),
    ("bounce", "Could not be delivered"),
    ("too_many", "Too many from this sender"),
    ("blocked", "The sender is blocked"),
    ("no_sender", "No usable sender"),
    ("empty", "Nothing in it"),
    ("unreadable", "Could not be read"),
    ("nobody", "For no service"),
]


class Migration(migrations.Migration):
    dependencies = [("tickets", "0028_agent_of_comment_draft")]

    operations = [
        SERVICE_MAY_BE_NULL,
        migrations.AlterModelOptions(
            name="polledfolder",
            options={"verbose_name": "Mailbox that is read", "verbose_name_plural": "Mailboxes that are read"},
        ),
        migrations.AddField(
            model_name="polledfolder",
            name="last_error",
            field=models.CharField(blank=True, db_default="", max_length=80, verbose_name="Last error"),
        ),
        migrations.AddField(
            model_name="polledfolder",
            name="read_at",
            field=models.DateTimeField(null=True, verbose_name="Last read"),
        ),
        migrations.AddField(
            model_name="polledfolder",
            name="stuck_since",
            field=models.DateTimeField(null=True, verbose_name="Since"),
        ),
        migrations.AddField(
            model_name="receivedmail",
            name="digest",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="receivedmail",
            name="folder",
            field=models.CharField(blank=True, db_default="", max_length=255, verbose_name="Mailbox"),
        ),
        migrations.AddField(
            model_name="receivedmail",
            name="recipients",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), null=True, size=None, verbose_name="To"
            ),
        ),
        migrations.AddField(model_name="receivedmail", name="sealed", field=models.BinaryField(null=True)),
        migrations.AddField(model_name="receivedmail", name="uid", field=models.BigIntegerField(null=True)),
        migrations.AlterField(
            model_name="polledfolder",
            name="failed",
            field=models.JSONField(default=list, verbose_name="Not filed yet"),
        ),
        migrations.AlterField(
            model_name="polledfolder",
            name="name",
            field=models.CharField(max_length=255, unique=True, verbose_name="Mailbox"),
        ),
        migrations.AlterField(
            model_name="receivedmail",
            name="reason",
            field=models.CharField(
                blank=True, choices=REASONS, default="", max_length=12, verbose_name="Reason"
            ),
        ),
        migrations.AddIndex(
            model_name="receivedmail", index=models.Index(fields=["received_at"], name="receivedmail_by_age")
        ),
        migrations.AddIndex(
            model_name="receivedmail",
            index=models.Index(
                condition=models.Q(("reason__in", ("nobody", "unreadable"))),
                fields=["id"],
                name="receivedmail_stopped",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivedmail",
            constraint=models.UniqueConstraint(
                condition=models.Q(("service", None)), fields=("message_id",), name="receivedmail_nobodys_once"
            ),
        ),
    ]
