-- Every file that the sound was fetched into, and what was written to it: a purge takes them along, and removes nothing else.
-- [{"name":"/srv/tapes/RE0123456789abcdef0123456789abcdef.wav","sha256":"..."}], names absolute. Null: never fetched, or
-- before this was noted.
ALTER TABLE recordings ADD COLUMN files TEXT;
