from django.db import migrations, models

# What the feed tells, in one place for all statements that tell it.
TOLD = """
CREATE FUNCTION core_instant(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
CREATE FUNCTION core_alert_told(
    id bigint, severity text, state text, rule text, since timestamptz, message text, target jsonb
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('id', id, 'severity', severity, 'state', state, 'rule', rule,
                              'since', core_instant(since), 'message', message, 'target', target)
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_hot_tables_tiers_and_triggers'),
    ]

    operations = [
        migrations.RunSQL(
            TOLD,
            "DROP FUNCTION core_alert_told(bigint, text, text, text, timestamptz, text, jsonb); "
            "DROP FUNCTION core_instant(timestamptz)",
        ),
        migrations.AlterField(
            model_name='changerecord',
            name='channel_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='changerecord',
            name='kind',
            field=models.CharField(choices=[('change', 'Change'), ('added', 'Added'), ('removed', 'Removed'), ('alert', 'Alert')], default='change', max_length=8),
        ),
        migrations.AlterField(
            model_name='inbox',
            name='channel_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='inbox',
            name='kind',
            field=models.CharField(choices=[('change', 'Change'), ('added', 'Added'), ('removed', 'Removed'), ('alert', 'Alert')], default='change', max_length=8),
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receiver_id', models.BigIntegerField()),
                ('channel_id', models.BigIntegerField(null=True)),
                ('target', models.JSONField()),
                ('rule', models.CharField(choices=[('receiver_offline', 'receiver_offline'), ('battery_critical', 'battery_critical')], max_length=24)),
                ('severity', models.CharField(choices=[('warning', 'warning'), ('critical', 'critical')], max_length=8)),
                ('state', models.CharField(choices=[('open', 'open'), ('acknowledged', 'acknowledged'), ('resolved', 'resolved')], max_length=12)),
                ('message', models.TextField()),
                ('since', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-since'],
                'indexes': [models.Index(fields=['resolved_at'], name='alert_by_end_for_pruning')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'resolved'), _negated=True), fields=('receiver_id', 'channel_id', 'rule'), name='alert_once_while_unresolved', nulls_distinct=False)],
            },
        ),
    ]
