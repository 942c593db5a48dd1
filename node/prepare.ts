/** A message made ready to send: sealed, priced, and not yet paid for. */
import { balanceOf } from '../protocol/account.ts'
import { encodeAddress } from '../protocol/address.ts'
import { envelopeBytes } from '../protocol/envelope.ts'
import { apply, touches, touchesOfQuote } from '../protocol/ledger.ts'
import { reasons } from '../protocol/reason.ts'
import { costToSender, quote } from '../protocol/send.ts'
import { createDraft, metaOf, type View, writeAll } from '../protocol/state.ts'
import { decodeBase64 } from './base64.ts'
import type { Cabinet } from './cabinet.ts'
import type { Node } from './node.ts'
import { atTime, type Waiting } from './pending.ts'
import { seal } from './seal.ts'
import { SealError } from './seal-error.ts'
import { type Quote, Refusal, type SendRequest } from './service.ts'
import { namesOf, priceLine } from './views.ts'
import { resolveAddress, type Wallet } from './wallet.ts'

/** About what an operation adds to its envelope on the wire, in bytes. */
const opBytes = 200

/** The function that makes messages ready, over a node and a mailbox. */
export function createPrepare({ node, wallet, cabinet }: { node: Node; wallet: Wallet; cabinet: Cabinet }) {
  const { context, replica } = node
  const { rules, network } = context
  const { clock, random } = node.seams

  /** Seal for real and price what came of it, so that the quote is exact. Throws Refusal. */
  async function prepare({ from, to, raw, lifetimeDays = rules.lifetimes[0]!.days }: SendRequest) {
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
    const before = node.pending.of(own.address)
    const view = await replica.view([
      ...before.flatMap(({ op }) => touches(context, op)),
      ...touchesOfQuote({ sender: own.address, recipients, epochKey: undefined }),
      ...everybody.map((key) => ({ table: 'sealKeys', key }) as const),
    ])
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
    const posting = { sender: own.address, recipients, sizeClass: sealed.sizeClass, lifetimeDays, epochKey: undefined }
    const now = atTime(view, clock.now())
    const lines = quote(afterAll(now, before), context, posting)
    if (!lines.ok) throw new Refusal(lines.reason, reasons[lines.reason].sentence)
    const fee = costToSender(lines.value)
    // What waits before it may not be settled after all: the maximum covers the price with it and without it.
    const without = quote(now, context, posting)
    const dearest = without.ok ? largest(fee, costToSender(without.value)) : fee
    const names = namesOf(contacts)
    const account = view.read('accounts', own.address)!
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
      lines: lines.value.map((line) => priceLine(line, names)),
      fee: String(fee),
      inclusionFee: String(rules.inclusionFee),
      feeMax: String((dearest * 5n + 3n) / 4n),
      balance: String(balanceOf(rules, account)),
    }
    return { own, recipients, content, sealed, lifetimeDays, quoted }
  }

  /** The state once everything of ours that waits is settled: the next message is priced on it. */
  function afterAll(view: View, waiting: readonly Waiting[]): View {
    const draft = createDraft(view)
    for (const incoming of waiting) {
      const result = apply(draft, { ...context, verify: () => true }, incoming)
      if (result.kind !== 'omitted') writeAll(draft, result.changes)
    }
    return draft
  }

  async function sealOrRefuse(what: Pick<Parameters<typeof seal>[0], 'sender' | 'recipients' | 'content'>) {
    try {
      return await seal({ random, network, keeperSet: rules.keepers, maxSizeClass: rules.sizeClassMax, ...what })
    } catch (error) {
      if (error instanceof SealError) throw new Refusal('too-large', error.message)
      throw error
    }
  }

  return prepare
}

const largest = (a: bigint, b: bigint): bigint => (a > b ? a : b)
