/** A message made ready to send: sealed, then priced and ordered in the turn in which it is signed. */
import { balanceOf } from '../../protocol/account.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { envelopeBytes } from '../../protocol/envelope.ts'
import { apply } from '../../protocol/ledger.ts'
import { touches } from '../../protocol/touches.ts'
import { costToSender, type Posting, quote, touchesOfQuote } from '../../protocol/quote.ts'
import type { Result } from '../../protocol/reason.ts'
import { effectiveTier } from '../../protocol/reputation.ts'
import type { Line } from '../../protocol/fee.ts'
import { createDraft, metaOf, type View, writeAll } from '../../protocol/state.ts'
import type { Action } from '../../protocol/operations.ts'
import { decodeBase64 } from '../base64.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import type { Node } from '../peers/node.ts'
import { atTime, type Waiting } from '../peers/pending.ts'
import { type Sealed, seal } from '../seal/seal.ts'
import { SealError } from '../seal/error.ts'
import { type Quote, Refusal, refusalOf, type SendRequest } from '../service.ts'
import { namesOf, priceLine } from './views.ts'
import { type Own, resolveAddress, type Wallet } from '../keys/wallet.ts'

/** About what an operation adds to its envelope on the wire, in bytes. */
const opBytes = 200

export type Prepare = ReturnType<typeof createPrepare>

/** A sealed message with everything that its price and its operation need. */
export type Prepared = {
  readonly own: Own
  readonly recipients: Uint8Array[]
  readonly content: Uint8Array
  readonly sealed: Sealed
  readonly lifetimeDays: number
}

