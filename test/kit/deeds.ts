/**
 * What people do on a simulated network, by a seed: write, acknowledge, pay, grant, and try what is not allowed. Each
 * deed is noted with what has to come of it, whatever goes wrong meanwhile.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Mailbox } from '../../node/daemon/mailbox.ts'
import type { Random } from '../../node/seams.ts'
import { Refusal } from '../../node/service.ts'
import { encodeAddress } from '../../protocol/address.ts'
import type { Action } from '../../protocol/operations.ts'
import type { Verdict } from '../../protocol/words.ts'
import { drawing } from './drawing.ts'
import { misdeedsOf } from './misdeeds.ts'
import { type Alive, personOf, type World } from './simulation.ts'

/** What has to come of an op: `once`, it settles exactly once; `perhaps`, once or not at all; `never`. */
export type Fate = 'once' | 'perhaps' | 'never'

type Sending = {
  readonly id: string
  readonly fate: Fate
  /** Whether no other device of its sender could make it dearer meanwhile. */
  readonly isAlone: boolean
  readonly from: string
  /** The people it goes to. */
  readonly to: readonly string[]
  readonly raw: Uint8Array
}

/** Everything that was done, and what has to come of it. */
export type Book = {
  readonly sendings: Sending[]
  /** Ops that can be told from each other by what they say, in whatever form they were signed; see `markOf`. */
  readonly marks: Map<string, Fate>
  readonly verdicts: { readonly message: string; readonly by: string; readonly verdict: Verdict; readonly fate: Fate }[]
  /** The network's story, a line each. */
  readonly lines: string[]
}

type Deeds = {
  readonly book: Book
  /** Somebody who is up does something; what cannot be done is refused, and noted too. */
  readonly next: () => Promise<void>
}

/** What an op says that no other op of the book says; the same for all signed forms of one wish. */
export function markOf(account: Uint8Array, { TAG, data }: Action): string | undefined {
  const by = bytesToHex(account)
  if (TAG === 'transfer') return `${by} transfers ${data.amount}`
  if (TAG === 'policy') return `${by} asks for ${data.leastFee}`
  if (TAG === 'grant') return `${by} grants ${data.allowance}`
  if (TAG === 'revoke') return `${by} revokes ${bytesToHex(data.sender)}`
  return undefined
}

const weights = { send: 10, ack: 6, transfer: 4, grant: 1, revoke: 1, policy: 1, wrong: 4 } as const
const verdicts: readonly Verdict[] = ['value', 'abstain', 'spam', 'abuse']
/** Fees are asked for that hardly make a letter dearer, so that people can go on writing. */
const leastFee = 1_000n

