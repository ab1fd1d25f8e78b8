import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0018_service_mailbox'),
        ('chat', '0052_first_answer'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReportSpan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('length', models.CharField(choices=[('day', 'Day'), ('month', 'Month')], max_length=5)),
                ('first', models.DateField()),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('basis', models.CharField(max_length=72)),
                ('received', models.PositiveIntegerField()),
                ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.service')),
            ],
        ),
        migrations.CreateModel(
            name='ReportSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('grouping', models.CharField(max_length=8)),
                ('key', models.CharField(max_length=20)),
                ('marks', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('numbers', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('span', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sums', to='chat.reportspan')),
            ],
        ),
        migrations.AddConstraint(
            model_name='reportspan',
            constraint=models.UniqueConstraint(fields=('service', 'length', 'first'), name='report_span_once'),
        ),
        migrations.AddConstraint(
            model_name='reportsum',
            constraint=models.UniqueConstraint(fields=('span', 'grouping', 'key'), name='report_sum_once'),
        ),
    ]
