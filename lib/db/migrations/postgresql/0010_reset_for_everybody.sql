-- Closes every day that is over and not closed yet, of the workspace that the session names
-- (SET ringctl.workspace = '...'), else of every active workspace, for which the function opens the maintenance door to
-- itself. Before that it corrects the sums of the newest closed day, and last it takes back what expired of whatever
-- day. Returns how many days it closed. `ringctl limits reset` does the same and writes audit rows as well; a marker
-- made here names the database role.
CREATE OR REPLACE FUNCTION reset_daily_call_counts() RETURNS bigint LANGUAGE plpgsql
SET search_path = ringctl, pg_temp AS $$
DECLARE
  door text COLLATE "C" := current_door();
  tenant record;
  today date;
  next_day date;
  swept bigint;
  closed bigint := 0;
  made bigint;
BEGIN
  PERFORM set_config('ringctl.door', 'maintenance', true);
  FOR tenant IN SELECT id, name, timezone FROM workspaces
                WHERE is_active AND (current_workspace() IS NULL OR id = current_workspace()) ORDER BY id LOOP
    UPDATE resets r SET counters = s.counters, reserved = s.reserved, connected = s.connected, refunded = s.refunded,
                        adjusted = s.adjusted
    FROM (SELECT count(*) AS counters, coalesce(sum(d.reserved), 0) AS reserved, coalesce(sum(d.connected), 0) AS connected,
                 coalesce(sum(d.refunded), 0) AS refunded, coalesce(sum(d.adjusted), 0) AS adjusted
          FROM daily_usage d
          WHERE d.workspace_id = tenant.id AND d.day = (SELECT max(m.day) FROM resets m WHERE m.workspace_id = tenant.id)) s
    WHERE r.workspace_id = tenant.id AND r.day = (SELECT max(m.day) FROM resets m WHERE m.workspace_id = tenant.id)
      AND (r.counters, r.reserved) IS DISTINCT FROM (s.counters, s.reserved);

    today := (now() AT TIME ZONE tenant.timezone)::date;
    next_day := coalesce((SELECT max(day) + 1 FROM resets WHERE workspace_id = tenant.id),
                         (SELECT min(day) FROM daily_usage WHERE workspace_id = tenant.id), today - 1);
    IF today - next_day > 400
       OR (today - next_day > 7 AND NOT EXISTS (SELECT FROM daily_usage d WHERE d.workspace_id = tenant.id
                                                AND d.day BETWEEN today - 7 AND today - 1)) THEN
      IF current_workspace() IS NOT NULL THEN
        RAISE EXCEPTION 'workspace %: % days would be closed; is the clock right?', tenant.name, today - next_day
          USING HINT = format('ringctl limits reset --as-of %s --workspace %s', today - 1, tenant.name);
      END IF;
      -- The others are no part of it.
      RAISE WARNING 'workspace %: % days would be closed; is the clock right?', tenant.name, today - next_day
        USING HINT = format('ringctl limits reset --as-of %s --workspace %s', today - 1, tenant.name);
      CONTINUE;
    END IF;
    LOOP
      -- Counters are locked before reservations, as everywhere. The first day takes what earlier ones have left, today
      -- comes last and is swept without being closed.
      PERFORM FROM daily_usage d
        WHERE d.workspace_id = tenant.id AND d.day <= next_day
          AND EXISTS (SELECT FROM reservations r WHERE r.assignment_id = d.assignment_id AND r.day = d.day
                      AND r.workspace_id = tenant.id AND r.state = 'open' AND r.call_sid IS NULL AND r.expires_at <= now())
        ORDER BY d.assignment_id, d.day FOR NO KEY UPDATE;
      WITH expired AS (
        UPDATE reservations r SET state = 'expired', settled_at = now()
        WHERE r.workspace_id = tenant.id AND r.day <= next_day AND r.state = 'open' AND r.call_sid IS NULL
          AND r.expires_at <= now()
        RETURNING r.assignment_id, r.day
      ), refunds AS (
        SELECT assignment_id, day, count(*) AS calls FROM expired GROUP BY assignment_id, day
      ), refunded AS (
        UPDATE daily_usage d SET refunded = d.refunded + refunds.calls
        FROM refunds WHERE d.assignment_id = refunds.assignment_id AND d.day = refunds.day
        RETURNING refunds.day, refunds.calls
      )
      SELECT coalesce(sum(calls) FILTER (WHERE day = next_day), 0) INTO swept FROM refunded;
      EXIT WHEN next_day >= today;
      INSERT INTO resets (workspace_id, day, at, actor, counters, reserved, connected, refunded, adjusted, expired)
      SELECT tenant.id, next_day, now(), 'sql:' || session_user, count(*), coalesce(sum(reserved), 0),
             coalesce(sum(connected), 0), coalesce(sum(refunded), 0), coalesce(sum(adjusted), 0), swept
      FROM daily_usage WHERE workspace_id = tenant.id AND day = next_day
      ON CONFLICT (workspace_id, day) DO NOTHING;
      GET DIAGNOSTICS made = ROW_COUNT;
      closed := closed + made;
      next_day := next_day + 1;
    END LOOP;
  END LOOP;
  PERFORM set_config('ringctl.door', door, true);
  RETURN closed;
END $$;
