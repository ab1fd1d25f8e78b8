from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0013_comment_of_received_mail")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="priority",
            field=models.CharField(
                choices=[("urgent", "Urgent"), ("high", "High"), ("normal", "Normal"), ("low", "Low")],
                db_default="normal",
                default="normal",
                max_length=8,
                verbose_name="Priority",
            ),
        ),
    ]
