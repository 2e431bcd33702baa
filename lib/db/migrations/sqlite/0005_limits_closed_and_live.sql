-- Calls in flight of one counter. (PostgreSQL also gets the functions live_daily_limit and reset_daily_call_counts.)
CREATE INDEX idx_reservations_open ON reservations (assignment_id, day) WHERE state = 'open';
