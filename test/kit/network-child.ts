/** A network with production settings beside a local API, in a process of its own: for tests that take its descriptors away. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { productionNetwork } from './production-network.ts'

const said: string[] = []
const note = (fields: object, text: string) => void said.push(`${text} ${JSON.stringify(fields)}`)
const network = await productionNetwork({ log: { debug() {}, info: note, warn: note } })
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
