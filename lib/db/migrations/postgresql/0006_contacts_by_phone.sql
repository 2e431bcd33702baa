-- A contact is known by a phone: it stands with the person (NULL once erased), and in contact_phones like all others.
ALTER TABLE contacts ADD COLUMN phone_number text COLLATE "C";
UPDATE contacts SET phone_number =
  (SELECT p.phone_number FROM contact_phones p WHERE p.contact_id = contacts.id AND p.position = 0);
CREATE UNIQUE INDEX idx_contacts_phone_number ON contacts (workspace_id, phone_number);
DROP INDEX idx_contacts_workspace;