/** Nothing was done yet. */
export function createDeeds(world: World, random: Random): Deeds {
  const { number, pick, percent } = drawing(random)
  const book: Book = { sendings: [], marks: new Map(), verdicts: [], lines: [] }
  const grants: { readonly granter: string; readonly sender: string; isRevoked: boolean }[] = []
  const people = [...new Set(world.devices.map(personOf))]
  let counter = 0n

  const note = (line: string) => void book.lines.push(`${world.simulation.now() % 1e8} ${line}`)
  const addressText = (device: string) => encodeAddress(world.addressOf(device))
  const others = (device: string) => people.filter((person) => person !== personOf(device))
  const chances = Object.entries(weights).flatMap(([name, weight]) => Array(weight).fill(name) as Name[])

  type Name = keyof typeof weights
  type Actor = { readonly device: string; readonly life: Alive; readonly mailbox: Mailbox }

  /** Do it, and note what has to come of it: a node that crashed meanwhile may or may not have done it. */
  async function submit(what: string, { device, life }: Actor, task: () => Promise<unknown>): Promise<Fate> {
    try {
      await task()
    } catch (error) {
      if (!(error instanceof Refusal) && !life.isOver) throw error
      note(`${device} ${what}: ${(error as Error).message}`)
      return life.isOver ? 'perhaps' : 'never'
    }
    note(`${device} ${what}${life.isOver ? ', and crashes' : ''}`)
    return life.isOver ? 'perhaps' : 'once'
  }

  async function submitMarked(actor: Actor, action: Action, task: () => Promise<unknown>): Promise<void> {
    const mark = markOf(world.addressOf(actor.device), action)!
    const known = book.marks.get(mark)
    const fate = await submit(`${action.TAG}s ${counter}`, actor, task)
    if (known === undefined || known === 'never') book.marks.set(mark, fate)
  }

  const acts: Record<Name, (actor: Actor) => Promise<void>> = {
    async send(actor) {
      const { device, mailbox } = actor
      const to = others(device)
      while (to.length > number(1, 3)) to.splice(number(0, to.length - 1), 1)
      // Some are too large to travel with their op, and are asked for.
      const padding = Buffer.from(random(percent(12) ? 30_000 : 30)).toString('base64')
      const raw = Buffer.from(`Subject: letter ${counter}\r\n\r\n${padding}\r\n`)
      // Where a grant pays, a message may find what was set aside taken back, and then it is void.
      const isGranted = grants.some(({ granter, sender }) => sender === personOf(device) && to.includes(granter))
      // A device cannot know what another of its person sends at the same moment, and that makes this one dearer, too.
      const isAlone = world.devices.filter((other) => personOf(other) === personOf(device)).length === 1
      let id: string | undefined
      const fate = await submit(`sends letter ${counter} to ${to}`, actor, async () => {
        const sent = await mailbox.send({ to: to.map(addressText), raw: raw.toString('base64') })
        id = sent.message.id
      })
      if (id) book.sendings.push({ id, fate: isGranted ? 'perhaps' : fate, isAlone, from: device, to, raw })
    },
    async ack(actor) {
      const { device, mailbox } = actor
      const by = personOf(device)
      const letters = (await mailbox.messages({ folder: 'inbox' })).filter(
        ({ id, state }) =>
          (state === 'released' || state === 'opened') &&
          !book.verdicts.some((known) => known.message === id && known.by === by),
      )
      if (letters.length === 0) return
      const { id } = pick(letters)
      const verdict = pick(verdicts)
      const { raw } = await mailbox.message({ id })
      const sending = book.sendings.find((known) => known.id === id)
      if (raw === null || (sending && !Buffer.from(raw, 'base64').equals(sending.raw)))
        throw new Error(`${device} reads another letter than ${sending?.from} wrote.`)
      const fate = await submit(`calls ${id.slice(0, 8)} ${verdict}`, actor, () => mailbox.ack({ id, verdict }))
      if (fate !== 'never') book.verdicts.push({ message: id, by, verdict, fate })
    },
    async transfer(actor) {
      const to = pick(others(actor.device))
      const action: Action = { TAG: 'transfer', data: { to: world.addressOf(to), amount: 5_000n + counter } }
      await submitMarked(actor, action, () =>
        actor.mailbox.transfer({ to: addressText(to), amount: String(5_000n + counter) }),
      )
    },
    async grant(actor) {
      const [granter, sender] = [personOf(actor.device), pick(others(actor.device))]
      if (grants.some((known) => known.granter === granter && known.sender === sender)) return
      grants.push({ granter, sender, isRevoked: false })
      const [payer, allowance] = percent(50)
        ? (['recipient', 500_000n + counter] as const)
        : (['sender', counter] as const)
      const action: Action = { TAG: 'grant', data: { sender: world.addressOf(sender), payer, allowance } }
      await submitMarked(actor, action, () =>
        actor.mailbox.grant({ to: addressText(sender), payer, allowance: String(allowance) }),
      )
    },
    async revoke(actor) {
      const grant = grants.find(({ granter, isRevoked }) => granter === personOf(actor.device) && !isRevoked)
      if (!grant) return
      const action: Action = { TAG: 'revoke', data: { sender: world.addressOf(grant.sender) } }
      await submitMarked(actor, action, async () => {
        await actor.mailbox.revoke({ to: addressText(grant.sender) })
        grant.isRevoked = true
      })
    },
    async policy(actor) {
      if (counter > 200n) return
      const action: Action = { TAG: 'policy', data: { leastTier: 0, leastFee: leastFee + counter } }
      await submitMarked(actor, action, () =>
        actor.mailbox.policy({ leastFee: String(leastFee + counter), leastTier: 0 }),
      )
    },
    wrong: (actor) => misdeed(actor),
  }

  /** Something that no node may take: it goes past the mailbox, straight to the node. */
  async function misdeed({ device, life }: Actor): Promise<void> {
    const to = world.addressOf(pick(others(device)))
    const wrongs = await misdeedsOf(life, { to, amount: 900_000n + counter, random })
    const { what, sign, envelope } = pick(wrongs)
    const taken = await life.node.submit(sign(), envelope)
    if (taken.ok) throw new Error(`${device} took ${what}.`)
    note(`${device} refuses ${what}: ${taken.reason}`)
  }

  return {
    book,
    async next() {
      const up = world.devices.filter(world.isUp)
      if (up.length === 0) return
      const device = pick(up)
      const life = world.at(device)
      const mailbox = life.mailbox!
      counter += 1n
      if ((await mailbox.pseudonyms())[0]!.registered) await acts[pick(chances)]({ device, life, mailbox })
    },
  }
}
