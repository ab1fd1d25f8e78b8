from django.db import migrations, models

import contiple.base.email_addresses


class Migration(migrations.Migration):
    dependencies = [("agents", "0005_invitation_mail")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="email_proved_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="E-mail proved"),
        ),
        migrations.AddField(
            model_name="user",
            name="session_epoch",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=contiple.base.email_addresses.EmailAddressField(
                error_messages={"unique": "This e-mail address is already in use."},
                max_length=254,
                unique=True,
                verbose_name="E-mail",
            ),
        ),
    ]
