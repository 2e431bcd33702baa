// Twilio's own client drives the simulated Twilio: node official_client.cjs PORT ACCOUNT TOKEN OUR_NUMBER
// Says "all is well" at the end; throws before where something is not as at Twilio.
'use strict';
const assert = require('assert');
const twilio = require('twilio');
const RequestClient = require('twilio/lib/base/RequestClient');

const [port, account, token, ours] = process.argv.slice(2);
const hosts = /^https:\/\/(api|trunking|messaging)\.twilio\.com(:443)?/;

class Here extends (RequestClient.default || RequestClient) {
  request(options) {
    assert.match(options.uri, hosts);
    return super.request({ ...options, uri: options.uri.replace(hosts, `http://127.0.0.1:${port}`) });
  }
}
const client = twilio(account, token, { httpClient: new Here() });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function until(what, holds) {
  for (const end = Date.now() + 60000; Date.now() < end;) {
    if (await holds()) return;
    await pause(25);
  }
  assert.fail(`never: ${what}`);
}
async function fails(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.strictEqual(error.status, status);
    assert.strictEqual(error.code, code);
    assert.ok(error.moreInfo);
    return true;
  });
}

async function numbers() {
  const [found] = await client.availablePhoneNumbers('US').local.list({ areaCode: 415, limit: 1 });
  assert.match(found.phoneNumber, /^\+1415/);
  const bought = await client.incomingPhoneNumbers.create({ phoneNumber: found.phoneNumber, voiceUrl: 'https://pbx.example.com/voice' });
  assert.strictEqual(bought.capabilities.voice, true);
  assert.ok(bought.dateCreated instanceof Date && !Number.isNaN(bought.dateCreated.getTime()));
  const changed = await client.incomingPhoneNumbers(bought.sid).update({ friendlyName: 'Main line', voiceMethod: 'GET' });
  assert.strictEqual(changed.friendlyName, 'Main line');
  assert.strictEqual(changed.voiceMethod, 'GET');
  for (let i = 10; i < 15; ++i) await client.incomingPhoneNumbers.create({ phoneNumber: `+1202555015${i - 10}` });
  const all = await client.incomingPhoneNumbers.list({ pageSize: 2 });
  assert.strictEqual(all.length, 7);
  assert.strictEqual(new Set(all.map((one) => one.sid)).size, 7);
  assert.strictEqual(await client.incomingPhoneNumbers(bought.sid).remove(), true);
  await fails(client.incomingPhoneNumbers(bought.sid).fetch(), 404, 20404);
  await fails(client.incomingPhoneNumbers.create({ phoneNumber: '+15005550000' }), 400, 21422);
}

async function calls() {
  const twiml = '<Response><Pause length="60"/></Response>';
  const call = await client.calls.create({ to: '+12025550191', from: ours, twiml, statusCallbackEvent: ['ringing', 'answered'] });
  assert.match(call.sid, /^CA[0-9a-f]{32}$/);
  await until('the call is answered', async () => (await client.calls(call.sid).fetch()).status === 'in-progress');
  const recording = await client.calls(call.sid).recordings.create({ recordingChannels: 'dual' });
  assert.strictEqual(recording.source, 'StartCallRecordingAPI');
  await client.calls(call.sid).update({ status: 'completed' });
  await until('the call is over', async () => (await client.calls(call.sid).fetch()).status === 'completed');
  const over = await client.calls(call.sid).fetch();
  assert.strictEqual(typeof over.duration, 'string');
  assert.ok(over.endTime instanceof Date);
  const listed = await client.calls.list({ startTimeAfter: new Date(Date.now() - 86400000), status: 'completed' });
  assert.deepStrictEqual(listed.map((one) => one.sid), [call.sid]);
  await fails(client.calls.create({ to: '+12025550191', from: ours }), 400, 21205);
  assert.strictEqual(await client.calls(call.sid).remove(), true);
}

async function messages() {
  const sent = await client.messages.create({ to: '+12025550192', from: ours, body: 'hello' });
  assert.match(sent.sid, /^SM[0-9a-f]{32}$/);
  await until('the text is delivered', async () => (await client.messages(sent.sid).fetch()).status === 'delivered');
  const [listed] = await client.messages.list({ to: '+12025550192' });
  assert.strictEqual(listed.numSegments, '1');
  assert.strictEqual((await client.messages(sent.sid).update({ body: '' })).body, '');
  assert.strictEqual(await client.messages(sent.sid).remove(), true);
  await fails(client.messages.create({ to: '+12025550192', from: ours }), 400, 21602);
}

async function conferences() {
  const invited = await client.conferences('room').participants.create({ to: '+12025550193', from: ours, label: 'ann' });
  await client.conferences('room').participants.create({ to: '+12025550194', from: ours, label: 'bob' }); // one alone waits
  assert.match(invited.callSid, /^CA/);
  let room;
  await until('the conference begins', async () => {
    [room] = await client.conferences.list({ friendlyName: 'room', status: 'in-progress' });
    return room !== undefined;
  });
  const ann = client.conferences(room.sid).participants('ann');
  assert.strictEqual((await ann.update({ muted: true })).muted, true);
  assert.strictEqual((await ann.fetch()).callSid, invited.callSid);
  assert.strictEqual((await client.conferences(room.sid).participants.list()).length, 2);
  await client.conferences(room.sid).update({ status: 'completed' });
  await until('the conference ends', async () => (await client.conferences(room.sid).fetch()).status === 'completed');
}

async function newer() {
  for (const name of ['a', 'b', 'c']) await client.trunking.v1.trunks.create({ friendlyName: name });
  assert.strictEqual((await client.trunking.v1.trunks.list({ pageSize: 1 })).length, 3);
  const service = await client.messaging.v1.services.create({ friendlyName: 'Texts' });
  assert.strictEqual((await client.messaging.v1.services(service.sid).fetch()).friendlyName, 'Texts');
}

(async () => {
  for (const part of [numbers, calls, messages, conferences, newer]) await part();
  console.log('all is well');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
