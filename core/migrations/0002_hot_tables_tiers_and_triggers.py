"""What Django has no words for: storage of the hot rows, the tiers as SQL sees them, and the triggers that
note an edit wherever it comes from (admin, inventory, shell), so that the next window can tell of it.
"""

from django.db import migrations

STORAGE = """
ALTER TABLE core_claim SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE core_channelrecord SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE core_inbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE core_head SET (fillfactor = 10);
CREATE SEQUENCE core_receiver_code;
INSERT INTO core_head (id, epoch, seq, intervals, access_version)
VALUES (1, substr(md5(random()::text || clock_timestamp()::text), 1, 6), 0, '{}', 0);
"""

# A function and not a view: a view would stop django-celery-beat's own migrations from altering these columns.
# A tier whose row was deleted behind the admin's back keeps its default interval, and no receiver is asked more
# often than once a second, whatever stands in an interval that other entries share.
TIERS = """
CREATE FUNCTION core_tiers() RETURNS TABLE (tier text, seconds float8, enabled boolean) LANGUAGE sql STABLE AS $$
    SELECT known.tier,
           greatest(1, coalesce(i.every * CASE i.period
               WHEN 'days' THEN 86400 WHEN 'hours' THEN 3600 WHEN 'minutes' THEN 60
               WHEN 'seconds' THEN 1 ELSE 0.000001 END, known.seconds))::float8,
           coalesce(p.enabled, true)
      FROM (VALUES ('critical', 10.0), ('normal', 30.0), ('offline', 60.0)) AS known (tier, seconds)
      LEFT JOIN django_celery_beat_periodictask p ON p.name = 'poll:' || known.tier
      LEFT JOIN django_celery_beat_intervalschedule i ON i.id = p.interval_id
$$;
"""

EDITED = """
CREATE FUNCTION core_note_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'core_receiver' THEN
        INSERT INTO core_edited (receiver_id) SELECT coalesce(NEW.id, OLD.id);
    ELSIF TG_TABLE_NAME = 'core_channel' THEN
        INSERT INTO core_edited (receiver_id) SELECT coalesce(NEW.receiver_id, OLD.receiver_id);
    ELSIF TG_TABLE_NAME = 'core_slot' THEN
        INSERT INTO core_edited (receiver_id)
        SELECT receiver_id FROM core_channel WHERE id IN (NEW.channel_id, OLD.channel_id);
    ELSIF TG_TABLE_NAME = 'core_group' THEN
        INSERT INTO core_edited (receiver_id)
        SELECT c.receiver_id FROM core_slot s JOIN core_channel c ON c.id = s.channel_id WHERE s.group_id = NEW.id;
    ELSIF TG_TABLE_NAME = 'core_location' THEN
        INSERT INTO core_edited (receiver_id)
        SELECT r.id FROM core_receiver r JOIN core_server s ON s.id = r.server_id
         WHERE NEW.id IN (r.location_id, s.location_id);
    ELSIF TG_TABLE_NAME = 'core_server' THEN
        INSERT INTO core_edited (receiver_id) SELECT id FROM core_receiver WHERE server_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER receiver_made_or_gone AFTER INSERT OR DELETE ON core_receiver
    FOR EACH ROW EXECUTE FUNCTION core_note_edit();
CREATE TRIGGER receiver_edited AFTER UPDATE ON core_receiver FOR EACH ROW
    WHEN ((OLD.name, OLD.model, OLD.source_id, OLD.server_id, OLD.location_id, OLD.enabled, OLD.interval_s)
          IS DISTINCT FROM
          (NEW.name, NEW.model, NEW.source_id, NEW.server_id, NEW.location_id, NEW.enabled, NEW.interval_s))
    EXECUTE FUNCTION core_note_edit();
CREATE TRIGGER channel_made_or_gone AFTER INSERT OR DELETE ON core_channel
    FOR EACH ROW EXECUTE FUNCTION core_note_edit();
CREATE TRIGGER channel_edited AFTER UPDATE ON core_channel FOR EACH ROW
    WHEN ((OLD.alias, OLD.number, OLD.kind) IS DISTINCT FROM (NEW.alias, NEW.number, NEW.kind))
    EXECUTE FUNCTION core_note_edit();
CREATE TRIGGER slot_edited AFTER INSERT OR UPDATE OR DELETE ON core_slot
    FOR EACH ROW EXECUTE FUNCTION core_note_edit();
CREATE TRIGGER group_edited AFTER UPDATE ON core_group FOR EACH ROW
    WHEN (OLD.slug IS DISTINCT FROM NEW.slug) EXECUTE FUNCTION core_note_edit();
CREATE TRIGGER location_edited AFTER UPDATE ON core_location FOR EACH ROW
    WHEN (OLD.slug IS DISTINCT FROM NEW.slug) EXECUTE FUNCTION core_note_edit();
CREATE TRIGGER server_edited AFTER UPDATE ON core_server FOR EACH ROW
    WHEN ((OLD.name, OLD.enabled, OLD.location_id) IS DISTINCT FROM (NEW.name, NEW.enabled, NEW.location_id))
    EXECUTE FUNCTION core_note_edit();
"""

# Rights are re-read when this number rises: a token changed or deleted, a user changed or deleted, a session gone.
ACCESS = """
CREATE FUNCTION core_note_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE core_head SET access_version = access_version + 1 WHERE id = 1;
    RETURN NULL;
END $$;
CREATE TRIGGER token_access AFTER UPDATE OF revoked_at, expires_at, scopes OR DELETE ON core_token
    FOR EACH STATEMENT EXECUTE FUNCTION core_note_access();
CREATE TRIGGER user_access AFTER UPDATE OF is_active, is_staff, is_superuser, password OR DELETE ON auth_user
    FOR EACH STATEMENT EXECUTE FUNCTION core_note_access();
CREATE TRIGGER session_access AFTER DELETE ON django_session
    FOR EACH STATEMENT EXECUTE FUNCTION core_note_access();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_records"),
        ("sessions", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.RunSQL(STORAGE, "DROP SEQUENCE core_receiver_code; DELETE FROM core_head"),
        migrations.RunSQL(TIERS, "DROP FUNCTION core_tiers()"),
        migrations.RunSQL(EDITED, "DROP FUNCTION core_note_edit() CASCADE"),
        migrations.RunSQL(ACCESS, "DROP FUNCTION core_note_access() CASCADE"),
    ]
