// The same on Fastify.
// usage: node plain_fastify.cjs PORT sqlite FILE [texts] | postgresql URL      PUBLIC_URL, TWILIO_AUTH_TOKEN in the environment
const fastify = require('fastify')
const { validateRequest } = require('twilio')
const { answer, port, publicUrl, token } = require('./plain_voice.cjs')

const app = fastify()
app.register(require('@fastify/formbody'))
const take = { voice: answer }
if (process.argv[5] === 'texts') take.sms = require('./plain_sms.cjs').take
for (const [webhook, answered] of Object.entries(take)) {
  app.post(`/api/workspaces/:workspace/${webhook}`, async (request, reply) => {
    const signature = request.headers['x-twilio-signature'] ?? ''
    if (!validateRequest(token, signature, publicUrl + request.url, request.body)) return reply.code(403).send()
    return reply.type('text/xml').send(await answered(request.params.workspace, request.body))
  })
}
app.listen({ port, host: '127.0.0.1', backlog: 4096 })
