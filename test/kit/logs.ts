/**
 * Random logs by a seed, of whatever somebody may put into a batch: operations of every kind, changed ones, parts in which
 * nothing fits together, old bytes again, and junk. Two follow each log: the whole ledger, and an auditor who has custody
 * alone and is told whether a signature or a proof holds.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Given } from '../../protocol/custody.ts'
import { type Entry, readEntry } from '../../protocol/doorway.ts'
import { hash } from '../../protocol/hash.ts'
import { type Applied, apply, openBatch, statementOf } from '../../protocol/ledger.ts'
import { deedCodecs, Part, SignedPart } from '../../protocol/money.ts'
import { type Action, operationOf } from '../../protocol/operations.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { consentHash } from '../../protocol/registration.ts'
import { createDraft, type Message, metaOf, type View } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { partOfOp, unsigned } from '../../protocol/wire.ts'
import { nobody } from '../../protocol/words.ts'
import { audit, booksOf, hold } from './auditor.ts'
import { drawing } from './drawing.ts'
import {
  action,
  ada,
  bob,
  changed,
  context as real,
  cyd,
  dan,
  dayMs,
  edited,
  eve,
  fetchedOf,
  hourMs,
  network,
  olga,
  opOf,
  type Person,
  personOf,
  registeredState,
  rules,
  seedOf,
  sendTo,
  type State,
  totalsOf,
  verdictRootIn,
  viewOf,
} from './fixtures.ts'
import { goodProof } from './plain-proofs.ts'
import { funded, totals } from '../vectors/world.ts'

/** Registered are the first three; the next two are funded; nobody knows the others. */
const people: readonly Person[] = [ada, bob, cyd, dan, olga, eve, personOf('fay')]
const beginning: State = edited(registeredState(ada, bob, cyd), [
  funded(ada, 300_000n),
  funded(bob, 20_000n),
  funded(cyd, 2_500n),
  funded(dan, 1_500n),
  ...totals({ minted: 300_000n + 20_000n + 2_500n + 1_500n + 1_000n + 1_000n }),
])
const u64Max = 2n ** 64n - 1n

/** A signature that whoever knows the key can make: what one is worth is told to custody, and a thousand logs take long. */
const signatureBy = (key: Uint8Array, digest: Uint8Array): Uint8Array =>
  concatBytes(sha256(concatBytes(key, digest)), new Uint8Array(32))
const context: Context = {
  ...real,
  // As of every signature, there is one with another s that is as good.
  verify: ({ digest, signature, key }) =>
    equalBytes(signature.subarray(0, 32), signatureBy(key, digest).subarray(0, 32)),
}

/** How often what became of an entry in the ledger. */
export type Count = Map<string, number>

/** Follow one log with both, entry by entry; throws where they differ. */
export function followLog(seed: string, count: Count): void {
  const random = seededRandom(sha256(utf8ToBytes(seed)), 'log')
  const { number, pick, percent } = drawing(random)
  const within: Context = { ...context, rules: { ...rules, anchor: pick(['embedded', 'evm'] as const) } }
  const past: Uint8Array[] = []
  let state = beginning
  const books = booksOf(state)
  for (let batch = number(3, 5); batch > 0; batch--) {
    const waitMs = pick([0n, 1n, hourMs, dayMs, rules.epochMs / 8n, rules.epochMs])
    const draft = createDraft(viewOf(state))
    openBatch(draft, within, { time: totalsOf(state).time + waitMs, verdictRoot: verdictRootIn(state) })
    state = changed(state, draft.changes())
    hold(state, books, `${seed}, at the opening of a batch`)
    for (let left = number(5, 14); left > 0; left--) {
      const bytes = entryOf({ state, past, random, number, pick, percent })
      past.push(bytes)
      const entry = readEntry(bytes, within)
      const view = fetchedOf(state, touches(within, entry))
      const told = toldOf(view, entry)
      const applied = apply(view, within, entry)
      audit(books, bytes, {
        ...told,
        paysOut: within.rules.anchor === 'evm',
        time: totalsOf(state).time,
        verify: context.verify,
      })
      if (applied.kind !== 'void') state = changed(state, applied.changes)
      hold(state, books, `${seed}, entry ${past.length}: ${namesOf(entry, applied)}`)
      for (const name of namesOf(entry, applied)) count.set(name, (count.get(name) ?? 0) + 1)
    }
  }
}

