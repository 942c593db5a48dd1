/** A network with production settings beside a local API, in a process of its own: for tests that take its descriptors away. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../node/daemon/system.ts'
import { createNetwork } from '../../node/network/libp2p.ts'

const said: string[] = []
const note = (fields: object, text: string) => void said.push(`${text} ${JSON.stringify(fields)}`)
const network = await createNetwork({
  seed: randomBytes(32),
  listen: ['/ip4/127.0.0.1/tcp/0'],
  announce: [],
  keep: [],
  prefix: '/bmail/test',
  clock: systemClock,
  random: (length) => randomBytes(length),
  log: { debug() {}, info: note, warn: note },
})
network.serve(
  'hello',
  async function* (request) {
    yield request
  },
  { requestBytesMax: 512 },
)
const api = createServer((_, response) => response.end(JSON.stringify({ peers: network.peers().length, said })))
api.listen(0, '127.0.0.1', () => {
  const { port } = api.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ port, address: network.addresses()[0] })}\n`)
})
