from django.db import migrations, models

import contiple.base.email_addresses


class Migration(migrations.Migration):
    dependencies = [("agents", "0004_labels")]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="mail",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Not e-mailed"),
                    ("sending", "Being e-mailed"),
                    ("sent", "E-mailed"),
                    ("failed", "Couldn’t be e-mailed"),
                ],
                db_default="",
                default="",
                max_length=8,
                verbose_name="E-mailing",
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="email",
            field=contiple.base.email_addresses.EmailAddressField(max_length=254, verbose_name="E-mail"),
        ),
    ]
