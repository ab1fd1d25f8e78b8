from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0020_getting_started")]

    operations = [
        migrations.AddField(
            model_name="article",
            name="starter",
            field=models.CharField(db_default="", default="", editable=False, max_length=20),
        ),
    ]
