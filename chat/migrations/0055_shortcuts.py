from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0054_notice_of_mentions")]

    operations = [
        migrations.AddField(
            model_name="alertsettings",
            name="shortcuts",
            field=models.BooleanField(db_default=True, default=True, verbose_name="Use shortcuts"),
        ),
    ]
