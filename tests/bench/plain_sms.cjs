// What a Node user would write behind the webhook for texts: the number and its people, the contact who texts, the message
// and a row for everybody who is told, in one transaction of better-sqlite3; the official SDK writes the empty answer.
const crypto = require('crypto')
const { twiml } = require('twilio')

const db = require('better-sqlite3')(process.argv[4])
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')

const number = db.prepare('SELECT id FROM numbers WHERE workspace_id = ? AND phone_number = ?')
const pool = db.prepare('SELECT user_id FROM pools WHERE number_id = ?')
const contact = db.prepare('SELECT id FROM contacts WHERE workspace_id = ? AND phone_number = ?')
const keep = db.prepare(`INSERT INTO messages VALUES (?, ?, ?, ?, ?, 'inbound', ?, ?, ?, 'received', ?, ?)
  ON CONFLICT (message_sid) DO NOTHING`)
const notify = db.prepare("INSERT INTO notifications VALUES (?, ?, ?, ?, 'inbound_client_message', 0, ?)")

/// The answer to one text; its rows are committed.
const take = db.transaction((workspace, form) => {
  const ours = number.get(workspace, form.To)
  const party = contact.get(workspace, form.From)
  const id = crypto.randomUUID(), now = new Date().toISOString()
  const kept = keep.run(id, workspace, ours?.id ?? null, party?.id ?? null, form.MessageSid, form.From, form.To, form.Body, now, now)
  if (kept.changes && ours) for (const { user_id } of pool.all(ours.id)) notify.run(crypto.randomUUID(), workspace, id, user_id, now)
  return new twiml.MessagingResponse().toString()
})

module.exports = { take }
