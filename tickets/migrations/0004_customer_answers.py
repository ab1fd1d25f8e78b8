from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_tags_by_id")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="follows",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=models.SET_NULL,
                related_name="followed_by",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="ticket", name="has_answer", field=models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            model_name="ticket", name="link_generation", field=models.PositiveIntegerField(db_default=0, default=0)
        ),
    ]
