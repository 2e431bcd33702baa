-- Calls in flight of one counter.
CREATE INDEX idx_reservations_open ON reservations (assignment_id, day) WHERE state = 'open';

-- The limit of an assignment while calls may be made on it, else 0. Volatile, so that a statement that had to wait for
-- a counter asks for the limit of the moment it got it, not of the moment it began to wait.
CREATE FUNCTION live_daily_limit(assignment uuid) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN coalesce((SELECT a.daily_limit
                   FROM agent_phone_numbers a
                   JOIN phone_numbers n ON n.id = a.phone_number_id
                   JOIN users u ON u.id = a.agent_id
                   WHERE a.id = assignment AND a.voice AND a.is_active AND n.status = 'active'
                     AND n.provider = 'twilio' AND u.is_active), 0);
END $$;

-- Closes every day that is over and not closed yet, of the workspace that the session names
-- (SET ringctl.workspace = '...'), else of every workspace its row policies show. Returns how many days it closed.
-- `ringctl limits reset` does the same and writes an audit row as well; a marker made here names the database role.
CREATE FUNCTION reset_daily_call_counts() RETURNS bigint LANGUAGE plpgsql SET search_path = ringctl, pg_temp AS $$
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
