/**
 * Random stories for the ledger: several people, all operations, honest ones and slips, several in a batch, with time
 * that jumps. A story is plain data; `tell` plays a host that puts into batches whatever can be in one.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { sign } from '../../node/keys/sign.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import type { Context } from '../../protocol/context.ts'
import { type Applied, apply, openBatch } from '../../protocol/ledger.ts'
import type { Amounts } from '../../protocol/money.ts'
import { touches } from '../../protocol/touches.ts'
import type { Reason } from '../../protocol/reason.ts'
import {
  createDraft,
  createFetched,
  type Draft,
  grantKey,
  type Message,
  metaKey,
  metaOf,
  writeAll,
} from '../../protocol/state.ts'
import type { Action, ActionName } from '../../protocol/operations.ts'
import { consentHash } from '../../protocol/registration.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import {
  action,
  ada,
  bob,
  context,
  cyd,
  dan,
  dayMs,
  verdictRootIn,
  edited,
  eve,
  hourMs,
  network,
  opOf,
  olga,
  type Person,
  personOf,
  registeredState,
  rules,
  seedOf,
  sendTo,
  settle,
  signed,
  type State,
  totalsOf,
  viewOf,
} from './fixtures.ts'
import { goodProof } from './plain-proofs.ts'
import { funded, totals } from '../vectors/world.ts'

/** Ada, Bob and Cyd are registered, Dan and Olga funded, nobody knows the others. Some are poor, so that money runs out. */
export const people: readonly Person[] = [ada, bob, cyd, dan, eve, personOf('fay'), olga]

/** Where a story begins. */
export const beginning: State = edited(registeredState(ada, bob, cyd), [
  funded(bob, 6_000n),
  funded(cyd, 35n),
  funded(dan, 1_500n),
  ...totals({ minted: 1_000_000n + 6_000n + 35n + 1_500n + 1_000n + 1_000n }),
])

/** Something one of the people tries. `pick` chooses among what there is. */
type Deed = {
  readonly who: number
  readonly what: ActionName
  readonly whom: readonly number[]
  readonly amount: bigint
  readonly pick: number
  readonly slip: 'none' | 'used' | 'gap' | 'expired' | 'far' | 'stranger' | 'untrue' | 'again'
}
/** What happens between two batches. */
type Turn = { readonly waitMs: bigint; readonly deeds: readonly Deed[] }

/** An op that was tried, and what became of it. */
type Tried = { readonly incoming: Incoming; readonly deed: Deed; readonly applied: Applied }
/** One batch of a story. */
export type Step = {
  readonly before: State
  readonly after: State
  readonly time: bigint
  readonly tried: readonly Tried[]
  readonly ops: readonly Incoming[]
  readonly batch: ReturnType<typeof settle>
}

const anybody = fc.nat({ max: people.length - 1 })
const mostlyRegistered = fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 2 }) }, { weight: 1, arbitrary: anybody })
const deeds: fc.Arbitrary<Deed> = fc.record({
  who: mostlyRegistered,
  what: fc.constantFrom<ActionName[]>(
    'send',
    'send',
    'send',
    'send',
    'send',
    'grant',
    'grant',
    'revoke',
    'ack',
    'ack',
    'giveBack',
    'pass',
    'pass',
    'renew',
    'renew',
    'enroll',
    'stampBuy',
    'stampBuy',
    'stampRedeem',
    'revoke',
    'revoke',
    'register',
    'register',
    'grant',
    'transfer',
    'policy',
    'rekey',
  ),
  whom: fc.uniqueArray(mostlyRegistered, { minLength: 1, maxLength: 3 }),
  amount: fc.oneof(
    { weight: 9, arbitrary: fc.bigInt({ min: 0n, max: 2_000n }) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  ),
  pick: fc.nat({ max: 11 }),
  slip: fc.oneof(
    { weight: 5, arbitrary: fc.constant<Deed['slip']>('none') },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Deed['slip']>(
        'used',
        'gap',
        'expired',
        'far',
        'stranger',
        'untrue',
        'untrue',
        'again',
        'again',
      ),
    },
  ),
})
const waits = fc.oneof(
  fc.constantFrom(0n, 1n, hourMs, dayMs, rules.epochMs / 8n, rules.epochMs - 1n, rules.epochMs, 5n * rules.epochMs),
  fc.bigInt({ min: 0n, max: 2n * rules.epochMs }),
)

