/** What has to be there when a simulated network has come to rest, whatever it went through. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { Outcome } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { SignedOp } from '../../protocol/wire.ts'
import { type Book, type Fate, markOf } from './deeds.ts'
import { personOf, type World } from './simulation.ts'

/** Everything that should have happened and has not, or has happened and should not have. */
export async function shortfalls(world: World, book: Book): Promise<string[]> {
  const faults: string[] = []
  const log = await readLog(world)
  const count = (what: string, times: number, fate: Fate) => {
    const isWell = fate === 'once' ? times === 1 : fate === 'never' ? times === 0 : times <= 1
    if (!isWell) faults.push(`${what}: settled ${times} times, and should be ${fate}`)
  }
  for (const sending of book.sendings) {
    const { id, fate, from, isAlone } = sending
    const times = log.messages.get(id) ?? 0
    const isTooDear = times === 0 && !isAlone && (await saysTooDear(world, sending))
    count(`message ${id} of ${from}`, times, isTooDear ? 'perhaps' : fate)
  }
  for (const [mark, fate] of book.marks) count(mark, log.marks.get(mark) ?? 0, fate)
  const known = new Set(book.sendings.map(({ id }) => id))
  for (const id of log.messages.keys()) if (!known.has(id)) log.unknown.push(id)
  for (const mark of log.marks.keys()) if (!book.marks.has(mark)) log.unknown.push(mark)
  faults.push(...log.unknown.map((what) => `${what} was settled, and nobody asked for it`))
  for (const sending of book.sendings) faults.push(...(await unread(world, sending, log.messages.has(sending.id))))
  for (const { message, by, verdict, fate } of book.verdicts) {
    const key = Buffer.from(message, 'hex')
    const view = await world.at('host').node.replica.view([{ table: 'messages', key }])
    const recipients = view.read('messages', key)?.recipients ?? []
    const given = recipients.find(({ address }) => equalBytes(address, world.addressOf(by)))?.verdict
    if (given !== verdict && (fate === 'once' || given))
      faults.push(`${by} said ${verdict} of ${message}, not ${given}`)
  }
  for (const name of world.names) faults.push(...(await unfinished(world, name)))
  return faults
}

/** Whether its sender was told that a message became dearer than what it may cost. */
async function saysTooDear(world: World, { id, from }: Book['sendings'][number]): Promise<boolean> {
  const sent = await world.at(from).mailbox!.messages({ folder: 'sent' })
  const letter = sent.find((one) => one.id === id)
  return letter?.state === 'refused' && letter.note.includes('made it dearer')
}

/** How often each message and each marked op was settled, by the host's log. */
async function readLog(world: World) {
  const { store } = world.at('host').node
  const messages = new Map<string, number>()
  const marks = new Map<string, number>()
  const unknown: string[] = []
  for await (const { sealed, ops } of store.batches(1n)) {
    const outcomes = (await store.outcomes(sealed.header.height))!
    for (const [index, bytes] of ops.entries()) {
      const { result } = Outcome.decode(outcomes[index]!)
      const { op } = SignedOp.decode(bytes)
      if (result.TAG !== 'settled') continue
      const mark = markOf(op.account, op.action)
      if (mark) marks.set(mark, (marks.get(mark) ?? 0) + 1)
      const message = result.data.sent && bytesToHex(result.data.sent.message)
      if (message) messages.set(message, (messages.get(message) ?? 0) + 1)
    }
  }
  return { messages, marks, unknown }
}

const readable = ['released', 'opened', 'acknowledged']

/** Whoever cannot read a message that was settled, or has to hear that it was not. */
async function unread(
  world: World,
  { id, from, to, raw }: Book['sendings'][number],
  isSettled: boolean,
): Promise<string[]> {
  const faults: string[] = []
  for (const device of world.devices) {
    const folder = personOf(device) === personOf(from) ? 'sent' : to.includes(personOf(device)) ? 'inbox' : undefined
    if (!folder) continue
    const letter = (await world.at(device).mailbox!.messages({ folder })).find((letter) => letter.id === id)
    if (!isSettled) {
      if (letter && (folder === 'inbox' || letter.state !== 'refused'))
        faults.push(`${device} has ${id} as ${letter.state}, and it is not settled`)
    } else if (!letter || !readable.includes(letter.state)) {
      faults.push(`${device} has ${id} as ${letter?.state}: ${letter?.note}`)
    } else {
      const content = await world.at(device).mailbox!.message({ id })
      // Only a person's second device may show it opened by the first; what it says is the same.
      if (!content.raw || !Buffer.from(content.raw, 'base64').equals(raw))
        faults.push(`${device} reads something else than ${from} wrote in ${id}`)
    }
  }
  return faults
}

/** What a node still waits for. */
async function unfinished(world: World, name: string): Promise<string[]> {
  const { node } = world.at(name)
  const faults: string[] = []
  const need = (what: string, times: number) => times > 0 && faults.push(`${name} has ${times} ${what}`)
  need('ops that wait', node.pending.size)
  need('envelopes missing', (await node.envelopes.missing(10)).length)
  need('locks closed', (await node.releases.closed(10)).length)
  if (!node.synced()) faults.push(`${name} takes itself to be behind`)
  return faults
}
