"""Who took an alert over and why, mutes, and alerts about servers."""

import datetime
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


# An alert about a receiver is muted while all of its channels are: by it, by their location, each by itself. Until
# when: till the first of them can be told of again. A part that is gone is muted no more.
MUTED = """
CREATE FUNCTION core_channel_muted_until(channel bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT max(m.until)
      FROM core_channel ch
      JOIN core_receiver r ON r.id = ch.receiver_id
      JOIN core_server s ON s.id = r.server_id
      JOIN core_mute m ON m.until > now()
     WHERE ch.id = channel
       AND (num_nonnulls(m.location_id, m.group_id, m.receiver_id, m.channel_id) = 0
            OR m.channel_id = ch.id OR m.receiver_id = r.id
            OR m.location_id = coalesce(r.location_id, s.location_id)
            OR m.group_id IN (SELECT sl.group_id FROM core_slot sl WHERE sl.channel_id = ch.id))
$$;
CREATE FUNCTION core_muted_until(server bigint, receiver bigint, channel bigint)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN channel IS NOT NULL THEN core_channel_muted_until(channel)
        WHEN receiver IS NOT NULL THEN (
            SELECT CASE WHEN bool_and(each.until IS NOT NULL) THEN min(each.until) END
              FROM (SELECT core_channel_muted_until(ch.id) AS until
                      FROM core_channel ch WHERE ch.receiver_id = receiver) each)
        ELSE (
            SELECT max(m.until) FROM core_mute m
             WHERE m.until > now()
               AND (num_nonnulls(m.location_id, m.group_id, m.receiver_id, m.channel_id) = 0
                    OR m.location_id = (SELECT s.location_id FROM core_server s WHERE s.id = server)))
    END
$$;
"""

# The one of the same name that takes an alert's columns is for workers of the release before.
TOLD = """
CREATE FUNCTION core_alert_told(a core_alert) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'id', a.id, 'severity', a.severity, 'state', a.state, 'rule', a.rule, 'since', core_instant(a.since),
        'message', a.message, 'target', a.target, 'acknowledged_by', a.acknowledged_by,
        'acknowledged_at', core_instant(a.acknowledged_at), 'reason', a.ack_reason,
        'muted_until', core_instant(a.muted_until)))
$$;
"""

# A critical battery is the worse half of one alert about a low one.
ONE_RULE = """
UPDATE core_alert SET rule = 'battery_low' WHERE rule = 'battery_critical';
UPDATE core_channelrecord SET recorded = jsonb_set(recorded, '{alert,rule}', '"battery_low"')
 WHERE recorded #>> '{alert,rule}' = 'battery_critical';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0006_tickets'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(verbose_name='until (UTC)')),
                ('reason', models.TextField(validators=[django.core.validators.MaxLengthValidator(200)])),
                ('by_id', models.BigIntegerField(editable=False, null=True)),
                ('by', models.TextField(editable=False)),
                ('ended_by', models.TextField(editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow(), editable=False, verbose_name='since (UTC)')),
            ],
            options={
                'ordering': ['-until'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='alert',
            name='alert_once_while_unresolved',
        ),
        migrations.AddField(
            model_name='alert',
            name='ack_reason',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='alert',
            name='acknowledged_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='alert',
            name='acknowledged_by',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='alert',
            name='acknowledged_by_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='alert',
            name='muted_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='alert',
            name='server_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='alert',
            name='receiver_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='alert',
            name='rule',
            field=models.CharField(choices=[('server_down', 'server_down'), ('receiver_offline', 'receiver_offline'), ('battery_low', 'battery_low'), ('battery_short', 'battery_short'), ('rf_poor', 'rf_poor'), ('interference', 'interference'), ('encryption', 'encryption'), ('clipping', 'clipping')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'resolved'), _negated=True), fields=('server_id', 'receiver_id', 'channel_id', 'rule'), name='alert_once_while_unresolved', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.CheckConstraint(condition=models.Q(('server_id__isnull', False), ('receiver_id__isnull', False), _connector='XOR'), name='alert_about_a_server_or_a_receiver'),
        ),
        migrations.AddField(
            model_name='mute',
            name='channel',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='mutes', to='core.channel'),
        ),
        migrations.AddField(
            model_name='mute',
            name='group',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='mutes', to='core.group'),
        ),
        migrations.AddField(
            model_name='mute',
            name='location',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='mutes', to='core.location'),
        ),
        migrations.AddField(
            model_name='mute',
            name='receiver',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='mutes', to='core.receiver'),
        ),
        migrations.AddIndex(
            model_name='mute',
            index=models.Index(fields=['until'], name='mute_by_end'),
        ),
        migrations.AddConstraint(
            model_name='mute',
            constraint=models.CheckConstraint(condition=models.Q(('until__gte', models.F('created_at')), ('until__lte', django.db.models.expressions.CombinedExpression(models.F('created_at'), '+', models.Value(datetime.timedelta(days=1))))), name='mute_ends_within_a_day'),
        ),
        migrations.AddConstraint(
            model_name='mute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('location__isnull', True), ('group__isnull', True), _connector='OR'), models.Q(('location__isnull', True), ('receiver__isnull', True), _connector='OR'), models.Q(('location__isnull', True), ('channel__isnull', True), _connector='OR'), models.Q(('group__isnull', True), ('receiver__isnull', True), _connector='OR'), models.Q(('group__isnull', True), ('channel__isnull', True), _connector='OR'), models.Q(('receiver__isnull', True), ('channel__isnull', True), _connector='OR')), name='mute_of_one_part_or_of_everything'),
        ),
        migrations.RunSQL(
            MUTED,
            "DROP FUNCTION core_muted_until(bigint, bigint, bigint); DROP FUNCTION core_channel_muted_until(bigint)",
        ),
        migrations.RunSQL(TOLD, "DROP FUNCTION core_alert_told(core_alert)"),
        migrations.RunSQL(ONE_RULE, migrations.RunSQL.noop),
    ]