/** A few batches of a few deeds each. */
export const stories: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({ waitMs: waits, deeds: fc.array(deeds, { maxLength: 10, size: 'max' }) }),
  { minLength: 1, maxLength: 6, size: 'max' },
)

/** The context of the tests, which verifies each signature once. */
export function rememberingContext(): Context {
  const known = new Map<string, boolean>()
  return {
    ...context,
    verify(triple) {
      const name = [triple.digest, triple.signature, triple.key].map(bytesToHex).join()
      const holds = known.get(name) ?? context.verify(triple)
      known.set(name, holds)
      return holds
    },
  }
}

/** Play a story to its end. Every op is applied over nothing but the records it names; another read would throw. */
export function tell(story: readonly Turn[], within: Context = rememberingContext()): Step[] {
  const keys = new Map(people.map((person) => [person, person.privateKey]))
  const steps: Step[] = []
  let state = beginning
  let last: Deed | undefined
  for (const { waitMs, deeds } of story) {
    const time = totalsOf(state).time + waitMs
    const draft = createDraft(viewOf(state))
    openBatch(draft, within, { time, verdictRoot: verdictRootIn(state) })
    const tried: Tried[] = []
    const messages = [...state.values()].flatMap(({ table, key }) => (table === 'messages' ? [key] : []))
    for (const next of deeds) {
      const deed = next.slip === 'again' ? (last ?? next) : next
      const incoming = attempt(draft, { deed, time, keys, messages })
      if (!incoming) continue
      const view = createFetched()
      for (const reference of touches(within, incoming))
        view.fill(reference, draft.read(reference.table, reference.key))
      const applied = apply(view, within, incoming)
      tried.push({ incoming, deed, applied })
      if (applied.kind === 'void') continue
      writeAll(draft, applied.changes)
      last = deed
      if (applied.kind === 'settled' && applied.sent) messages.push(applied.sent.message)
      const { action } = incoming.op
      if (action.TAG === 'rekey' && action.data.signing) keys.set(people[deed.who]!, newKeyOf(deed).privateKey)
    }
    // A batch may hold whatever it likes: what is void in it does nothing.
    const ops = tried.map(({ incoming }) => incoming)
    const batch = settle(state, { time, ops }, within)
    steps.push({ before: state, after: batch.state, time, tried, ops, batch })
    state = batch.state
  }
  return steps
}

/** What an op that was tried was refused or left out for. */
export const reasonOf = ({ applied }: Tried): Reason | undefined =>
  applied.kind === 'settled' ? undefined : applied.reason

type Moment = {
  readonly deed: Deed
  readonly time: bigint
  readonly keys: ReadonlyMap<Person, Uint8Array>
  readonly messages: readonly Uint8Array[]
}

/** Sign what a deed comes to as things stand; nothing where it has no form at all, like a transfer to oneself. */
function attempt(draft: Draft, moment: Moment): Incoming | undefined {
  const { deed, time, keys } = moment
  const by = actorOf(draft, moment)
  const nonce = draft.read('accounts', by.address)?.nonce ?? 0n
  const wrongNonce = deed.slip === 'used' ? -1n : deed.slip === 'gap' ? 1n : 0n
  if (nonce + wrongNonce < 0n) return undefined
  const wrongExpiry = deed.slip === 'expired' ? -1n : deed.slip === 'far' ? dayMs + 1n : BigInt(deed.pick) * hourMs
  const privateKey = deed.slip === 'stranger' ? seedOf('a stranger') : keys.get(by)!
  const wanted = actionOf(draft, moment, by, nonce)
  if (!wanted) return undefined
  const wish = { by, action: wanted, nonce: nonce + wrongNonce, expiry: time + wrongExpiry, privateKey }
  const asked = opOf(wish, { view: draft })
  return signed({ ...wish, amounts: namedFor(asked, deed) }, context, draft)
}

