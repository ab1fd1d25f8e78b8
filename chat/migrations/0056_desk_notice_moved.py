from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0055_shortcuts")]

    operations = [
        migrations.AddField(
            model_name="desknotice", name="moved", field=models.PositiveSmallIntegerField(db_default=0, default=0)
        ),
    ]
