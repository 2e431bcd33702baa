// The voice webhook on Express, and that of texts where they are asked for, with the official SDK's check of signatures.
// usage: node plain_express.cjs PORT sqlite FILE [texts] | postgresql URL      PUBLIC_URL, TWILIO_AUTH_TOKEN in the environment
const express = require('express')
const twilio = require('twilio')
const { answer, port, publicUrl } = require('./plain_voice.cjs')

const { host, protocol } = new URL(publicUrl)
const app = express()
app.use(express.urlencoded({ extended: false }))
app.post('/api/workspaces/:workspace/voice', twilio.webhook({ host, protocol: protocol.replace(':', '') }),
  async (request, response) => {
    response.type('text/xml').send(await answer(request.params.workspace, request.body))
  })
if (process.argv[5] === 'texts') {
  const { take } = require('./plain_sms.cjs')
  app.post('/api/workspaces/:workspace/sms', twilio.webhook({ host, protocol: protocol.replace(':', '') }),
    (request, response) => response.type('text/xml').send(take(request.params.workspace, request.body)))
}
app.listen(port, '127.0.0.1', 4096)
