from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0029_received_mail_kept")]

    operations = [
        migrations.AddField("ticket", "paused_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("ticket", "paused_minutes", models.PositiveIntegerField(db_default=0, default=0)),
    ]
