from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0007_ticket_mails")]

    operations = [
        migrations.AddField(
            model_name="ticketmail",
            name="comment",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=models.SET_NULL, related_name="mails", to="tickets.comment"
            ),
        ),
    ]
