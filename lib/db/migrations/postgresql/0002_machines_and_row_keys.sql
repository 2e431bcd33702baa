-- Which machine a lock's process runs on: two hosts may share a name, and a pid says nothing elsewhere.
ALTER TABLE leases ADD COLUMN machine text COLLATE "C" NOT NULL DEFAULT '';

-- What happened to one object: its rows in jobs, and its images.
CREATE INDEX idx_job_rows_key ON job_rows (workspace_id, row_key);
CREATE INDEX idx_audit_images_key ON audit_images (workspace_id, object_key);
