// The same requests to prism, which answers by Twilio's published description, and to the simulated Twilio:
//   node prism_differential.cjs SPECS PORT ACCOUNT TOKEN SCRATCH
// Prints one JSON object: how many were compared, and the differences. Descriptions are softened as they must be
// before prism can work with them: repeated fields, empty values that clear, its own examples.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const net = require('net');
const path = require('path');

const [specs, port, account, token, scratch] = process.argv.slice(2);
const prism = path.join(process.env.NODE_PATH, '.bin', 'prism');
const names = { api: 'twilio_api_v2010', trunking: 'twilio_trunking_v1', messaging: 'twilio_messaging_v1' };

function soften(node) {
  if (Array.isArray(node)) return node.forEach(soften);
  if (node === null || typeof node !== 'object') return undefined;
  if (['uri', 'date', 'date-time'].includes(node.format)) delete node.format;
  if (node.type === 'number') delete node.type;
  if (typeof node.pattern === 'string') {
    node.pattern = '^$|' + node.pattern;
    delete node.minLength;
  }
  return Object.values(node).forEach(soften);
}
function softenOperation(operation) {
  for (const parameter of operation.parameters || []) if (parameter.in === 'query') soften(parameter.schema);
  for (const response of Object.values(operation.responses))
    for (const content of Object.values(response.content || {})) soften(content.schema);
  for (const content of Object.values((operation.requestBody || {}).content || {})) {
    soften(content.schema);
    if (content.schema.required) operation.requestBody.required = true;
    for (const [name, schema] of Object.entries(content.schema.properties || {}))
      if (schema.type === 'array') content.encoding = { ...content.encoding, [name]: { style: 'form', explode: true } };
  }
}
function derive(name) {
  const spec = JSON.parse(fs.readFileSync(path.join(specs, `${name}.json`), 'utf8'));
  soften(spec.components.schemas);
  for (const item of Object.values(spec.paths))
    for (const method of ['get', 'post', 'delete']) if (item[method]) softenOperation(item[method]);
  const file = path.join(scratch, `${name}.json`);
  fs.writeFileSync(file, JSON.stringify(spec));
  return file;
}

const freePort = () => new Promise((done) => {
  const tried = 20000 + Math.floor(Math.random() * 12000); // below the ports that are given out by chance
  const server = net.createServer();
  server.once('error', () => done(freePort()));
  server.listen(tried, '127.0.0.1', () => server.close(() => done(tried)));
});
const opens = (on) => new Promise((done) => {
  const socket = net.connect(on, '127.0.0.1');
  socket.once('connect', () => socket.destroy() && done(true));
  socket.once('error', () => done(false));
});
const children = [];
// Somebody else may have taken the port before prism does: then another one.
async function start(name, tries = 5) {
  const on = await freePort();
  const child = spawn(process.execPath, [prism, 'mock', derive(name), '-p', String(on), '-h', '127.0.0.1'], { stdio: 'ignore' });
  children.push(child);
  for (const end = Date.now() + 300000; Date.now() < end;) { // it reads megabytes first
    if (child.exitCode !== null) break;
    if (await opens(on)) return on;
    await new Promise((done) => setTimeout(done, 100));
  }
  if (child.exitCode !== null && tries > 1) return start(name, tries - 1);
  throw new Error(`prism does not start for ${name}`);
}

async function ask(on, { method, path: target, form, json, login }) {
  const headers = {};
  if (login !== false) headers.authorization = 'Basic ' + Buffer.from(`${account}:${token}`).toString('base64');
  let body;
  if (form) body = new URLSearchParams(form).toString(), headers['content-type'] = 'application/x-www-form-urlencoded';
  if (json) body = JSON.stringify(json), headers['content-type'] = 'application/json';
  const response = await fetch(`http://127.0.0.1:${on}${target}`, { method, headers, body });
  const text = await response.text();
  return { status: response.status, json: text === '' ? null : JSON.parse(text) };
}

