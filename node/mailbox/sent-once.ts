/**
 * A letter that is asked for twice is sent and paid once. Under which keys it is known (what its sender says, the hash of
 * its Message-ID and recipients, the handle that it was quoted by), and what was answered, is written together with its
 * operation; whoever asks again gets that answer, with what became of the letter since. It is kept until a week after what
 * was signed last expires.
 */
import { createHash } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import { type Op, SignedOp } from '../../protocol/wire.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Write } from '../ledger/store.ts'
import { samenessOf } from '../letter/sameness.ts'
import type { Price } from '../priced.ts'
import type { SendRequest } from '../sending.ts'
import { Refusal, type Sent } from '../service.ts'
import { createTurns } from '../turns.ts'
import type { Cabinet, Letter, SentUnder } from './cabinet.ts'
import { isReplaced } from './retry.ts'
import type { Summaries } from './summaries.ts'

/** How long a key is kept after what was signed under it expires; however many there are, since each was paid for. */
export const keptAfterMs = 7n * 86_400_000n
/** What is over is dropped so often, by the ledger's time. */
const sweepMs = 3_600_000n

/** What a request asks for: 32 bytes that another request has only where it asks for the same, and its key by default. */
export type Asked = { readonly request: Uint8Array; readonly byMessageId: Uint8Array | undefined }

/** What is asked for, and how: the text of a key, the handle of what was quoted, and `again`, which has no key looked for. */
type Wish = Pick<SendRequest, 'idempotencyKey' | 'prepared' | 'again'> & { readonly asked: Asked }

type Found = { readonly kept: SentUnder; readonly letter: Letter }

const isSent = ({ letter }: Found): boolean => letter.state !== 'refused'

export type SentOnce = ReturnType<typeof createSentOnce>

type Options = {
  readonly replica: Pick<Replica, 'head' | 'view'>
  readonly cabinet: Pick<
    Cabinet,
    'letter' | 'forms' | 'outgoing' | 'sentUnder' | 'allSentUnder' | 'putSentUnder' | 'dropSentUnder' | 'write'
  >
  readonly summaries: Summaries
}

export function createSentOnce({ replica, cabinet, summaries }: Options) {
  /** Nothing is sent between a look and what is written after it. */
  const inTurn = createTurns()
  let sweptAt: bigint | undefined
  // By the time of batches alone: a clock that is ahead would forget what may be asked for again.
  const now = (): bigint => replica.head.sealed.header.time

  /** What stands under a key, and what stood there before it, the latest first, each with its letter. */
  async function found(key: Uint8Array | undefined): Promise<readonly Found[]> {
    const all: Found[] = []
    for (let at = key; at; at = keyBefore(at)) {
      const kept = await cabinet.sentUnder(at)
      if (!kept) break
      const letter = await cabinet.letter(kept.message, kept.own)
      if (letter && (await isKept(kept, letter))) all.push({ kept, letter })
    }
    return all
  }

  /** Where what stands under a key goes when another takes its place: it is the answer again should that one be refused. */
  async function movedFrom(key: Uint8Array): Promise<readonly Write[]> {
    const kept = await cabinet.sentUnder(key)
    const letter = kept && (await cabinet.letter(kept.message, kept.own))
    if (!letter || letter.state === 'refused') return []
    const before = keyBefore(key)
    // What was settled is refused no more, so nothing from before it is asked for.
    const further = letter.state === 'submitted' ? await movedFrom(before) : []
    return [...further, cabinet.putSentUnder({ ...kept, key: before })]
  }

  /** Every form in which a letter was signed. */
  async function formsOf({ op }: SentUnder): Promise<readonly Op[]> {
    const forms = await Promise.all((await cabinet.forms(op)).map(cabinet.outgoing))
    return forms.flatMap((form) => (form ? [SignedOp.decode(form.bytes).op] : []))
  }

  /** Whether a key still counts: its letter may have been signed again, and settled, long after the first form expired. */
  async function isKept(kept: SentUnder, { state }: Letter): Promise<boolean> {
    if (kept.until > now() || state === 'submitted') return true
    return (await formsOf(kept)).some(({ expiry }) => expiry + keptAfterMs > now())
  }

  /** The answer that was given, with the letter as it is now; nothing where none was, or its letter was refused. Throws Refusal. */
  async function before(wish: Wish): Promise<Sent | undefined> {
    // What was refused went nowhere, so its key is free; `checkFree` sees to it that it stays so.
    const sent = (await found(keyOf(wish))).filter(isSent)
    const same = sent.find(({ kept }) => equalBytes(kept.request, wish.asked.request))
    if (same) return answerOf(same)
    if (sent[0]) throw keyReused(sent[0].letter, wish)
    return undefined
  }

  async function answerOf({ kept, letter }: Found): Promise<Sent> {
    const [message] = await summaries([letter])
    return { message: message!, opId: bytesToHex(kept.op), quote: JSON.parse(kept.price), repeated: true }
  }

  /** Whether what was signed for a letter can be settled no more, or not beside an op of the same account under this nonce. */
  async function isOver(kept: SentUnder, nonce: bigint | undefined): Promise<boolean> {
    const { own, message } = kept
    const time = now()
    const forms = await formsOf(kept)
    const view = await replica.view([
      { table: 'accounts', key: own },
      { table: 'messages', key: message },
    ])
    const used = view.read('accounts', own)?.nonce ?? 0n
    // Settled after all: the mailbox has not read that yet.
    if (view.read('messages', message)) return false
    return forms.every((form) => isReplaced(form, { used, time, nonce }))
  }

  /** Whether a key is to be dropped. */
  async function isGone(kept: SentUnder): Promise<boolean> {
    if (kept.until > now()) return false
    const letter = await cabinet.letter(kept.message, kept.own)
    return !letter || !(await isKept(kept, letter))
  }

  return {
    inTurn,
    before,
    /** The same for the handle of what was quoted, which is taken once; nothing where it was never sent. */
    async beforeBy(handle: string): Promise<Sent | undefined> {
      const [first] = (await found(keyOfHandle(handle))).filter(isSent)
      return first && answerOf(first)
    },
    /** In the turn in which a letter is signed: that no other one may still be settled under its key. Throws Refusal. */
    async checkFree(wish: Wish, { own, nonce }: { readonly own: Uint8Array; readonly nonce: bigint }): Promise<void> {
      for (const { kept, letter } of await found(keyOf(wish))) {
        const isOwn = equalBytes(kept.own, own)
        if (letter.state !== 'refused' || !(await isOver(kept, isOwn ? nonce : undefined))) throw inDoubt(letter)
      }
    },
    /** What is written with a letter, so that whoever asks for it again finds it; made before it is signed. */
    async keeping(wish: Wish) {
      const keys = keysOf(wish)
      const moved = (await Promise.all(keys.map(movedFrom))).flat()
      return ({ message, own, op, price }: Pick<SentUnder, 'message' | 'own' | 'op'> & { price: Price }): Write[] => {
        const until = BigInt(price.holdsUntil) + keptAfterMs
        const kept = { request: wish.asked.request, message, own, op, price: JSON.stringify(price), until }
        return [...moved, ...keys.map((key) => cabinet.putSentUnder({ key, ...kept }))]
      }
    },
    /** Drop the keys whose time is over; those of letters on their way stay. */
    sweep: (): Promise<void> =>
      inTurn(async () => {
        if (sweptAt !== undefined && now() < sweptAt + sweepMs) return
        const gone: Write[] = []
        for await (const one of cabinet.allSentUnder()) if (await isGone(one)) gone.push(cabinet.dropSentUnder(one.key))
        if (gone.length > 0) await cabinet.write(gone)
        sweptAt = now()
      }),
  }
}

