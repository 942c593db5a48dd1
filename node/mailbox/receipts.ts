/** Receipts: as a mailbox shows them, and checked with nothing but the network's file: no daemon, no ledger. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { encodeAddress } from '../../protocol/address.ts'
import { headerHash, Outcome } from '../../protocol/batch.ts'
import { decodeStrict } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { networkId } from '../../protocol/rules.ts'
import { headerIsBy, readReceipt, Receipt } from '../../protocol/receipt.ts'
import { verifySignature } from '../../protocol/signature.ts'
import type { Money } from '../../protocol/money.ts'
import { nobody } from '../../protocol/words.ts'
import { believesNone } from '../ledger/verified.ts'
import type { NetworkFile } from '../settings/network-file.ts'
import type { Paid, PriceLine, ReaderView } from '../priced.ts'
import { sentences } from '../sentences.ts'
import type { ReceiptView } from '../service.ts'
import { type Names, priceLine } from './views.ts'

/** What a receipt that holds says; or why it does not hold. */
type ReceiptCheck =
  | {
      readonly verified: true
      readonly height: string
      readonly time: number
      readonly headerHash: string
      readonly opId: string
      /** An address; that of 20 zero bytes where it is nobody’s, or cannot be read. */
      readonly sender: string
      readonly result: Outcome['result']['TAG']
      /** Why it is no mail though it paid; null where it is mail, or void. */
      readonly why: string | null
      readonly paid: Paid | null
      readonly messageId: string | null
      readonly lines: readonly PriceLine[]
      readonly payee: string | null
    }
  | { readonly verified: false; readonly why: string }

/** Check a receipt's bytes against a network. Never throws. */
export function verifyReceiptFile({ rules, genesis }: NetworkFile, bytes: Uint8Array): ReceiptCheck {
  const network = networkId(rules, genesis)
  const receipt = decodeStrict(Receipt, bytes)
  if (!receipt.ok) return { verified: false, why: 'It is no receipt: the bytes do not decode. Ask for it again.' }
  const { sealed } = receipt.value
  if (!headerIsBy({ network, rules, verify: verifySignature, verifyProof: believesNone }, sealed))
    return {
      verified: false,
      why: 'Its batch header is not signed by the host of this network. Use the network’s own file.',
    }
  const read = readReceipt(rules, sealed.header, receipt.value)
  if (!read)
    return { verified: false, why: 'The operation or its outcome is not in that batch. The receipt was changed.' }
  const { result, op } = read.outcome
  const sent = result.TAG === 'settled' ? result.data.sent : undefined
  return {
    verified: true,
    height: String(sealed.header.height),
    time: Number(sealed.header.time),
    headerHash: bytesToHex(headerHash(sealed.header)),
    opId: bytesToHex(op),
    sender: authorOf(read.money),
    result: result.TAG,
    why: result.TAG === 'undelivered' ? sentences[result.data.reason] : null,
    paid: paidBy(read),
    messageId: sent ? bytesToHex(sent.message) : null,
    lines: (sent?.lines ?? []).map((line) => priceLine(line, new Map())),
    payee: payeeOf(sent),
  }
}

/** Who got the operators' share of a message; null where nobody did. */
const payeeOf = (sent: { readonly payee?: Uint8Array | undefined } | undefined): string | null =>
  sent?.payee ? encodeAddress(sent.payee) : null

/** Whose an operation is; the address of 20 zero bytes for one that is nobody's, or cannot be read. */
const authorOf = (money: Money | undefined): string => encodeAddress(money?.author?.account ?? nobody)

/** What an operation paid: all that it names, or nothing. */
function paidBy({ money, outcome: { result } }: { money: Money | undefined; outcome: Outcome }): Paid | null {
  if (result.TAG === 'void' || !money) return null
  const { burn, share, lines } = money
  return {
    by: authorOf(money),
    lines: lines.map(({ address, amount, from }) => ({ to: encodeAddress(address), amount: String(amount), from })),
    burned: String(burn),
    share: share ? { to: encodeAddress(share.payee), amount: String(share.amount) } : null,
  }
}

/** The receipt of a message of ours, with what it says. */
export function receiptView(
  context: Context,
  {
    receipt,
    message,
    names,
    readers,
  }: { receipt: Receipt; message: Uint8Array; names: Names; readers: readonly ReaderView[] },
): ReceiptView {
  const { header } = receipt.sealed
  const read = readReceipt(context.rules, header, receipt)
  const outcome = Outcome.decode(receipt.outcome)
  const sent = outcome.result.TAG === 'settled' ? outcome.result.data.sent : undefined
  return {
    receipt: base64.encode(Receipt.encode(receipt)),
    verified: read !== undefined && headerIsBy(context, receipt.sealed),
    batchHeight: String(header.height),
    batchTime: Number(header.time),
    opId: bytesToHex(outcome.op),
    messageId: bytesToHex(message),
    paid: read ? paidBy(read) : null,
    basePrice: String(sent?.basePrice ?? 0n),
    lines: (sent?.lines ?? []).map((line) => priceLine(line, names)),
    payee: payeeOf(sent),
    readers,
    headerHash: bytesToHex(headerHash(header)),
  }
}
