from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0056_desk_notice_moved")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="is_spam",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
