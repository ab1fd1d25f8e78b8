from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0026_mail_unread")]

    operations = [
        migrations.AlterField(
            model_name="chat",
            name="inquiry_offer",
            field=models.CharField(
                blank=True,
                choices=[("waited", "Waited"), ("missed", "Missed"), ("absent", "Absent")],
                db_default="",
                max_length=8,
            ),
        ),
    ]