/** What became of an entry: which operation came to what, why not, and whether it was paid out of an allowance. */
function namesOf({ op, money }: Entry, applied: Applied): string[] {
  const isOutOfAllowance = applied.kind !== 'void' && money?.lines.some(({ from }) => from === 'allowance')
  return [
    `${op?.action.TAG ?? 'no operation'} ${applied.kind}`,
    ...(applied.kind === 'settled' ? [] : [`${applied.kind}: ${applied.reason}`]),
    ...(isOutOfAllowance ? [`${applied.kind} out of an allowance`] : []),
  ]
}

/** What custody cannot know of an entry: what stands in its mail part. */
function toldOf(view: View, { op }: Entry): Pick<Given, 'agreed' | 'proven'> {
  const agreement = op && operationOf(op.action).agreement(network, op, op.action.data)
  const statement = op && statementOf(view, context, op)
  return {
    agreed: () => agreement !== undefined && context.verify(agreement),
    proven: () => statement !== undefined && context.verifyProof(statement),
  }
}

type Moment = ReturnType<typeof drawing> & {
  readonly state: State
  /** All bytes so far. */
  readonly past: readonly Uint8Array[]
  readonly random: (length: number) => Uint8Array
}

/** The bytes of the next entry. */
function entryOf(moment: Moment): Uint8Array {
  const { past, number, pick, percent } = moment
  const chance = number(1, 100)
  if (chance <= 8 && past.length > 0) return pick(past)
  if (chance <= 14) return junk(moment)
  const part = chance <= 24 ? anyPart(moment) : partOfWish(moment)
  if (percent(2)) part.mail = concatBytes(part.mail, new Uint8Array(4_096))
  if (chance > 66) for (let slips = number(1, 2); slips > 0; slips--) warp(part, moment)
  const account = viewOf(moment.state).read('accounts', part.account)
  const key = account?.signingKey ?? people.find(({ address }) => equalBytes(address, part.account))?.signingKey
  const isNobodys = equalBytes(part.account, nobody)
  const digest = hash('op', network, Part.encode(part))
  const wrong = percent(isNobodys ? 20 : 4)
  const signature =
    isNobodys !== wrong
      ? unsigned.slice()
      : signatureBy(wrong ? pick(people).signingKey : (key ?? eve.signingKey), digest)
  if (percent(3)) signature.fill(255, 32)
  return SignedPart.encode({ part, signature })
}

/** Bytes that are no operation at all, or almost. */
function junk({ past, random, number, pick, percent }: Moment): Uint8Array {
  if (past.length === 0 || percent(20)) return random(number(0, 300))
  if (percent(5)) return new Uint8Array(4_097)
  const bytes = pick(past)
  if (percent(30)) return bytes.slice(0, number(0, bytes.length))
  if (percent(30)) return concatBytes(bytes, random(1))
  if (percent(30)) return concatBytes(bytes.subarray(0, -32), new Uint8Array(32).fill(255))
  const at = number(0, Math.max(0, bytes.length - 1))
  return bytes.length === 0 ? bytes : bytes.with(at, number(0, 255))
}

/** A part in which nothing need fit together. */
function anyPart({ state, random, number, pick, percent }: Moment): Part {
  const amount = () => amountOf({ number, percent })
  const by = pick(people)
  const account = viewOf(state).read('accounts', by.address)
  const key = pick(people).signingKey
  const deeds: Readonly<Record<number, Uint8Array>> = {
    1: deedCodecs[1].encode({ key: percent(50) ? by.signingKey : key, consent: percent(50) ? random(64) : undefined }),
    2: deedCodecs[2].encode(percent(50) ? { key, signature: random(64) } : undefined),
    7: deedCodecs[7].encode({ sender: pick(people).address, amount: amount() }),
    8: deedCodecs[8].encode({ sender: pick(people).address }),
    12: deedCodecs[12].encode({ denomination: pick([1_000n, 10_000n, 7n]), note: BigInt(number(1, 9)) }),
    13: deedCodecs[13].encode({ denomination: 1_000n, nullifier: BigInt(number(1, 9)), registration: undefined }),
  }
  const kind = number(0, 16)
  const isNobodys = percent(10)
  return {
    account: isNobodys ? nobody : by.address,
    nonce: isNobodys ? 0n : (account?.nonce ?? 0n),
    expiry: isNobodys ? 0n : totalsOf(state).time + BigInt(number(0, 9)),
    kind,
    burn: isNobodys ? 0n : amount(),
    payee: percent(30) ? pick(people).address : nobody,
    share: percent(30) ? amount() : 0n,
    lines: Array.from({ length: number(0, 3) }, () => ({
      address: pick(people).address,
      amount: amount(),
      from: percent(80) ? 'funds' : 'allowance',
    })),
    deed: percent(90) ? (deeds[kind] ?? new Uint8Array(0)) : random(number(1, 40)),
    mail: random(number(0, 40)),
  }
}

