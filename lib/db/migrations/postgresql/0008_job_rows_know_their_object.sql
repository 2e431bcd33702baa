-- The row that a job changed, whatever its key became since.
ALTER TABLE job_rows ADD COLUMN object_id uuid;

-- Closes every day that is over and not closed yet, of the workspace that the session names
-- (SET ringctl.workspace = '...'), else of every workspace its row policies show. Returns how many days it closed.
-- `ringctl limits reset` does the same and writes an audit row as well; a marker made here names the database role.
CREATE OR REPLACE FUNCTION reset_daily_call_counts() RETURNS bigint LANGUAGE plpgsql SET search_path = ringctl, pg_temp AS $$
DECLARE
  tenant record;
  today date;
  next_day date;
  swept bigint;
  closed bigint := 0;
  made bigint;
BEGIN
  FOR tenant IN SELECT id, timezone FROM workspaces
                WHERE is_active AND (current_workspace() IS NULL OR id = current_workspace()) ORDER BY id LOOP
    today := (now() AT TIME ZONE tenant.timezone)::date;
    next_day := coalesce((SELECT max(day) + 1 FROM resets WHERE workspace_id = tenant.id),
                         (SELECT min(day) FROM daily_usage WHERE workspace_id = tenant.id), today - 1);
    IF today - next_day > 400 THEN
      RAISE EXCEPTION 'workspace %: % days would be closed; is the clock right?', tenant.id, today - next_day
        USING HINT = 'ringctl limits reset --as-of DATE';
    END IF;
    WHILE next_day < today LOOP
      -- Counters are locked before reservations, as everywhere.
      PERFORM FROM daily_usage d
        WHERE d.workspace_id = tenant.id AND d.day = next_day
          AND EXISTS (SELECT FROM reservations r WHERE r.assignment_id = d.assignment_id AND r.day = d.day
                      AND r.workspace_id = tenant.id AND r.state = 'open' AND r.call_sid IS NULL AND r.expires_at <= now())
        ORDER BY d.assignment_id FOR NO KEY UPDATE;
      WITH expired AS (
        UPDATE reservations r SET state = 'expired', settled_at = now()
        WHERE r.workspace_id = tenant.id AND r.day = next_day AND r.state = 'open' AND r.call_sid IS NULL
          AND r.expires_at <= now()
        RETURNING r.assignment_id
      ), refunds AS (
        SELECT assignment_id, count(*) AS calls FROM expired GROUP BY assignment_id
      ), refunded AS (
        UPDATE daily_usage d SET refunded = d.refunded + refunds.calls
        FROM refunds WHERE d.assignment_id = refunds.assignment_id AND d.day = next_day
        RETURNING refunds.calls
      )
      SELECT coalesce(sum(calls), 0) INTO swept FROM refunded;
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
  RETURN closed;
END $$;