/** What is asked for: the letter itself, from whom, to whom, for how long. Not when it says that it was written, nor at which price. */
export function askedOf({
  own,
  recipients,
  content,
  lifetimeDays,
  automatic,
}: {
  readonly own: Uint8Array
  readonly recipients: readonly Uint8Array[]
  readonly content: Uint8Array
  readonly lifetimeDays: number
  readonly automatic: boolean
}): Asked {
  const { messageId, said } = samenessOf(content)
  const to = hashOf(
    'recipients',
    ...[...new Set(recipients.map(bytesToHex))].sort().map((hex) => Buffer.from(hex, 'hex')),
  )
  const terms = Buffer.from(JSON.stringify({ lifetimeDays, automatic }))
  return {
    request: hashOf('request', own, to, hashOf('terms', terms), hashOf('head', said.head), hashOf('rest', said.rest)),
    byMessageId: messageId === undefined ? undefined : hashOf('message-id', to, Buffer.from(messageId)),
  }
}

/** The key by which it is looked for whether a letter was sent; nothing where it is to be sent whatever was. */
const keyOf = (wish: Wish): Uint8Array | undefined => (wish.again ? undefined : keysOf(wish)[0])

/** Every key that a letter is known by, once it is sent. */
const keysOf = ({ asked, idempotencyKey, prepared }: Wish): readonly Uint8Array[] =>
  [
    idempotencyKey === undefined ? undefined : hashOf('key', Buffer.from(idempotencyKey)),
    asked.byMessageId,
    prepared === undefined ? undefined : keyOfHandle(prepared),
  ].filter((key) => key !== undefined)

/** Under which key stands what stood under a key before. */
const keyBefore = (key: Uint8Array): Uint8Array => hashOf('before', key)

const keyOfHandle = (handle: string): Uint8Array => hashOf('handle', Buffer.from(handle))

/** SHA-256 under a purpose. Nothing stands between the parts: each but the last has one size for a purpose, or all have one. */
function hashOf(purpose: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(createHash('sha256').update(`bmail/sent-once/1 ${purpose}`).digest())
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

function keyReused({ id }: Letter, { idempotencyKey }: Wish): Refusal {
  const sent = bytesToHex(id).slice(0, 12)
  const sentence =
    idempotencyKey === undefined
      ? `A letter with this Message-ID went to these recipients already (${sent}), and this one says something else, or goes from another pseudonym or on other terms. Nothing was sent; give it a Message-ID of its own, or send it with --again (\`again\`).`
      : `Another letter (${sent}) was sent under this key. Nothing was sent; ask for the same as then, or under another key.`
  return new Refusal('key-reused', sentence)
}

const inDoubt = ({ id }: Letter): Refusal =>
  new Refusal(
    'in-doubt',
    `This letter (${bytesToHex(id).slice(0, 12)}) was refused here, and what was signed for it may still be settled elsewhere. Nothing was sent; ask again once that has expired, or send it with --again (\`again\`), which may pay twice.`,
  )
