/**
 * Posting what waits. A transaction is on disk before it is sent, so that after a crash the same one is sent again, and
 * nothing is posted twice under two nonces of ours: an operation that is in one of our transactions is in no other until
 * the transaction is final. One that waits too long is signed anew under its own nonce, for a higher fee.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { type Hex, keccak256 } from 'viem'
import { Bytes32, decodeStrict, U64 } from '../../protocol/codec.ts'
import { createAccount } from './account.ts'
import { bytesIn, ChainError, type ChainSettings, type Endpoint } from './endpoint.ts'
import { frameBytes, framesOf, type Signed } from './frames.ts'

/** An operation that could be posted: its id (32 bytes), whose it is, and since when it waits here (milliseconds). */
export type Candidate = Signed & { readonly id: Uint8Array; readonly lane: string; readonly since: number }

/** When to post, and at what price. */
export type PostSettings = {
  /** Post when the oldest operation has waited so long, or earlier when a batch is full. */
  readonly ageMs: number
  /** The most bytes of a batch: what passes a mempool is 128 KiB in all. */
  readonly bytesMax: number
  /** The most that a unit of gas may cost in all, in wei: above it nothing is posted. */
  readonly gasPriceMax: bigint
  /** A transaction that was not mined for so long is signed anew for a higher fee. */
  readonly bumpMs: number
}

/** The most gas of one transaction (EIP-7825). */
const gasMax = 16_700_000n
/** Nodes take another transaction of a nonce for at least a tenth more. */
const bumpPercent = 125n

/** One of our transactions: the operations in it, its call, and the signed forms of it, the last one first. */
const Posting = P.struct({
  nonce: U64,
  ops: P.array(P.U16BE, Bytes32),
  call: P.bytes(P.U32BE),
  gas: U64,
  maxFee: U64,
  tip: U64,
  at: U64,
  signed: P.array(P.U8, P.bytes(P.U32BE)),
})
type Posting = P.UnwrapCoder<typeof Posting>
const Postings = P.array(P.U16BE, Posting)

type Options = {
  readonly settings: Pick<ChainSettings, 'chainId' | 'contract'>
  readonly post: PostSettings
  /** 32 bytes: the key of the account that pays for the gas. */
  readonly key: Uint8Array
  readonly endpoint: Endpoint
  /** Written before anything is sent, and durable by then. */
  readonly disk: { read(): Promise<Uint8Array | undefined>; write(bytes: Uint8Array): Promise<void> }
  readonly now: () => number
}

