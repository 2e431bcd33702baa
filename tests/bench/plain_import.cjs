// What a Node user would write: csv-parse, libphonenumber-js, better-sqlite3 or pg; one transaction.
// usage: node plain_import.cjs IN.csv sqlite FILE | node plain_import.cjs IN.csv postgresql URL
const crypto = require('crypto')
const fs = require('fs')
const { parse } = require('csv-parse')
const { parsePhoneNumberFromString } = require('libphonenumber-js')

const [input, engine, target] = process.argv.slice(2)

async function* numbers() {
  const now = new Date().toISOString()
  for await (const row of fs.createReadStream(input).pipe(parse({ columns: true, trim: true }))) {
    const number = parsePhoneNumberFromString(row.phone_number, row.country_code)
    if (!number || !number.isValid()) continue
    yield [crypto.randomUUID(), number.number, row.provider, row.country_code, now]
  }
}

async function intoSqlite() {
  const db = require('better-sqlite3')(target)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(`CREATE TABLE phone_numbers (id TEXT PRIMARY KEY, phone_number TEXT NOT NULL UNIQUE, provider TEXT,
    country_code TEXT, status TEXT DEFAULT 'active', created_at TEXT)`)
  const insert = db.prepare("INSERT OR IGNORE INTO phone_numbers VALUES (?, ?, ?, ?, 'active', ?)")
  db.exec('BEGIN')
  for await (const row of numbers()) insert.run(row)
  db.exec('COMMIT')
  db.close()
}

async function intoPostgres() {
  const client = new (require('pg').Client)({ connectionString: target })
  await client.connect()
  await client.query(`CREATE TABLE phone_numbers (id uuid PRIMARY KEY, phone_number text NOT NULL UNIQUE, provider text,
    country_code text, status text DEFAULT 'active', created_at timestamptz)`)
  await client.query('BEGIN')
  let columns = [[], [], [], [], []]
  const flush = async () => {
    await client.query(`INSERT INTO phone_numbers SELECT i, n, p, c, 'active', t
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS row(i, n, p, c, t)
      ON CONFLICT DO NOTHING`, columns)
    columns = [[], [], [], [], []]
  }
  for await (const row of numbers()) {
    row.forEach((value, i) => columns[i].push(value))
    if (columns[0].length === 1000) await flush()
  }
  if (columns[0].length) await flush()
  await client.query('COMMIT')
  await client.end()
}

;(engine === 'sqlite' ? intoSqlite() : intoPostgres()).catch(error => { console.error(error); process.exit(1) })