/** Mostly little, sometimes nothing, and sometimes more than anybody has. */
const amountOf = ({ number, percent }: Pick<Moment, 'number' | 'percent'>): bigint =>
  percent(8) ? u64Max : percent(10) ? BigInt(number(10_000, 400_000)) : BigInt(number(0, 300))

/** Change something in a part. */
function warp(part: Part, { random, number, pick, percent }: Moment): void {
  const amount = amountOf({ number, percent })
  const line = part.lines.length > 0 ? pick(part.lines) : undefined
  /** Of what somebody gets, a unit burns instead: what comes in and goes out is the same. */
  const burnUnit = (): void => {
    if (!line || line.amount === 0n) return
    line.amount -= 1n
    part.burn += 1n
  }
  const warps: readonly (() => void)[] = [
    () => part.lines.push({ address: pick(people).address, amount, from: percent(70) ? 'funds' : 'allowance' }),
    () => line && part.lines.push({ ...line }),
    () => void (line && (line.amount = percent(20) ? amount : line.amount + 1n)),
    () => void (line && line.amount > 0n && (line.amount -= 1n)),
    burnUnit,
    burnUnit,
    burnUnit,
    () => void (line && (line.from = line.from === 'funds' ? 'allowance' : 'funds')),
    () => void (line && (line.address = pick(people).address)),
    () => void (part.burn = percent(20) ? amount : part.burn + 1n),
    () => void (part.burn = part.burn > 0n ? part.burn - 1n : 0n),
    () => void Object.assign(part, { payee: percent(80) ? pick(people).address : nobody, share: amount }),
    () => void (part.mail = part.mail.slice(0, number(0, part.mail.length))),
    () => void (part.mail = concatBytes(part.mail, random(1))),
    () => void (part.mail.length > 0 && (part.mail = part.mail.with(number(0, part.mail.length - 1), number(0, 255)))),
    () => void (part.deed.length > 0 && (part.deed = part.deed.with(number(0, part.deed.length - 1), number(0, 255)))),
    () => void (part.deed = new Uint8Array(0)),
    () => void (part.kind = number(0, 16)),
    () => void (part.account = percent(50) ? nobody : pick(people).address),
  ]
  pick(warps)()
  for (const one of part.lines) if (one.amount > u64Max) one.amount = u64Max
  if (part.burn > u64Max) part.burn = u64Max
}

/** What somebody may want, at what it has to pay; some of it too late, too early, or out of turn. */
function partOfWish(moment: Moment): Part {
  const { state, number, pick, percent } = moment
  const view = viewOf(state)
  const by = percent(85) ? pick(people.slice(0, 3)) : pick(people)
  const nonce = view.read('accounts', by.address)?.nonce ?? 0n
  const wanted = actionOf(moment, by, nonce)
  const { time } = metaOf(view)
  const expiry = percent(4) ? time - 1n : percent(4) ? time + dayMs + 1n : time + BigInt(number(0, 9))
  const op = opOf({ by, action: wanted, nonce: percent(4) ? nonce + 1n : nonce, expiry }, { within: context, view })
  // Lines and bytes of its own, for they may be changed.
  return structuredClone(partOfOp(op)) as Part
}

