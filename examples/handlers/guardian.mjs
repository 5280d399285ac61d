// A handler of Laban as a service that connects: JSON-RPC 2.0 over a WebSocket. No package is needed.
//
//     LABAN_TOKEN=… node guardian.mjs ws://127.0.0.1:7411/v1/handlers/connect
//
// It plays the guardian of vault.choreo: it looks at a request, and approves it up to a limit. Several of these share the
// calls. Node.js before version 22 needs --experimental-websocket.

const address = process.argv[2] ?? 'ws://127.0.0.1:7411/v1/handlers/connect'
const token = process.env.LABAN_TOKEN ?? ''

// What was asked to be paid, by session: `observe` sees it, and `decide` needs it.
const requests = new Map()

const operations = {
  // Whether a payload is accepted: true, or why not.
  observe({ session, message, payload }) {
    if (message !== 'Request') return true
    if (payload.amount <= 0) return { refused: 'there is nothing to pay' }
    requests.set(session, payload)
    return true
  },

  // One of `labels`.
  decide({ session, config }) {
    const request = requests.get(session)
    return request && request.amount <= config.limit ? 'approve' : 'refuse'
  },

  // The payload of a message.
  produce({ session, message, config }) {
    requests.delete(session)
    if (message === 'Approved') return { by: `guardian ${process.pid}` }
    return { why: `more than ${config.limit} is for the board` }
  },
}

function answer({ id, method, params }) {
  const operation = operations[method]
  if (!operation) return { jsonrpc: '2.0', id, error: { code: -32601, message: `there is no operation ${method}` } }
  try {
    return { jsonrpc: '2.0', id, result: operation(params) }
  } catch (trouble) {
    console.error(trouble)
    const data = { kind: 'permanent' } // or 'recoverable': then the host asks again
    return { jsonrpc: '2.0', id, error: { code: 1, message: 'the guardian is broken', data } }
  }
}

function connect(wait) {
  const socket = new WebSocket(address)
  const say = (message) => socket.send(JSON.stringify(message))

  socket.onopen = () => {
    wait = 100
    say({ token })
    say({ offer: { handler: 'guardian', operations: Object.keys(operations) } })
  }
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data)
    if (message.offered) console.log(`offered ${message.offered.handler}`)
    // A message without an id wants no answer: `withdraw` says that nobody waits for a call any longer.
    if (message.id !== undefined) say(answer(message))
  }
  // Calls wait while no guardian is there, so it comes back, ever more slowly.
  socket.onclose = () => setTimeout(connect, wait, Math.min(wait * 2, 30_000))
  socket.onerror = () => {}
}

connect(100)
