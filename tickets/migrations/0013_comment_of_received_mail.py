import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0012_ticket_of_received_mail")]

    operations = [
        migrations.AddField(
            model_name="receivedmail",
            name="comment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="received",
                to="tickets.comment",
            ),
        ),
    ]
