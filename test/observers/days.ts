/**
 * Days of use: people come and go, and write under each of their pseudonyms to contacts of that pseudonym, at moments that
 * have nothing to do with each other. What follows on it is their daemons' own doing.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Mailbox } from '../../node/daemon/mailbox.ts'
import { accountOf } from '../../node/mailbox/signing.ts'
import { Refusal } from '../../node/service.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { drawing } from '../kit/drawing.ts'
import { addressesIn, createWorld, epochMs, type Plan, startMs, type World } from './world.ts'

type Use = Plan & {
  /** How long; the last one need not be a whole one. */
  readonly epochs: number
  /** From this epoch on (counted from 0) people stay away for whole epochs, one of five; before that only for parts of one. */
  readonly awayFrom: number
  readonly progress: (sentence: string) => void
}

export type Lived = World & {
  /** Whose each pseudonym is, by its address in hex. */
  readonly owners: ReadonlyMap<string, string>
}

/** How often people do something, and how far the simulation goes between. */
const stepMs = 4_000
/** Of a hundred steps, those in which a pseudonym writes, and in which it judges a letter that it got; over months fewer. */
const busy = { writes: 16, judges: 8 }
const calm = { writes: 2, judges: 3 }
/** In each epoch nobody reaches the host for so long, once. */
const outageMs = 12_000
/** Everybody comes for the first time within so long. */
const arrivalMs = 60_000
/** From then on nobody is new any more. */
export const arrivedMs = 90_000

/** Let people live. At the end everybody is up. */
export async function live(use: Use): Promise<Lived> {
  const world = await createWorld(use)
  const { simulation, people, up, host } = world
  const drawn = drawing(world.random)
  const addresses = new Map(people.map((name) => [name, addressesIn(world.keystoreOf(name))]))
  const act = createActs(world, addresses, drawn)
  for (let epoch = 0; epoch < use.epochs; epoch++) {
    const wakes = new Map(people.map((name) => [name, wakesAt(epoch, use, drawn)]))
    const outage = drawn.number(epochMs / stepMs / 4, (epochMs / stepMs) * 0.75) * stepMs
    const endMs = Math.min(1, use.epochs - epoch) * epochMs
    for (let at = 0; at < endMs; at += stepMs) {
      for (const name of people) await comeOrGo(world, name, at >= wakes.get(name)!)
      if (at === outage) simulation.cut(['host'])
      if (at === outage + outageMs) simulation.heal()
      await simulation.run({ untilMs: startMs + epoch * epochMs + at + stepMs })
      for (const name of up.keys()) await act(name, epoch < use.awayFrom ? busy : calm)
    }
    const { height } = host.replica.head.sealed.header
    use.progress(`${Math.min(epoch + 1, use.epochs)} of ${use.epochs} epochs, height ${height}`)
  }
  for (const name of people) await comeOrGo(world, name, true)
  await simulation.run({ untilMs: simulation.now() + stepMs })
  const owners = [...addresses].flatMap(([name, own]) => own.map((address) => [bytesToHex(address), name] as const))
  return { ...world, owners: new Map(owners) }
}

/** When somebody wakes in an epoch: at its beginning, later, or not at all; in the first one they arrive. */
function wakesAt(epoch: number, { awayFrom }: Use, { number, percent }: Drawn): number {
  if (epoch === 0) return number(0, arrivalMs)
  if (epoch >= awayFrom && percent(20)) return Number.POSITIVE_INFINITY
  return percent(25) ? number(0, epochMs / 2) : 0
}

async function comeOrGo({ up, start, stop }: World, name: string, isAwake: boolean): Promise<void> {
  if (isAwake && !up.has(name)) await start(name)
  if (!isAwake && up.has(name)) await stop(name)
}

/** Gives what somebody does in a step: enrol once, and under each pseudonym write and judge. */
function createActs(
  world: World,
  addresses: ReadonlyMap<string, readonly Uint8Array[]>,
  { number, percent, pick }: Drawn,
) {
  const enrolled = new Set<string>()
  const contacts = new Map<string, readonly string[]>()
  for (const [name, own] of addresses) {
    const others = [...addresses].flatMap(([other, theirs]) => (other === name ? [] : theirs.map(encodeAddress)))
    for (const address of own) contacts.set(encodeAddress(address), [pick(others), pick(others), pick(others)])
  }

  async function write(mailbox: Mailbox, from: string): Promise<void> {
    const text = `Subject: ${number(0, 1e6)}\r\n\r\n${'x'.repeat(number(10, 900))}\r\n`
    const raw = Buffer.from(text).toString('base64')
    await unlessRefused(mailbox.send({ from, to: [pick(contacts.get(from)!)], raw }))
  }

  async function judge(mailbox: Mailbox, address: string): Promise<void> {
    const letters = await mailbox.messages({ folder: 'inbox' })
    const letter = letters.find(({ own, state }) => own === address && (state === 'released' || state === 'opened'))
    if (letter) await unlessRefused(mailbox.ack({ id: letter.id, verdict: percent(70) ? 'value' : 'abstain' }))
  }

  return async (name: string, { writes, judges }: typeof busy): Promise<void> => {
    const { mailbox, node, wallet } = world.up.get(name)!
    for (const { address, text } of wallet.own) {
      if (!(await accountOf(node.replica, address))?.signingKey) continue
      if (!enrolled.has(name)) {
        enrolled.add(name)
        await unlessRefused(mailbox.enroll({ from: text }))
      }
      if (percent(writes)) await write(mailbox, text)
      if (percent(judges)) await judge(mailbox, text)
    }
  }
}

type Drawn = ReturnType<typeof drawing>

/** What is refused here is refused to honest people, too: no money, or somebody who is not registered yet. */
async function unlessRefused(task: Promise<unknown>): Promise<void> {
  try {
    await task
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}