const base = `/2010-04-01/Accounts/${account}`;
const say = '<Response><Say>hello</Say></Response>';
// `made`: the SIDs of what prepare() made, by their first two letters.
function requests(made) {
  const one = (kind) => made[kind];
  const get = (target) => ({ of: 'api', method: 'GET', path: base + target });
  const post = (target, form) => ({ of: 'api', method: 'POST', path: base + target, form });
  const v1 = (of, method, target, form) => ({ of, method, path: '/v1' + target, form });
  return [
    get('/IncomingPhoneNumbers.json?PageSize=2'), get('/IncomingPhoneNumbers/Local.json'), get(`/IncomingPhoneNumbers/${one('PN')}.json`),
    post('/IncomingPhoneNumbers.json', { PhoneNumber: '+15005550006' }), post(`/IncomingPhoneNumbers/${one('PN')}.json`, { FriendlyName: 'a', VoiceUrl: '' }),
    post(`/IncomingPhoneNumbers/${one('PN')}.json`, { SmsMethod: 'PATCH' }), get('/IncomingPhoneNumbers.json?PageSize=5000'),
    get('/AvailablePhoneNumbers.json'), get('/AvailablePhoneNumbers/US.json'), get('/AvailablePhoneNumbers/US/Local.json?AreaCode=415'), get('/AvailablePhoneNumbers/US/TollFree.json'),
    post('/Applications.json', { FriendlyName: 'a' }), get('/Applications.json'), get(`/Applications/${one('AP')}.json`),
    post('/Calls.json', { To: '+12025550191', From: '+12025550101', Twiml: say, StatusCallbackEvent: 'answered' }), post('/Calls.json', { From: '+12025550101', Twiml: say }),
    get('/Calls.json'), get(`/Calls/${one('CA')}.json`), get(`/Calls/${one('CA')}/Recordings.json`),
    get('/Conferences.json'), get('/Conferences.json?Status=nonsense'),
    post('/Queues.json', { FriendlyName: 'differs' }), post('/Queues.json', { MaxSize: '5' }), get('/Queues.json'), get(`/Queues/${one('QU')}.json`), get(`/Queues/${one('QU')}/Members.json`),
    post('/Messages.json', { To: '+12025550192', From: '+12025550101', Body: 'a' }), get('/Messages.json'), get(`/Messages/${one('SM')}.json`),
    get('/Recordings.json'), get('/Usage/Records.json'), get('/Usage/Records/Daily.json?Category=calls'), get('/Usage/Records/Today.json'),
    get('/Balance.json'), get('/Keys.json'), post('/Keys.json', { FriendlyName: 'a' }), get('/OutgoingCallerIds.json'),
    post('/OutgoingCallerIds.json', { PhoneNumber: '+12025550194' }), get('.json'), get('/Nonsense.json'), { ...get('/Calls/CA123.json'), twilio: 404 },
    { ...get('/Calls.json'), login: false }, { ...post('/Queues.json'), json: { FriendlyName: 'a' } },
    { of: 'api', method: 'DELETE', path: `${base}/Applications/${one('AP')}.json` },
    v1('trunking', 'GET', '/Trunks'), v1('trunking', 'POST', '/Trunks', { FriendlyName: 'a' }), v1('trunking', 'GET', `/Trunks/${one('TK')}`),
    v1('trunking', 'GET', `/Trunks/${one('TK')}/Recording`), v1('trunking', 'GET', `/Trunks/${one('TK')}/PhoneNumbers`),
    v1('trunking', 'POST', `/Trunks/${one('TK')}/OriginationUrls`, { SipUrl: 'sip:a.example', FriendlyName: 'a', Weight: '1', Priority: '1', Enabled: 'true' }),
    v1('trunking', 'POST', `/Trunks/${one('TK')}/OriginationUrls`, { SipUrl: 'sip:a.example' }), v1('trunking', 'GET', `/Trunks/${one('TK')}/OriginationUrls`),
    v1('trunking', 'POST', `/Trunks/${one('TK')}/PhoneNumbers`, { PhoneNumberSid: one('PN') }), v1('trunking', 'DELETE', `/Trunks/${one('TK')}`),
    v1('messaging', 'GET', '/Services'), v1('messaging', 'POST', '/Services', { FriendlyName: 'a' }), v1('messaging', 'GET', `/Services/${one('MG')}`),
    { ...v1('messaging', 'POST', `/Services/${one('MG')}/PhoneNumbers`, { PhoneNumberSid: one('PN') }), twilio: 201 }, v1('messaging', 'GET', `/Services/${one('MG')}/PhoneNumbers`),
    v1('messaging', 'GET', '/Nonsense'),
  ];
}
async function prepare() {
  const sid = async (target, form) => (await ask(port, { method: form ? 'POST' : 'GET', path: target, form })).json;
  return {
    PN: (await sid(`${base}/IncomingPhoneNumbers.json`)).incoming_phone_numbers[0].sid,
    AP: (await sid(`${base}/Applications.json`, { FriendlyName: 'first' })).sid,
    QU: (await sid(`${base}/Queues.json`, { FriendlyName: 'first' })).sid,
    CA: (await sid(`${base}/Calls.json`, { To: '+12025550191', From: '+12025550101', Twiml: say })).sid,
    SM: (await sid(`${base}/Messages.json`, { To: '+12025550192', From: '+12025550101', Body: 'a' })).sid,
    TK: (await sid('/v1/Trunks', { FriendlyName: 'first' })).sid,
    MG: (await sid('/v1/Services', { FriendlyName: 'first' })).sid,
  };
}

const members = (json) => Object.keys(json || {}).sort();
const listIn = (json) => Object.keys(json || {}).find((name) => Array.isArray(json[name]) && typeof json[name][0] === 'object');
// `twilio`: the status where the description says nothing, or has two, and prism takes the other one.
function difference({ twilio }, expected, got) {
  // Twilio answers 400 where prism, which is no Twilio, answers 422.
  const status = twilio || (expected.status === 422 ? 400 : expected.status);
  if (status !== got.status) return `status ${got.status} instead of ${status}`;
  if (status >= 400) return null; // the bodies of errors are not in the description
  if (members(expected.json).join() !== members(got.json).join())
    return `members ${members(got.json)} instead of ${members(expected.json)}`;
  const list = listIn(expected.json);
  if (!list || got.json[list].length === 0) return null;
  const [left, right] = [members(expected.json[list][0]), members(got.json[list][0])];
  return left.join() === right.join() ? null : `members of ${list}: ${right} instead of ${left}`;
}

(async () => {
  const ports = {};
  for (const [name, file] of Object.entries(names)) ports[name] = await start(file);
  const differences = [];
  const all = requests(await prepare());
  for (const request of all) {
    const found = difference(request, await ask(ports[request.of], request), await ask(port, request));
    if (found) differences.push(`${request.method} ${request.path}: ${found}`);
  }
  console.log(JSON.stringify({ compared: all.length, differences }));
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
}).finally(() => children.forEach((child) => child.kill()));
