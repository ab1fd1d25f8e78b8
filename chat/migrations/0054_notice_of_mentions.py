from django.db import migrations, models

KINDS = [("missed", "Missed"), ("taken", "Taken Over"), ("gone", "Gone"), ("ended", "Ended"), ("mention", "Mentioned")]


class Migration(migrations.Migration):
    dependencies = [("chat", "0053_report_sums")]

    operations = [
        migrations.AlterField(
            model_name="desknotice", name="kind", field=models.CharField(choices=KINDS, max_length=8)
        ),
    ]
