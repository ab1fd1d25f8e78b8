from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0058_spam_of_service")]

    operations = [
        migrations.AddField(
            model_name="cannedresponse",
            name="starter",
            field=models.CharField(db_default="", default="", max_length=20),
        ),
    ]
