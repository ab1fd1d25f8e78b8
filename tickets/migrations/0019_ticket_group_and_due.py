from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0018_ticket_targets")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="group",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=models.PROTECT,
                related_name="tickets",
                to="tickets.group",
                verbose_name="Group",
            ),
        ),
        migrations.AddField("ticket", "answer_due_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("ticket", "solve_due_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("ticket", "answered_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("ticket", "due_at", models.DateTimeField(blank=True, null=True, verbose_name="Due")),
    ]
