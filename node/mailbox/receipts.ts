/** Checking a receipt with nothing but the network's file: no daemon, no ledger. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import { headerHash } from '../../protocol/batch.ts'
import { decodeStrict } from '../../protocol/codec.ts'
import { networkId } from '../../protocol/rules.ts'
import { headerIsBy, readReceipt, Receipt } from '../../protocol/receipt.ts'
import { verifySignature } from '../../protocol/signature.ts'
import { believesNone } from '../ledger/verified.ts'
import type { NetworkFile } from '../settings/network-file.ts'
import type { PriceLine } from '../service.ts'
import { priceLine } from './views.ts'

/** What a receipt that holds says; or why it does not hold. */
export type ReceiptCheck =
  | {
      readonly verified: true
      readonly height: string
      readonly time: number
      readonly headerHash: string
      readonly opId: string
      readonly sender: string
      readonly result: 'settled' | 'refused'
      readonly messageId: string | null
      readonly lines: readonly PriceLine[]
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
  const read = readReceipt(sealed.header, receipt.value)
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
    sender: encodeAddress(read.op.account),
    result: result.TAG,
    messageId: sent ? bytesToHex(sent.message) : null,
    lines: (sent?.lines ?? []).map((line) => priceLine(line, new Map())),
  }
}
