import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0006_comment_kind")]

    operations = [
        migrations.CreateModel(
            name="TicketMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(max_length=255)),
                ("direction", models.CharField(choices=[("in", "In"), ("out", "Out")], max_length=3)),
                ("from_address", models.EmailField(blank=True, max_length=254)),
                ("is_from_requester", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("ticket", models.ForeignKey(on_delete=models.CASCADE, related_name="mails", to="tickets.ticket")),
            ],
            options={"ordering": ["id"]},
        ),
    ]