/** Makes messages ready, over a node and a mailbox. */
export function createPrepare({
  node,
  wallet,
  cabinet,
  keyOf,
}: {
  node: Node
  wallet: Wallet
  cabinet: Cabinet
  keyOf: KeyOf
}) {
  const { context, replica } = node
  const { rules, network } = context
  const { clock, random } = node.seams

  /** Seal for real, so that what is priced is what is sent. Throws Refusal. */
  async function prepare({ from, to, raw, lifetimeDays = rules.lifetimes[0]!.days }: SendRequest): Promise<Prepared> {
    const own = wallet.pick(from)
    if (own.retired)
      throw new Refusal(
        'bad-request',
        `“${own.label}” is retired: nothing is written under it any more. Name another pseudonym with --as.`,
      )
    const contacts = await cabinet.contacts()
    const recipients = to.map((name) => resolveAddress(name, contacts))
    if (recipients.length === 0)
      throw new Refusal('bad-request', 'Nobody is named to send to. Name at least one recipient.')
    const everybody = [own.address, ...recipients]
    const view = await replica.view(everybody.map((key) => ({ table: 'sealKeys', key }) as const))
    const correspondents = everybody.map((address) => {
      const sealKey = view.read('sealKeys', address)?.sealKey
      if (sealKey) return { address, sealKey }
      if (address === own.address)
        throw new Refusal(
          'not-registered',
          `Your pseudonym ${own.label} is not registered yet. Register it with \`bmail pseudonym register\`, or ask a friend to sponsor it.`,
        )
      throw new Refusal(
        'recipient-unknown',
        `${encodeAddress(address)} is not registered on this network. Check the address, or sponsor it.`,
      )
    })
    const content = decodeBase64(raw)
    const sealed = await sealOrRefuse({ sender: correspondents[0]!, recipients: correspondents.slice(1), content })
    return { own, recipients, content, sealed, lifetimeDays }
  }

  /**
   * Price a sealed message as the batch will find it in which it comes after everything of ours that waits now. It holds
   * until another op of ours is signed. Also says under which epoch key. Throws Refusal.
   */
  async function price({ own, recipients, content, sealed, lifetimeDays }: Prepared) {
    const epochKey = await keyOf(own.address)
    const waiting = node.pending.of(own.address)
    const view = await replica.view([
      ...waiting.flatMap(({ op }) => touches(context, op)),
      ...touchesOfQuote({ sender: own.address, recipients, epochKey }),
    ])
    const posting = { sender: own.address, recipients, sizeClass: sealed.sizeClass, lifetimeDays, epochKey }
    const quotes = quotesAlong(atTime(view, clock.now()), waiting, posting)
    const lines = quotes.at(-1)!
    if (!lines.ok) throw refusalOf(lines.reason)
    // Nodes look at it before what waits is settled, and after a part of that: the maximum covers the price at any time.
    const costs = quotes.map((quoted) => (quoted.ok ? costToSender(quoted.value) : 0n))
    const dearest = costs.reduce((most, cost) => (cost > most ? cost : most))
    const names = namesOf(await cabinet.contacts())
    const pass = epochKey && view.read('passes', epochKey)
    const quoted: Quote = {
      from: own.text,
      basePrice: String(metaOf(view).basePrice),
      units: 1 << sealed.sizeClass,
      contentBytes: content.length,
      wireBytes:
        envelopeBytes({
          sizeClass: sealed.sizeClass,
          recipients: recipients.length,
          keepers: rules.keepers.members.length,
        }) + opBytes,
      lifetimeDays,
      tier: pass ? effectiveTier(rules, pass) : null,
      lines: lines.value.map((line) => priceLine(line, names)),
      fee: String(costToSender(lines.value)),
      inclusionFee: String(rules.inclusionFee),
      feeMax: String((dearest * 5n + 3n) / 4n),
      balance: String(balanceOf(rules, view.read('accounts', own.address)!)),
    }
    return { quoted, epochKey }
  }

  /** What a message is quoted now, and after each of our ops that wait before it. */
  function quotesAlong(view: View, waiting: readonly Waiting[], posting: Posting): Result<Line[]>[] {
    const draft = createDraft(view)
    const quotes = [quote(draft, context, posting)]
    for (const incoming of waiting) {
      const result = apply(draft, { ...context, verify: () => true, verifyProof: () => true }, incoming)
      if (result.kind === 'omitted') continue
      writeAll(draft, result.changes)
      quotes.push(quote(draft, context, posting))
    }
    return quotes
  }

  /**
   * What is to be signed and kept for a sealed message, at the price of now. The maximum is the one that the caller named;
   * only where none was named it is the quote's. Throws Refusal where the price is above it.
   */
  async function order(prepared: Prepared, { subject, feeMax }: { subject: string; feeMax: string | undefined }) {
    const { own, recipients, content, sealed, lifetimeDays } = prepared
    const { messageId: id, envelopeHash, sizeClass, lockKey } = sealed
    const { quoted, epochKey } = await price(prepared)
    const date = BigInt(clock.now())
    if (feeMax !== undefined && BigInt(quoted.fee) > BigInt(feeMax)) throw refusalOf('over-maximum')
    const action: Action = {
      TAG: 'send',
      data: {
        recipients,
        envelopeHash,
        sizeClass,
        lifetimeDays,
        keeperSet: rules.keepers.version,
        feeMax: BigInt(feeMax ?? quoted.feeMax),
        epochKey,
      },
    }
    const letterOf = (opId: Uint8Array): Letter => ({
      id,
      folder: 'sent',
      state: 'submitted',
      note: 'on its way; it is settled with the next batch',
      sender: own.address,
      recipients,
      own: own.address,
      subject,
      date,
      bytes: content.length,
      height: undefined,
      opId,
      amount: BigInt(quoted.fee),
      verdict: undefined,
    })
    const alongside = (opId: Uint8Array) => [...cabinet.putLetter(letterOf(opId)), cabinet.putContent(id, content)]
    return { action, parcel: { id, envelope: sealed.envelopeBytes, lockKey }, alongside, quoted, letterOf }
  }

  async function sealOrRefuse(what: Pick<Parameters<typeof seal>[0], 'sender' | 'recipients' | 'content'>) {
    try {
      return await seal({ random, network, keeperSet: rules.keepers, maxSizeClass: rules.sizeClassMax, ...what })
    } catch (error) {
      if (error instanceof SealError) throw new Refusal('too-large', error.message)
      throw error
    }
  }

  return { prepare, price, order }
}
