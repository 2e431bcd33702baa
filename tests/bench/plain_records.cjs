// What a Node user would write to load users, contacts or assignments: csv-parse, libphonenumber-js, better-sqlite3 or
// pg; references looked up in a map; one transaction.
// usage: node plain_records.cjs prepare|users|contacts|assignments IN.csv sqlite FILE | postgresql URL
const crypto = require('crypto')
const fs = require('fs')
const { parse } = require('csv-parse')
const { parsePhoneNumberFromString } = require('libphonenumber-js')

const [kind, input, engine, target] = process.argv.slice(2)
const id = engine === 'sqlite' ? 'TEXT' : 'uuid'
const TABLES = {
  users: { id, email: 'TEXT NOT NULL UNIQUE', name: 'TEXT', role: 'TEXT', created_at: 'TEXT' },
  numbers: { id, phone_number: 'TEXT NOT NULL UNIQUE' },
  contacts: { id, phone_number: 'TEXT NOT NULL UNIQUE', name: 'TEXT', lead_status: 'TEXT', state: 'TEXT', country: 'TEXT',
    tags: 'TEXT', notes: 'TEXT', created_at: 'TEXT' },
  contact_assignments: { contact_id: `${id} REFERENCES contacts`, user_id: `${id} REFERENCES users`, status: 'TEXT' },
  assignments: { id, number_id: `${id} REFERENCES numbers`, user_id: `${id} REFERENCES users`, daily_limit: 'INTEGER',
    allowed_countries: 'TEXT', created_at: 'TEXT' }
}
const now = new Date().toISOString()

async function* rows() {
  yield* fs.createReadStream(input).pipe(parse({ columns: true, trim: true }))
}

function phone(text) {
  const number = parsePhoneNumberFromString(text)
  return number && number.isValid() ? number.number : null
}

/// Yields [table, values]; `users` and `numbers` map what people write to ids.
async function* work(users, numbers) {
  for await (const row of rows()) {
    const own = crypto.randomUUID()
    if (kind === 'prepare') {
      yield row.email ? ['users', [own, row.email, '', 'agent', now]] : ['numbers', [own, row.phone_number]]
    } else if (kind === 'users') {
      if (!/^[^@\s]+@[^@\s]+$/.test(row.email)) continue
      yield ['users', [own, row.email.toLowerCase(), row.name, row.role || 'agent', now]]
    } else if (kind === 'contacts') {
      const number = phone(row.phone_number)
      if (!number) continue
      yield ['contacts', [own, number, row.name, row.lead_status, row.state, row.country,
        JSON.stringify(row.tags.split('|')), row.notes, now]]
      for (const agent of row.agents.split('|')) yield ['contact_assignments', [own, users.get(agent), 'active']]
    } else {
      const number = numbers.get(phone(row.phone_number)), user = users.get(row.agent)
      if (!number || !user) continue
      yield ['assignments', [own, number, user, Number(row.daily_limit),
        JSON.stringify(row.allowed_countries.split('|')), now]]
    }
  }
}

const columns = table => Object.entries(TABLES[table])
const create = table => `CREATE TABLE IF NOT EXISTS ${table} (${columns(table).map(([name, type]) =>
  `${name} ${type}${name === 'id' ? ' PRIMARY KEY' : ''}`).join(', ')})`
const map = (found, key) => new Map(found.map(row => [row[key], row.id]))

async function intoSqlite() {
  const db = require('better-sqlite3')(target)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  const insert = {}
  for (const table of Object.keys(TABLES)) {
    db.exec(create(table))
    insert[table] = db.prepare(`INSERT OR IGNORE INTO ${table} VALUES (${columns(table).map(() => '?').join(', ')})`)
  }
  const users = map(db.prepare('SELECT id, email FROM users').all(), 'email')
  const numbers = map(db.prepare('SELECT id, phone_number FROM numbers').all(), 'phone_number')
  db.exec('BEGIN')
  for await (const [table, values] of work(users, numbers)) insert[table].run(values)
  db.exec('COMMIT')
  db.close()
}

async function intoPostgres() {
  const client = new (require('pg').Client)({ connectionString: target })
  await client.connect()
  for (const table of Object.keys(TABLES)) await client.query(create(table))
  const users = map((await client.query('SELECT id, email FROM users')).rows, 'email')
  const numbers = map((await client.query('SELECT id, phone_number FROM numbers')).rows, 'phone_number')
  await client.query('BEGIN')
  let batch = {}
  const flush = async () => {
    for (const table of Object.keys(TABLES)) {
      if (!batch[table]) continue
      const types = columns(table).map(([, type], i) => `$${i + 1}::${type.split(' ')[0].toLowerCase()}[]`)
      await client.query(`INSERT INTO ${table} SELECT * FROM unnest(${types.join(', ')}) ON CONFLICT DO NOTHING`, batch[table])
    }
    batch = {}
  }
  let count = 0
  for await (const [table, values] of work(users, numbers)) {
    batch[table] = batch[table] || values.map(() => [])
    values.forEach((value, i) => batch[table][i].push(value))
    if (++count % 1000 === 0) await flush()
  }
  await flush()
  await client.query('COMMIT')
  await client.end()
}

;(engine === 'sqlite' ? intoSqlite() : intoPostgres()).catch(error => { console.error(error); process.exit(1) })
