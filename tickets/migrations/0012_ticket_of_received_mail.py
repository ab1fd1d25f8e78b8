import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0011_received_mail")]

    operations = [
        migrations.AddField(
            model_name="receivedmail",
            name="ticket",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="received",
                to="tickets.ticket",
            ),
        ),
        migrations.AddIndex(
            model_name="receivedmail",
            index=models.Index(
                condition=models.Q(("ticket", None)),
                fields=["service", "-received_at", "-id"],
                name="receivedmail_unfiled",
            ),
        ),
    ]