/** Mostly just what is asked; sometimes a unit less, and sometimes more. */
function namedFor({ burn, share, lines }: Amounts, { pick, slip }: Deed): Partial<Amounts> {
  if (slip === 'untrue' && pick % 3 === 0) return { burn: burn > 0n ? burn - 1n : 0n }
  if (slip === 'untrue' && pick % 3 === 1) return { share: undefined }
  if (pick === 4) return { burn: burn + 7n }
  if (pick === 5)
    return { lines: lines.map((line) => (line.from === 'funds' ? { ...line, amount: line.amount + 3n } : line)) }
  return { burn, share, lines }
}

/** Mostly, the one who acknowledges is somebody whom the message reached. */
function actorOf(draft: Draft, { deed, messages }: Moment): Person {
  const message =
    (deed.what === 'ack' || deed.what === 'giveBack') &&
    deed.pick > 2 &&
    draft.read('messages', messages[deed.pick % messages.length] ?? metaKey)
  const reached =
    message &&
    people.find(({ address }) => message.recipients.some((recipient) => equalBytes(recipient.address, address)))
  return reached || people[deed.who]!
}

/** What somebody got for a message. */
const gotBy = ({ address }: Person, message: Message | undefined): bigint =>
  message?.recipients.find((recipient) => equalBytes(recipient.address, address))?.credit ?? 0n

/** Mostly, who is registered is somebody who is not. */
function unregistered(draft: Draft): Person | undefined {
  return people.find(({ address }) => !draft.read('accounts', address)?.signingKey)
}

/** Somebody's epoch key, one an epoch. */
const epochKeyOf = ({ name }: Person, epoch: number): Uint8Array =>
  seedOf(`epoch key of ${name}, ${epoch}`).slice(0, 20)

/** The epoch key of the latest pass of somebody, which may be good no longer. */
const passOf = (draft: Draft, { address }: Person): Uint8Array | undefined => draft.read('passOf', address)?.epochKey

/** Mostly, what is revoked is a grant that there is. */
function grantedBy(draft: Draft, granter: Person): Person | undefined {
  return people.find(({ address }) => draft.read('grants', grantKey({ granter: granter.address, sender: address })))
}

