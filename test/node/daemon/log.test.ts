/** What a daemon's log leaves out: of a person's whatever names them or theirs, of a relay's nothing. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { createLog } from '../../../node/daemon/log.ts'
import { encodeAddress } from '../../../protocol/address.ts'

const address = new Uint8Array(20).fill(0xa7)
const id = new Uint8Array(32).fill(0xc3)
const network = 'ab'.repeat(32)
const names = [
  encodeAddress(address),
  bytesToHex(address),
  bytesToHex(id),
  bytesToHex(id).slice(0, 12),
  'my other name',
]

/** The lines of a log after something was written to it. */
function linesOf(role: 'relay' | 'personal', level: string): string[] {
  const lines: string[] = []
  const logger = createLog({ level, role, network }, { write: (line) => void lines.push(line) })
  const child = logger.child({ part: 'mailbox' })
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    child[level]({ address: encodeAddress(address), op: bytesToHex(id), network }, 'signed again')
    const error = new Error(`“my other name” (${bytesToHex(address)}) was moved, see ${encodeAddress(address)}`)
    child[level](
      { err: error, url: `/v1/messages/${bytesToHex(id)}/raw` },
      `the round failed for ${bytesToHex(id).slice(0, 12)}`,
    )
  }
  return lines
}

test('log: a person’s names nothing of theirs from info on, wherever in a line it stands', async (t) => {
  const lines = linesOf('personal', 'info')
  t.equal(lines.length, 6)
  for (const line of lines) {
    for (const name of names) t.notOk(line.includes(name), name)
    const { time, msg } = JSON.parse(line)
    t.ok(Number.isSafeInteger(time) && msg.length > 0, 'and it is a line still')
  }
  t.equal(lines.filter((line) => line.includes(network)).length, 3, 'the network is everybody’s')
})

test('log: who asks for debugging sees what it is about', async (t) => {
  const debugging = linesOf('personal', 'debug').filter((line) => JSON.parse(line).level === 20)
  t.equal(debugging.length, 2)
  t.ok(debugging[0]!.includes(encodeAddress(address)) && debugging[1]!.includes('my other name'))
})

test('log: a relay’s is as it was written', async (t) => {
  const [line] = linesOf('relay', 'info')
  t.ok(line!.includes(encodeAddress(address)) && line!.includes(bytesToHex(id)))
})
