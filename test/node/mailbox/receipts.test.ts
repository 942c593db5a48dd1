/** Receipts, checked with the network's file alone: first what was paid, by what the operation says, and then what it was as mail. */
import { test } from 'tap'
import { verifyReceiptFile } from '../../../node/mailbox/receipts.ts'
import { sentences } from '../../../node/sentences.ts'
import { encodeAddress } from '../../../protocol/address.ts'
import { readEntry } from '../../../protocol/doorway.ts'
import { Receipt } from '../../../protocol/receipt.ts'
import { firstLink, nextLink, receiptOf } from '../../kit/chain.ts'
import {
  action,
  ada,
  bob,
  context,
  cyd,
  genesis,
  olga,
  registeredState,
  rules,
  sendTo,
  signed,
} from '../../kit/fixtures.ts'
import { kindAt, patched, resigned } from '../../vectors/tampering.ts'

const [toAda, toBob, toCyd, toOlga] = [ada, bob, cyd, olga].map(({ address }) => encodeAddress(address)) as [
  string,
  string,
  string,
  string,
]
const { inclusionFee } = rules
const share = { payee: olga.address, amount: 7n }

test('receipts: an operation that stands twice in the log paid by one entry, and each receipt is of its own entry', async (t) => {
  const op = signed({ by: ada, action: action('transfer', { to: bob.address, amount: 9n }) })
  const first = nextLink(firstLink(registeredState(ada, bob)), { ops: [op, op] })
  const links = [receiptOf(first, 0), receiptOf(first, 1), receiptOf(nextLink(first, { ops: [op] }), 0)]
  const read = links.map((receipt) => verifyReceiptFile({ rules, genesis }, Receipt.encode(receipt)))
  const results = read.map((receipt) => receipt.verified && [receipt.result, receipt.paid !== null])
  t.strictSame(results, [
    ['settled', true],
    ['void', false],
    ['void', false],
  ])
  const swapped = { ...receiptOf(first, 0), outcome: receiptOf(first, 1).outcome }
  t.notOk(verifyReceiptFile({ rules, genesis }, Receipt.encode(swapped)).verified, 'of no other entry')
})

test('receipts: what is paid is said whether it is mail or not, and nothing of what is void', async (t) => {
  const second = signed({ by: ada, nonce: 1n, action: action('transfer', { to: bob.address, amount: 9n }) }).bytes
  const ops = [
    signed({ by: ada, action: sendTo([bob]) }),
    // It pays less than a letter costs, and is no mail for it.
    signed({
      by: bob,
      action: sendTo([cyd]),
      amounts: { burn: 3n, share, lines: [{ address: cyd.address, amount: 5n, from: 'funds' }] },
    }),
    signed({ by: cyd, action: action('transfer', { to: bob.address, amount: 10n ** 15n }) }),
    signed({ by: olga, action: action('transfer', { to: bob.address, amount: 9n }) }),
    // Of a number that there is not: what it names is paid all the same.
    readEntry(resigned(patched(second, kindAt, 99)), context),
    readEntry(new Uint8Array(200), context),
  ]
  const link = nextLink(firstLink(registeredState(ada, bob, cyd, olga)), { ops })
  const [letter, unsent, poor, payment, strange, rubbish] = ops.map((_, at) =>
    verifyReceiptFile({ rules, genesis }, Receipt.encode(receiptOf(link, at))),
  )
  const named = ops[0]!.money!
  t.match(letter, {
    verified: true,
    result: 'settled',
    why: null,
    paid: {
      by: toAda,
      lines: [{ to: toBob, amount: String(named.lines[0]!.amount), from: 'funds' }],
      burned: String(named.burn),
      share: named.share ? { to: encodeAddress(named.share.payee), amount: String(named.share.amount) } : null,
    },
    lines: [{ recipient: toBob }],
  })
  t.match(unsent, {
    verified: true,
    result: 'undelivered',
    why: sentences['price-short'],
    messageId: null,
    paid: {
      by: toBob,
      lines: [{ to: toCyd, amount: '5', from: 'funds' }],
      burned: '3',
      share: { to: toOlga, amount: '7' },
    },
    lines: [],
  })
  t.match(poor, { verified: true, result: 'void', why: null, paid: null, lines: [] })
  t.match(payment, {
    verified: true,
    result: 'settled',
    paid: { by: toOlga, lines: [{ to: toBob, amount: '9' }], burned: String(inclusionFee), share: null },
  })
  t.match(strange, {
    verified: true,
    result: 'undelivered',
    why: sentences.malformed,
    sender: toAda,
    paid: { by: toAda, lines: [{ to: toBob, amount: '9' }], burned: String(inclusionFee), share: null },
  })
  t.match(rubbish, { verified: true, result: 'void', why: null, paid: null, lines: [] })
})
