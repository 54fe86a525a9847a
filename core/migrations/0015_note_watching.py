"""That somebody watches is noted by a function, whose plans a connection keeps: each poll calls it as it ends."""

from django.db import migrations

# It may be called at any time, from any process: where the note is young there is nothing to do, and of those that
# find it old one moves it on, because the others wait for its lock and look again. A clock that was put back is no
# silence, and must not keep the note in the future. What polled last tells to the second when a silence began; the
# poll that calls has set that to now for its own receiver, and tells what it was.
NOTE = """
CREATE FUNCTION core_note_watching(every_s float8, away_after_s float8, polled timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    noted timestamptz;
    long_ago timestamptz := now() - make_interval(secs => away_after_s);
BEGIN
    SELECT at INTO noted FROM core_pulse WHERE part = 'watching';
    IF abs(extract(epoch FROM now() - noted)) < every_s THEN
        RETURN;
    END IF;
    INSERT INTO core_pulse AS known (part, at) VALUES ('watching', now())
        ON CONFLICT (part) DO UPDATE SET at = excluded.at
     WHERE abs(extract(epoch FROM excluded.at - known.at)) >= every_s;
    IF FOUND AND noted < long_ago THEN
        INSERT INTO core_absence (since, until)
        SELECT last.since, now()
          FROM (SELECT greatest(noted, polled, (SELECT max(polled_at) FROM core_claim WHERE polled_at < now()))) last (since)
         WHERE last.since < long_ago
            ON CONFLICT DO NOTHING;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0014_absences"),
    ]

    operations = [
        migrations.RunSQL(NOTE, "DROP FUNCTION core_note_watching(float8, float8, timestamptz)"),
    ]