function actionOf(moment: Moment, by: Person, nonce: bigint): Action {
  const { state, number, pick, percent } = moment
  const view = viewOf(state)
  const { epoch, checkpoint } = metaOf(view)
  const others = people.filter((person) => person !== by)
  const other = percent(85) ? pick(others.slice(0, 2)) : pick(others)
  const funds = view.read('accounts', by.address)?.funds ?? 0n
  const amount = percent(5) ? funds : percent(5) ? funds + 1n : amountOf(moment)
  const named = {
    epoch,
    checkpoint: percent(90) ? checkpoint : 9,
    proof: percent(85) ? goodProof : new Uint8Array(goodProof.length),
  }
  const consentOf = (person: Person) =>
    signatureBy(percent(85) ? person.signingKey : by.signingKey, consentHash(network, person))
  const newcomer = pick(people.slice(3))
  const acts: readonly (() => Action)[] = [
    () => sendTo(lettersTo(moment, others), { envelopeHash: seedOf(`log, envelope ${number(1, 40)}`) }),
    () => sendTo([other], { envelopeHash: seedOf(`log, envelope ${number(1, 40)}`) }),
    () => sendTo([other], { envelopeHash: seedOf(`log, envelope ${number(1, 40)}`) }),
    () => givingBack(moment, by) ?? action('transfer', { to: other.address, amount }),
    () => givingBack(moment, by) ?? action('transfer', { to: other.address, amount }),
    () => givingBack(moment, by) ?? action('transfer', { to: other.address, amount }),
    () => action('transfer', { to: other.address, amount }),
    () => action('withdraw', { to: pick(people).address, amount }),
    () =>
      action('grant', {
        sender: other.address,
        payer: percent(80) ? 'recipient' : 'sender',
        allowance: percent(60) ? 600n : amount,
      }),
    () => action('revoke', { sender: other.address }),
    () =>
      action('register', {
        signingKey: newcomer.signingKey,
        sealKey: newcomer.sealKey,
        sponsorship: newcomer === by ? undefined : { amount: BigInt(number(95, 200)), consent: consentOf(newcomer) },
      }),
    () => {
      const key = personOf(`${by.name}, key ${number(1, 3)}`).signingKey
      const signature = signatureBy(
        percent(85) ? key : by.signingKey,
        rekeyHash(network, { account: by.address, nonce }),
      )
      return action('rekey', { signing: { key, signature }, sealKey: percent(50) ? by.sealKey : undefined })
    },
    () => action('policy', { leastTier: number(0, 6), leastFee: amount }),
    () => action('pass', { ...named, epochKey: seedOf(`log ${by.name} ${epoch}`).slice(0, 20), tier: 1 }),
    () => action('enroll', { commitment: BigInt(number(1, 4)) }),
    () => action('stampBuy', { denomination: pick([1_000n, 1_000n, 10_000n, 7n]), note: BigInt(number(1, 9)) }),
    () => {
      const registration = percent(40)
        ? { signingKey: newcomer.signingKey, sealKey: newcomer.sealKey, consent: consentOf(newcomer) }
        : undefined
      const to = registration ? newcomer.address : other.address
      const nullifier = BigInt(number(1, 6))
      return action('stampRedeem', { ...named, nullifier, denomination: 1_000n, to, registration })
    },
    () => {
      const nullifier = BigInt(number(1, 6))
      return action('renew', { ...named, nullifier, leaf: nullifier, endorsement: undefined })
    },
  ]
  return pick(acts)()
}

/** One to three of the others. */
function lettersTo({ number, pick }: Moment, others: readonly Person[]): Person[] {
  const to = new Set(Array.from({ length: number(1, 3) }, () => pick(others)))
  return [...to]
}

/** Giving back for a letter: all, a unit, or a unit too much; by whom it reached, or by somebody else; again, too. */
function givingBack({ state, pick, percent }: Moment, by: Person): Action | undefined {
  const letters = [...state.values()].flatMap(({ table, key, record }) =>
    table === 'messages' ? [{ message: key, ...(record as Message) }] : [],
  )
  if (letters.length === 0) return undefined
  const mineIn = ({ recipients }: Message) => recipients.find(({ address }) => equalBytes(address, by.address))
  const reached = letters.filter(mineIn)
  const again = letters.filter((letter) => (mineIn(letter)?.given ?? 0n) > 0n)
  const among = again.length > 0 && percent(30) ? again : reached.length > 0 && percent(85) ? reached : letters
  const letter = pick(among)
  const { message, sender, epochKey: senderKey } = letter
  const { credit } = mineIn(letter) ?? letter.recipients[0]!
  const back = percent(60) ? credit : percent(50) ? 1n : credit + 1n
  const to = percent(85) ? sender : pick(people).address
  if (percent(50) && back > 0n && !equalBytes(to, by.address))
    return action('giveBack', { message, sender: to, amount: back })
  const verdict = pick(['value', 'abstain', 'spam', 'abuse'] as const)
  return action('ack', {
    message,
    sender: to,
    senderKey,
    verdict,
    epochKey: undefined,
    giveBack: percent(70) ? back : 0n,
  })
}
