/**
 * Days of use: people come and go, and write under each of their pseudonyms to contacts of that pseudonym, at moments that
 * have nothing to do with each other. What follows on it is their daemons' own doing.
 */
import type { World } from './world.ts'
import { addressesIn, epochMs, startMs } from './world.ts'
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import { accountOf } from '../../node/mailbox/signing.ts'
import { Refusal } from '../../node/service.ts'
import { drawing } from '../kit/drawing.ts'
import { createWorld, type Plan } from './world.ts'

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
const busy = { writes: 8, judges: 8 }
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
  const { number, percent, pick } = drawing(world.random)
  const { simulation, people, up } = world
  const addresses = new Map(people.map((name) => [name, addressesIn(world.keystoreOf(name))]))
  const everybody: string[] = [...addresses.values()].flat().map(encodeAddress)
  const contacts = new Map(everybody.map((text) => [text, [pick(everybody), pick(everybody), pick(everybody)]]))
  const arrivals = new Map(people.map((name) => [name, number(0, arrivalMs)]))
  const enrolled = new Set<string>()
  let wakes = new Map<string, number>()

  /** When each wakes in an epoch: at its beginning, later, or not at all. */
  function drawWakes(epoch: number): void {
    const wakesAt = (): number => {
      if (epoch >= use.awayFrom && percent(20)) return Number.POSITIVE_INFINITY
      return percent(25) ? number(0, epochMs / 2) : 0
    }
    wakes = new Map(people.map((name) => [name, epoch === 0 ? arrivals.get(name)! : wakesAt()]))
  }

  async function act(name: string, { writes, judges }: typeof busy): Promise<void> {
    const { mailbox, node, wallet } = up.get(name)!
    for (const { address: bytes, text: address } of wallet.own) {
      if (!(await accountOf(node.replica, bytes))?.signingKey) continue
      if (!enrolled.has(name)) {
        enrolled.add(name)
        await unlessRefused(mailbox.enroll({ from: address }))
      }
      if (percent(writes)) {
        const raw = Buffer.from(`Subject: ${number(0, 1e6)}\r\n\r\n${'x'.repeat(number(10, 900))}\r\n`).toString(
          'base64',
        )
        const to = [pick(contacts.get(address)!)]
        if (to[0] !== address) await unlessRefused(mailbox.send({ from: address, to, raw }))
      }
      if (!percent(judges)) continue
      const letters = await mailbox.messages({ folder: 'inbox' })
      const letter = letters.find(
        ({ own: to, state }) => to === address && (state === 'released' || state === 'opened'),
      )
      if (letter) await unlessRefused(mailbox.ack({ id: letter.id, verdict: percent(70) ? 'value' : 'abstain' }))
    }
  }

  for (let epoch = 0; epoch < use.epochs; epoch++) {
    drawWakes(epoch)
    const outage = number(epochMs / stepMs / 4, (epochMs / stepMs) * 0.75) * stepMs
    const endMs = Math.min(1, use.epochs - epoch) * epochMs
    for (let at = 0; at < endMs; at += stepMs) {
      for (const name of people) {
        const isAwake = at >= wakes.get(name)!
        if (isAwake && !up.has(name)) await world.start(name)
        if (!isAwake && up.has(name)) await world.stop(name)
      }
      if (at === outage) simulation.cut(['host'])
      if (at === outage + outageMs) simulation.heal()
      await simulation.run({ untilMs: startMs + epoch * epochMs + at + stepMs })
      for (const name of up.keys()) await act(name, epoch < use.awayFrom ? busy : calm)
    }
    use.progress(
      `${Math.min(epoch + 1, use.epochs)} of ${use.epochs} epochs, height ${world.host.replica.head.sealed.header.height}`,
    )
  }
  for (const name of people) if (!up.has(name)) await world.start(name)
  await simulation.run({ untilMs: simulation.now() + stepMs })
  const owners = new Map(
    [...addresses].flatMap(([name, own]) => own.map((address) => [bytesToHex(address), name] as const)),
  )
  return { ...world, owners }
}

/** What is refused here is refused to honest people, too: no money, or somebody who is not registered yet. */
async function unlessRefused(task: Promise<unknown>): Promise<void> {
  try {
    await task
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}
