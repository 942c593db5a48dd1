/** `bmail receipt`: what a message cost and why, with a proof that anybody can check without a daemon. */
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Paid } from '../node/priced.ts'
import type { ReceiptView } from '../node/service.ts'
import { encodeAddress } from '../protocol/address.ts'
import { nobody } from '../protocol/words.ts'
import { type Money, moneyIn, moneyOf } from './amount.ts'
import { connect } from './client.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { namedFile } from './named-file.ts'
import { priceTable, readerLines } from './price.ts'
import { facts, when } from './print.ts'

const { pathsOf } = await door.home()

/** Stands where an operation is nobody’s, or cannot be read. */
const toNobody = encodeAddress(nobody)

const savedAlone = '--verify checks the one receipt that is in its file. Give no id and no --save with it.'

type Options = { readonly save?: string; readonly verify?: string; readonly network?: string }

export function configure(command: Command, act: Act): void {
  command
    .argument('[id]', 'the id of the message, or its beginning')
    .option('--save <file>', 'write the receipt to a file, to hand it on')
    .option('--verify <file>', 'check a receipt that was saved; needs no daemon')
    .option('--network <file>', 'the network it is checked against (else that of the home)')
    .addHelpText(
      'after',
      examples('bmail receipt 3f9a --save paid.receipt', 'bmail receipt --verify paid.receipt --network club.json'),
    )
    .action(
      act(async (context, id: string | undefined, options: Options): Promise<Answer> => {
        if (options.verify !== undefined) {
          if (id !== undefined || options.save !== undefined) throw new UsageError(savedAlone)
          return verify(context, options.verify, options.network)
        }
        if (options.network !== undefined) throw new UsageError('--network goes with --verify FILE alone.')
        if (id === undefined) throw new UsageError('Name a message by its id, or a saved receipt with --verify FILE.')
        const api = connect(context.home)
        const receipt = await api.receipt({ id })
        if (options.save !== undefined) write(options.save, Buffer.from(receipt.receipt, 'base64'))
        const text = async () => receiptText(receipt, await moneyOf(context, api))
        return { value: receipt, text, exitCode: receipt.verified ? 0 : 1 }
      }),
    )
}

async function verify(context: Invocation, file: string, named: string | undefined): Promise<Answer> {
  const { parseNetworkFile } = await door.networkFile()
  const { verifyReceiptFile } = await door.receipts()
  const path = named ?? pathsOf(context.home).network
  const network = parseNetworkFile((await namedFile(path)).toString('utf8'))
  const money = moneyIn(network.rules.coin, context)
  const result = verifyReceiptFile(network, await namedFile(file))
  if (!result.verified) throw new CommandError('receipt-wrong', `${file} proves nothing. ${result.why}`)
  const { height, time, sender, result: outcome, lines } = result
  const text = async () =>
    [
      await facts(
        ['message', result.messageId],
        ['operation', result.opId],
        ['paid by', sender === toNobody ? 'nobody' : sender],
        ...paidFacts(result.paid, money),
        [outcome, `in batch ${height}, ${when(time)}`],
        ...(result.why === null ? [] : ([['no mail', result.why]] as const)),
        ['header', result.headerHash],
        ['proof', 'verified'],
      ),
      ...(lines.length > 0 ? ['', await priceTable(lines, money)] : []),
    ].join('\n')
  return { value: result, text }
}

const receiptText = async (receipt: ReceiptView, money: Money): Promise<string> =>
  [
    await facts(
      ['message', receipt.messageId],
      ['operation', receipt.opId],
      ...paidFacts(receipt.paid, money),
      ['settled', `in batch ${receipt.batchHeight}, ${when(receipt.batchTime)}`],
      ['header', receipt.headerHash],
      ['base price', `${money.shown(receipt.basePrice)} a KiB`],
      ['proof', receipt.verified ? 'verified' : 'WRONG: it does not lead to a header that the host signed'],
    ),
    '',
    await priceTable(receipt.lines, money),
    '',
    ...receiptLines(receipt, money),
  ].join('\n')

/** In short: what it came to, who got what of it, and what usually comes back from them. */
function receiptLines({ paid, lines, readers }: ReceiptView, money: Money): readonly string[] {
  if (!paid) return []
  // What comes out of an allowance pays for a part of what is burned.
  const own = paid.lines.map(({ amount, from }) => (from === 'funds' ? BigInt(amount) : -BigInt(amount)))
  const total = [BigInt(paid.burned), BigInt(paid.share?.amount ?? 0), ...own].reduce((sum, amount) => sum + amount, 0n)
  return [
    `it cost ${money.shown(total)} in all, of which ${money.shown(paid.burned)} burned`,
    ...readerLines({ lines, readers }, money),
  ]
}

/** What was paid, which the operation says itself. */
function paidFacts(paid: Paid | null, { shown }: Money): [string, string][] {
  if (!paid)
    return [
      [
        'paid',
        'nothing by this entry, which is void; the same operation may stand, and have paid, elsewhere in the log',
      ],
    ]
  const { lines, burned, share } = paid
  return [
    ...lines.map(({ to, amount, from }): [string, string] =>
      from === 'funds'
        ? ['they got', `${shown(amount)}, ${to}`]
        : ['they gave', `${shown(amount)} of what is burned, ${to}`],
    ),
    ['burned', shown(burned)],
    ...(share ? ([['operators’ share', `${shown(share.amount)}, ${share.to}`]] as [string, string][]) : []),
  ]
}

function write(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes)
  } catch (cause) {
    throw new CommandError('file', `${path} cannot be written. Check the disk and the folder’s permissions.`, { cause })
  }
}