function actionOf(draft: Draft, { deed, messages }: Moment, by: Person, nonce: bigint): Action | undefined {
  const { amount, pick, slip } = deed
  const [whom] = deed.whom.map((index) => people[index]!)
  const others = deed.whom.map((index) => people[index]!).filter((person) => person !== by)
  switch (deed.what) {
    case 'register': {
      const newcomer = (pick > 2 && unregistered(draft)) || whom!
      const { signingKey, sealKey, privateKey } = newcomer
      if (newcomer === by) return action('register', { signingKey, sealKey, sponsorship: undefined })
      const consent = sign(
        consentHash(network, { signingKey, sealKey: slip === 'untrue' ? by.sealKey : sealKey }),
        privateKey,
      )
      return action('register', { signingKey, sealKey, sponsorship: { amount, consent } })
    }
    case 'rekey': {
      const { signingKey, privateKey } = newKeyOf(deed)
      const signature = sign(
        rekeyHash(network, { account: by.address, nonce }),
        slip === 'untrue' ? by.privateKey : privateKey,
      )
      const signing = pick % 3 === 0 ? undefined : { key: signingKey, signature }
      return action('rekey', { signing, sealKey: pick % 3 === 1 ? undefined : whom!.sealKey })
    }
    case 'policy':
      return action('policy', { leastTier: Math.max(0, pick - 6), leastFee: amount })
    case 'ack': {
      const verdict = (['value', 'abstain', 'spam', 'abuse'] as const)[pick % 4]!
      const message = (slip === 'untrue' ? undefined : messages[pick % Math.max(1, messages.length)]) ?? seedOf('none')
      const settled = draft.read('messages', message)
      return action('ack', {
        message,
        sender: (pick !== 10 && settled?.sender) || by.address,
        senderKey: settled?.epochKey,
        verdict,
        epochKey: pick === 11 ? new Uint8Array(20) : passOf(draft, by),
        giveBack: amount % 4n === 0n ? gotBy(by, settled) : 0n,
      })
    }
    case 'giveBack': {
      const message = (slip === 'untrue' ? undefined : messages[pick % Math.max(1, messages.length)]) ?? seedOf('none')
      const settled = draft.read('messages', message)
      const sender = (pick !== 10 && settled?.sender) || whom!.address
      const got = gotBy(by, settled)
      const given = [got, got, 1n, amount][Number(amount % 4n)]!
      return equalBytes(sender, by.address) || given === 0n
        ? undefined
        : action('giveBack', { message, sender, amount: given })
    }
    case 'pass':
      return action('pass', {
        ...namedOf(draft, deed),
        epochKey: epochKeyOf(pick % 4 === 0 ? whom! : by, metaOf(draft).epoch),
        tier: pick % 6,
        proof: proofOf(deed),
      })
    case 'enroll':
      return action('enroll', { commitment: BigInt(pick % 4) + 10n * BigInt(deed.who) })
    case 'renew':
      return action('renew', {
        ...namedOf(draft, deed),
        nullifier: nullifierOf(deed),
        leaf: (amount % 1_000n) + 1n,
        endorsement:
          pick % 3 === 0
            ? { target: passOf(draft, whom!) ?? epochKeyOf(whom!, 1), amount: [1n, 3n, 2n, 4n][pick / 3]! }
            : undefined,
        proof: proofOf(deed),
      })
    case 'stampBuy':
      return action('stampBuy', { denomination: [1_000n, 10_000n, 999n][pick % 3]!, note: amount % 64n })
    case 'stampRedeem': {
      const to = (pick % 2 === 0 && unregistered(draft)) || whom!
      const { signingKey, sealKey, privateKey } = to
      const consent = sign(consentHash(network, to), pick === 8 ? by.privateKey : privateKey)
      return action('stampRedeem', {
        ...namedOf(draft, deed),
        nullifier: nullifierOf(deed),
        denomination: [1_000n, 1_000n, 1_000n, 999n][pick % 4]!,
        to: to.address,
        registration: pick % 2 === 0 ? { signingKey, sealKey, consent } : undefined,
        proof: proofOf(deed),
      })
    }
  }
  const [other] = others
  if (!other) return undefined
  switch (deed.what) {
    case 'transfer':
      return action('transfer', { to: other.address, amount })
    case 'send':
      return sendTo(others, {
        envelopeHash: seedOf(`envelope ${pick % 6}`),
        sizeClass: pick % 3,
        lifetimeDays: [30, 1, 2, 30, 30, 30, 30, 365, 366, 0, 1, 1][pick]!,
        keeperSet: slip === 'untrue' ? 1 : rules.keepers.version,
        epochKey: pick === 11 ? epochKeyOf(other, 1) : pick % 2 ? passOf(draft, by) : undefined,
      })
    case 'grant':
      return action('grant', { sender: other.address, payer: pick % 2 ? 'recipient' : 'sender', allowance: amount })
    case 'revoke':
      return action('revoke', { sender: ((pick > 2 && grantedBy(draft, by)) || other).address })
  }
}

/** Mostly, the checkpoint that was taken last. */
function namedOf(draft: Draft, { pick }: Deed): { epoch: number; checkpoint: number } {
  const { epoch, checkpoint } = metaOf(draft)
  return { epoch: pick === 10 ? epoch + 1 : epoch, checkpoint: pick === 9 ? checkpoint + 1 : checkpoint }
}

/** Few, so that some are used again; stamps have others than renewals. */
const nullifierOf = ({ who, pick, what }: Deed): bigint => BigInt(100 * who + pick + (what === 'renew' ? 1_000 : 2_000))

const proofOf = ({ slip }: Deed): Uint8Array => (slip === 'untrue' ? new Uint8Array(256) : goodProof)

const newKeyOf = ({ who, pick }: Deed): Person => personOf(`${people[who]!.name}, key ${pick}`)
