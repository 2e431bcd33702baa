-- Uniqueness of calls that are known, in an index without the others: a question for reservations without a call
-- could otherwise be answered by walking through all of them there.
ALTER TABLE reservations DROP CONSTRAINT reservations_call_sid_key;
CREATE UNIQUE INDEX idx_reservations_call_sid ON reservations (call_sid) WHERE call_sid IS NOT NULL;
