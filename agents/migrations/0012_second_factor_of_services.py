from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0011_second_factor'),
    ]

    operations = [
        migrations.AddField(
            model_name='service',
            name='asks_again',
            field=models.BooleanField(db_default=True, default=True, verbose_name='Ask again before sensitive acts'),
        ),
        migrations.AddField(
            model_name='service',
            name='second_factor',
            field=models.CharField(choices=[('nobody', 'Nobody'), ('admins', 'Admins'), ('all', 'All agents')], db_default='nobody', default='nobody', max_length=8, verbose_name='Two-step verification is required for'),
        ),
    ]
