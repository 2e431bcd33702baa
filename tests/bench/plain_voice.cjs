// What a Node user would write behind a voice webhook: the contact who calls, the agents who look after them, all agents
// where there are none, a row in the call log, and TwiML that rings ten of them. better-sqlite3, or pg with prepared
// statements; the official SDK writes the TwiML.
const crypto = require('crypto')
const { twiml } = require('twilio')

const [port, engine, target] = process.argv.slice(2)

const CONTACT = 'SELECT id, name FROM contacts WHERE workspace_id = $1 AND phone_number = $2'
const ASSIGNED = `SELECT u.id, u.name FROM contact_assignments a JOIN users u ON u.id = a.user_id
  WHERE a.workspace_id = $1 AND a.contact_id = $2 AND a.status = 'active' LIMIT 10`
const MEMBERS = "SELECT id, name FROM users WHERE workspace_id = $1 AND role IN ('agent', 'admin') LIMIT 10"
const LOG = `INSERT INTO call_logs (id, workspace_id, contact_id, call_sid, direction, from_number, to_number, status, duration,
  created_at, updated_at) VALUES ($1, $2, $3, $4, 'inbound', $5, $6, 'ringing', 0, $7, $7) ON CONFLICT (call_sid) DO NOTHING`

/// Returns (name, sql, values) -> rows.
function sqlite() {
  const db = require('better-sqlite3')(target)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  const prepared = new Map()
  return async (name, sql, values) => {
    if (!prepared.has(name)) {
      const order = [...sql.matchAll(/\$(\d)/g)].map(match => Number(match[1]) - 1)
      prepared.set(name, { statement: db.prepare(sql.replace(/\$\d/g, '?')), order })
    }
    const { statement, order } = prepared.get(name)
    const bound = order.map(i => values[i])
    return statement.reader ? statement.all(bound) : (statement.run(bound), [])
  }
}

function postgresql() {
  const { Pool } = require('pg')
  const pool = new Pool({ connectionString: target, max: 10 })
  return async (name, text, values) => (await pool.query({ name, text, values })).rows
}

const query = engine === 'sqlite' ? sqlite() : postgresql()

/// The answer to one call; its row is committed.
async function answer(workspace, form) {
  const [contact] = await query('contact', CONTACT, [workspace, form.From])
  let agents = contact ? await query('assigned', ASSIGNED, [workspace, contact.id]) : []
  if (agents.length === 0) agents = await query('members', MEMBERS, [workspace])
  await query('log', LOG, [crypto.randomUUID(), workspace, contact ? contact.id : null, form.CallSid, form.From, form.To,
    new Date().toISOString()])
  const response = new twiml.VoiceResponse()
  const dial = response.dial({ timeout: 30, callerId: form.From })
  for (const agent of agents) {
    dial.client({
      statusCallback: `/api/workspaces/${workspace}/voice/status`,
      statusCallbackMethod: 'POST',
      statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed']
    }, `agent_${agent.id.replaceAll('-', '')}`)
  }
  return response.toString()
}

module.exports = { answer, port: Number(port), publicUrl: process.env.PUBLIC_URL, token: process.env.TWILIO_AUTH_TOKEN }
