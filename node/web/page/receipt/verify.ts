/** A receipt checked in the page, by the code that nodes and `bmail receipt --verify` go by. Loaded when one is looked at. */
import { verifyReceiptFile } from '../../../mailbox/receipts.ts'
import { idOf, parseNetworkFile } from '../../../settings/network-file.ts'

export type Checked = {
  readonly result: ReturnType<typeof verifyReceiptFile>
  /** The id of the network that it was checked against, made of its rules and its beginning here. */
  readonly network: string
}

/** Check the bytes of a receipt against a network, as its file has it in JSON values. Throws where that is no network. */
export function checkReceipt(file: unknown, bytes: Uint8Array): Checked {
  const network = parseNetworkFile(JSON.stringify(file))
  return { result: verifyReceiptFile(network, bytes), network: idOf(network) }
}