export async function openPoster({ settings, post, key, endpoint, disk, now }: Options) {
  const account = createAccount({ settings, key, endpoint })
  let postings = await stored(disk)
  /** Accounts in hex whose operation cost us gas and did nothing, because another of theirs came first. */
  const barred = new Set<string>()

  async function keep(next: readonly Posting[]): Promise<void> {
    await disk.write(Postings.encode([...next]))
    postings = next
  }

  /** Drop what is final; send again what is not mined, and is unknown or too cheap by now. */
  async function look(finalBlock: bigint): Promise<void> {
    const final = await account.mined(finalBlock)
    if (postings.some(({ nonce }) => nonce < final)) await keep(postings.filter(({ nonce }) => nonce >= final))
    const mined = await account.mined()
    for (const posting of postings.filter(({ nonce }) => nonce >= mined)) {
      const [last] = posting.signed
      if (now() - Number(posting.at) >= post.bumpMs) await bump(posting)
      else if (last && !(await account.isKnown(last))) await account.send(last)
    }
  }

  async function bump(posting: Posting): Promise<void> {
    const { maxFee, tip } = await account.fees()
    const raised = (before: bigint, market: bigint): bigint => {
      const least = (before * bumpPercent) / 100n + 1n
      return market > least ? market : least
    }
    const next = {
      ...posting,
      maxFee: raised(posting.maxFee, maxFee),
      tip: raised(posting.tip, tip),
      at: BigInt(now()),
    }
    const isTooDear = next.maxFee > post.gasPriceMax
    // It stays as it is where the price is above what its owner pays: the same bytes are sent again.
    const kept = isTooDear
      ? { ...posting, at: next.at }
      : { ...next, signed: [await account.sign(next), ...posting.signed] }
    await keep(postings.map((one) => (one.nonce === posting.nonce ? kept : one)))
    await account.send(kept.signed[0]!)
  }

  /** Of candidates those that the contract would settle now, in their order. */
  async function simulated(candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
    let left = candidates
    while (left.length > 0) {
      const settled = await endpoint.simulate(framesOf(left), account.address)
      const voids = left.filter((_, at) => !settled[at])
      if (voids.length === 0) return left
      // Without one of its operations none after it of its account settles, and others may rely on it.
      const lanes = new Set(voids.map(({ lane }) => lane))
      left = left.filter(({ lane }, at) => settled[at] && !lanes.has(lane))
    }
    return left
  }

  /** As many as fit into one transaction. */
  function fitting(candidates: readonly Candidate[]): readonly Candidate[] {
    let bytes = 0
    const end = candidates.findIndex(({ bytes: op }) => {
      bytes += op.length + frameBytes
      return bytes > post.bytesMax
    })
    return end < 0 ? candidates : candidates.slice(0, end)
  }

  async function postAll(chosen: readonly Candidate[]): Promise<void> {
    const call = endpoint.callOf(framesOf(chosen))
    const { maxFee, tip } = await account.fees()
    if (maxFee > post.gasPriceMax) return
    const gas = ((await account.gasOf(call)) * 5n) / 4n
    if (gas > gasMax && chosen.length > 1) return postAll(chosen.slice(0, Math.ceil(chosen.length / 2)))
    if ((await account.funds()) < gas * maxFee) throw new ChainError(poor(account.address))
    const mined = await account.mined()
    const nonce = postings.reduce((next, one) => (one.nonce >= next ? one.nonce + 1n : next), mined)
    const unsigned = {
      nonce,
      ops: chosen.map(({ id }) => id),
      call: bytesIn(call),
      gas,
      maxFee,
      tip,
      at: BigInt(now()),
    }
    const signed = await account.sign(unsigned)
    await keep([...postings, { ...unsigned, signed: [signed] }])
    await account.send(signed)
  }

  return {
    /** The account that pays for the gas. */
    address: account.address,
    /** Look after what was sent, and post what waits, where it is time. `inOrder` are ids in hex of what is in a block already. */
    async round(
      waiting: readonly Candidate[],
      { inOrder, final }: { readonly inOrder: ReadonlySet<string>; readonly final: bigint },
    ): Promise<void> {
      await look(final)
      const sent = new Set(postings.flatMap(({ ops }) => ops.map((id) => bytesToHex(id))))
      const free = waiting.filter(({ id, lane }) => {
        const name = bytesToHex(id)
        return !sent.has(name) && !inOrder.has(name) && !barred.has(lane)
      })
      const chosen = fitting(free)
      const isFull = chosen.length < free.length
      const isOld = chosen.some(({ since }) => now() - since >= post.ageMs)
      if (!isFull && !isOld) return
      const settling = await simulated(chosen)
      if (settling.length > 0) await postAll(settling)
    },
    /** Whether a transaction, by its hash, is one of ours that was not final when it was last looked at. */
    isOurs: (transaction: Hex): boolean =>
      postings.some(({ signed }) => signed.some((form) => keccak256(form) === transaction)),
    /** Post nothing more, until the next start, of the account of an operation that did nothing. */
    bar: (op: Uint8Array): void => void barred.add(bytesToHex(op.subarray(1, 21))),
    /** How many of our transactions are not final. */
    underWay: (): number => postings.length,
  }
}

async function stored(disk: Options['disk']): Promise<readonly Posting[]> {
  const bytes = await disk.read()
  if (!bytes) return []
  const decoded = decodeStrict(Postings, bytes)
  if (!decoded.ok) throw new ChainError('What was posted to the chain is damaged on disk. Run `bmail doctor --repair`.')
  return decoded.value
}

const poor = (address: Hex): string =>
  `The account ${address} that posts to the chain has too little of the chain’s coin to pay for the next transaction. Send it some; until then others have to post what waits here.`
