// Requests signed and judged by Twilio's own helper library: node official_requests.cjs COUNT SEED
// One JSON object a line: base, target, kind (form, get, json), body, signature, token, and the library's verdict.
'use strict';
const querystring = require('querystring');
const crypto = require('crypto');
const { getExpectedTwilioSignature, validateIncomingRequest } = require('twilio/lib/webhooks/webhooks');

let state = Number(process.argv[3]) >>> 0;
function next() { // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(next() * n);
const pick = (list) => list[below(list.length)];
const chance = (percent) => below(100) < percent;
const some = (most, make) => Array.from({ length: below(most + 1) }, make);

const pathPiece = () => pick(['api', 'voice', 'status', 'v1', 'a-b', "o'clock", 'a+b', '%20', '%C3%BC', '%zz', 'a(1)',
  'a"b', 'a<b>', 'a`b', 'a{b}', 'a;b=1', 'a,b', '$', '!', '*', ':x', '@y', '~z', 'a=b', 'a&b', 'a[1]']);
const queryValue = () => pick(['', '1', 'a b'.replace(' ', '+'), '%20', '%2B', '%27', "o'clock", 'a"b', '<b>', '%C3%BC',
  '%E2%98%8E', '%zz', '%', 'a;b', 'a/b', 'a?b', '(x)', '!*~', 'a=b', '{x}', '`', '[1]', '%3D', '%26', ',', ':', '@']);
const queryName = () => pick(['a', 'b', 'tenant', 'Foo', "n'", 'x%20y', 'ü'.replace('ü', '%C3%BC'), '_', 'a[]', 'f.g']);
const queryItem = () => pick([() => queryName() + '=' + queryValue(), () => queryName() + '=' + queryValue(), queryName,
  () => '', () => '=' + queryValue()])();
const target = () => '/' + some(3, pathPiece).join('/') + (chance(10) ? '/' : '') +
  (chance(50) ? '?' + some(4, queryItem).join('&') : '');
const base = () => pick(['https', 'https', 'https', 'http', 'HTTPS']) + '://' +
  pick(['hooks.example.org', 'Hooks.Example.org', 'h', '192.0.2.7', '[2001:db8::1]', 'xn--mnchen-3ya.example']) +
  pick(['', '', ':443', ':8443', ':80', ':1']) + pick(['', '', '/prefix', "/p'q"]);

const text = () => some(3, () => pick(['a', 'B', '1', ' ', '+', '&', '=', '%', 'ü', '日本', '☎', '\u{1F4DE}', '\r\n', "'", '"',
  '<', '\0', '/', '+12025550143', 'client:agent_1'])).join('');
const name = () => pick(['CallSid', 'From', 'To', 'a', 'A', 'Ab', 'aB', 'MediaUrl', 'MediaUrl', 'Body', 'Empty', 'ü', '日', '10',
  '9', '__proto__', 'constructor', 'toString', 'length', 'x y', 'a[]', 'a[b]', 'bodySHA', text()]);
// Several spellings of one text.
function encode(value) {
  const full = encodeURIComponent(value);
  return pick([full, full.replace(/%20/g, '+'), full.replace(/'/g, '%27'), full.toLowerCase().includes('%') ?
    full.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()) : full]);
}
const formText = () => some(8, () => pick([() => encode(name()) + '=' + encode(text()), () => encode(name()),
  () => 'MediaUrl=' + pick(['a', 'b', 'c']), () => '', () => 'x=%zz', () => 'y=100%'])()).join('&');

function swapPort(url, port) {
  return url.replace(/^([a-z]+:\/\/(?:\[[^\]]*\]|[^/:?]*))(:\d+)?/i, (all, before) => before + port);
}
function legacy(url) {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at + 1) + querystring.stringify(querystring.parse(url.slice(at + 1)));
}
function signedUrl(url) {
  const kind = below(14);
  if (kind < 4) return url;
  if (kind < 6) return swapPort(url, '');
  if (kind < 7) return swapPort(url, pick([':443', ':80', ':8443']));
  if (kind < 8) return new URL(url).toString();
  if (kind < 9) return swapPort(new URL(url).toString(), pick(['', ':443', ':80', ':8443']));
  if (kind < 11) return swapPort(legacy(new URL(url).toString()), pick(['', '', ':443', ':80', ':8443']));
  if (kind < 12) return legacy(url);
  return pick([() => url + '/', () => url.toLowerCase(), () => url.replace(/^https/i, 'http'), () => url + '?',
    () => url.replace(/\?(.*)&(.*)$/, '?$2&$1'), () => url.replace(/\/$/, ''), () => decodeURI(url.replace(/%(zz)?/g, ''))])();
}
function changed(parameters) {
  const out = { ...parameters };
  const keys = Object.keys(out);
  if (!chance(15) || keys.length === 0) return parameters;
  const key = pick(keys);
  if (chance(30)) delete out[key];
  else if (Array.isArray(out[key])) out[key] = chance(50) ? out[key].concat(out[key]) : out[key].slice(1);
  else out[key] = pick([out[key].trim(), out[key] + ' ', '']);
  return out;
}
function spoiled(signature) {
  if (!chance(15)) return signature;
  return pick(['', signature.slice(0, -1), signature + '=', signature.toLowerCase(), 'A'.repeat(28), 'x'.repeat(10240),
    signature.slice(0, 5) + (signature[5] === 'A' ? 'B' : 'A') + signature.slice(6), ' ' + signature.slice(1)]);
}

function make() {
  const kind = pick(['form', 'form', 'form', 'get', 'json']);
  const token = pick(['12345', 'f'.repeat(32), 'ü☎']);
  const at = base();
  let to = target();
  let body = '', parameters = {}, rawBody;
  if (kind === 'form') {
    body = formText();
    parameters = querystring.parse(body, null, null, { maxKeys: 0 });
  } else if (kind === 'json') {
    body = JSON.stringify({ a: text(), n: below(1000) });
    const hash = crypto.createHash('sha256').update(body).digest('hex');
    const value = chance(80) ? hash : pick([hash.toUpperCase(), hash.slice(1), '', '0'.repeat(64), hash + '&bodySHA256=' + hash]);
    to += (to.includes('?') ? '&' : '?') + 'bodySHA256=' + value;
    rawBody = body;
  }
  const key = chance(95) ? token : 'another token';
  const signature = spoiled(getExpectedTwilioSignature(key, signedUrl(at + to), changed(parameters)));
  const request = { header: () => signature, body: parameters, rawBody, originalUrl: to };
  return { base: at, target: to, kind, body, signature, token,
    verdict: validateIncomingRequest(request, token, { url: at + to }) };
}

const lines = [];
for (let i = 0; i < Number(process.argv[2]); ++i) lines.push(JSON.stringify(make()));
process.stdout.write(lines.join('\n') + '\n');
