from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0021_ticket_due")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=models.PROTECT,
                related_name="merged",
                to="tickets.ticket",
            ),
        ),
    ]
