"""Whom alerts are told to outside the board, and the outbox."""

import core.models.devices
import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0010_keyframes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Destination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('address_reference', models.CharField(help_text="env:NAME or file:/PATH. There stands mailto://USER:PASSWORD@HOST?to=NAME@HOST, or the https:// address of a webhook that takes Slack's JSON, or any other address that Apprise knows.", max_length=255, validators=[core.models.devices.validate_key_reference], verbose_name='address')),
                ('severity', models.CharField(choices=[('warning', 'warning, and critical'), ('critical', 'critical alone')], default='critical', help_text='Which alerts it is told of.', max_length=8, verbose_name='from')),
                ('enabled', models.BooleanField(default=True)),
                ('told_from', models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow(), editable=False, help_text='What began before is not told.')),
                ('busy_until', models.DateTimeField(editable=False, null=True)),
                ('group', models.ForeignKey(blank=True, help_text='Of channels in this group alone.', null=True, on_delete=django.db.models.deletion.CASCADE, to='core.group')),
                ('location', models.ForeignKey(blank=True, help_text='Of this location alone.', null=True, on_delete=django.db.models.deletion.CASCADE, to='core.location')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('alert_id', models.BigIntegerField(null=True)),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('worse', 'Worse'), ('resolved', 'Resolved'), ('test', 'Test')], max_length=8)),
                ('severity', models.CharField(choices=[('warning', 'warning'), ('critical', 'critical')], max_length=8)),
                ('message', models.TextField(blank=True)),
                ('target', models.JSONField(default=dict)),
                ('since', models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'given up')], db_default='waiting', default='waiting', max_length=7)),
                ('created_at', models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ('next_try_at', models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ('attempts', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('tried_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True, db_default='', default='')),
                ('destination', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='core.destination')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='destination',
            constraint=models.CheckConstraint(condition=models.Q(('location__isnull', True), ('group__isnull', True), _connector='OR'), name='destination_of_one_part_or_of_everything'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['next_try_at'], name='notice_waiting_by_turn'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['alert_id'], name='notice_of_alert'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('destination', 'alert_id', 'kind', 'severity'), name='notice_once_a_transition'),
        ),
    ]
