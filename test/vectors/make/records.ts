/** A record of every table, with and without each of its options, under a key as that table has them. */
import {
  checkpointKey,
  encodeRecord,
  epochKeyKey,
  fieldKey,
  grantKey,
  metaKey,
  nodeKey,
  poolKey,
  supplyKey,
  type Records,
  type TableName,
  tables,
  treeKey,
} from '../../../protocol/state.ts'
import { flagsKey } from '../../../protocol/operations/ack.ts'
import { pairKey } from '../../../protocol/pair.ts'
import { ada, bob, cyd } from '../../kit/fixtures.ts'
import { examplesOf, plain } from './plain.ts'
import { bytesOf, elementOf, numberOf } from './sample.ts'

type Sample<Table extends TableName> = {
  readonly name: string
  readonly key: Uint8Array
  readonly record: Records[Table]
}

const amount = (text: string): bigint => numberOf(text, 61)
const time = (text: string): bigint => 1_800_000_000_000n + numberOf(text, 30)
const number = (text: string, bits = 30): number => Number(numberOf(text, bits))
const key = bytesOf('epoch key', 20)
const terms = (text: string) => ({ leastTier: number(`${text} tier`, 2), leastFee: amount(text) })
const unchanging = { ...terms('now'), next: undefined }
const part = (text: string) => ({
  fee: amount(`${text} fee`),
  burned: amount(`${text} burned`),
  asStranger: amount(`${text} as stranger`),
  credit: amount(`${text} credit`),
  stranger: text === 'cyd',
  given: amount(`${text} given`),
})
const paid = {
  sender: ada.address,
  height: amount('height'),
  epoch: number('epoch'),
  basePrice: amount('base price'),
  sizeClass: 6,
  automatic: true,
  keptUntil: time('kept'),
}
const side = (text: string) => ({
  messages: number(text),
  automatic: number(`${text} automatic`),
  exchanged: number(`${text} exchanged`),
  valued: amount(`${text} valued`),
  asStranger: number(`${text} as stranger`),
  acquainted: text === 'high',
  weighed: text === 'low',
  closedFrom: text === 'low' ? time(`${text} closed`) : undefined,
})

export const records: { readonly [Table in TableName]: readonly Sample<Table>[] } = {
  meta: [
    {
      name: 'totals',
      key: metaKey,
      record: {
        height: amount('height'),
        time: time('time'),
        epoch: number('epoch'),
        epochEnd: time('end'),
        epochStart: time('start'),
        basePrice: amount('price'),
        demand: amount('demand'),
        since: time('since'),
        lows: [
          { from: time('earlier'), basePrice: amount('earlier price'), passes: 0 },
          { from: time('later'), basePrice: amount('later price'), passes: number('later passes') },
        ],
        passes: number('passes'),
        committedAt: time('committed'),
        checkpoint: 9,
      },
    },
  ],
  accounts: [
    {
      name: 'funded',
      key: bob.address,
      record: {
        slot: number('slot'),
        signingKey: undefined,
        nonce: amount('nonce'),
        funds: amount('funds'),
      },
    },
    {
      name: 'registered',
      key: ada.address,
      record: {
        slot: number('slot'),
        signingKey: ada.signingKey,
        nonce: amount('nonce'),
        funds: amount('funds'),
      },
    },
  ],
  sealKeys: [{ name: 'an encryption key', key: ada.address, record: { sealKey: ada.sealKey } }],
  messages: [
    {
      name: 'to one, without a pass, without a verdict',
      key: bytesOf('message', 32),
      record: {
        ...paid,
        epochKey: undefined,
        recipients: [{ address: bob.address, ...part('bob'), verdict: undefined }],
      },
    },
    {
      name: 'to three under a pass',
      key: bytesOf('another message', 32),
      record: {
        ...paid,
        epochKey: key,
        recipients: [
          { address: bob.address, ...part('bob'), verdict: 'spam' },
          { address: cyd.address, ...part('cyd'), verdict: 'value' },
          { address: bytesOf('a third', 20), ...part('a third'), verdict: undefined },
        ],
      },
    },
  ],
  grants: [
    {
      name: 'that holds',
      key: grantKey({ granter: bob.address, sender: ada.address }),
      record: { payer: 'recipient', endsAt: undefined },
    },
    {
      name: 'that ends',
      key: grantKey({ granter: cyd.address, sender: ada.address }),
      record: { payer: 'sender', endsAt: time('ends') },
    },
  ],
  pairs: [
    {
      name: 'of two',
      key: pairKey(ada.address, bob.address),
      record: { low: side('low'), high: side('high'), asOf: number('as of') },
    },
  ],
  passes: [
    {
      name: 'a pass',
      key,
      record: {
        pseudonym: ada.address,
        epoch: number('epoch'),
        tier: 3,
        positive: amount('positive'),
        negative: amount('negative'),
        valueSpent: amount('value'),
        flagSpent: amount('flag'),
        falls: [],
        badFrom: undefined,
      },
    },
    {
      name: 'a pass that fell',
      key,
      record: {
        pseudonym: ada.address,
        epoch: number('epoch'),
        tier: 4,
        positive: amount('positive'),
        negative: amount('negative'),
        valueSpent: 0n,
        flagSpent: 0n,
        falls: [
          { tier: 2, from: time('fall') },
          { tier: 0, from: time('later fall') },
        ],
        badFrom: time('later fall'),
      },
    },
  ],
  passOf: [{ name: 'the latest', key: ada.address, record: { epoch: number('epoch'), epochKey: key } }],
  flags: [
    { name: 'one against another', key: flagsKey(key, bytesOf('accused', 20)), record: { weight: amount('weight') } },
  ],
  epochKeys: [{ name: 'of an epoch', key: epochKeyKey(number('epoch'), key), record: { tier: 2, checkpoint: 7 } }],
  trees: [
    { name: 'empty', key: treeKey('identities'), record: { count: 0, levels: [] } },
    {
      name: 'with an edge',
      key: treeKey('stamps'),
      record: { count: 6, levels: [[elementOf('a'), elementOf('b')], [elementOf('c')]] },
    },
  ],
  nodes: [
    { name: 'complete', key: nodeKey('history', { level: 2, index: 0x01020304 }), record: { node: elementOf('node') } },
  ],
  checkpoints: [
    {
      name: 'of three trees',
      key: checkpointKey({ epoch: number('epoch'), checkpoint: 7 }),
      record: {
        time: time('time'),
        identities: number('identities'),
        identitiesRoot: elementOf('identities'),
        historyRoot: elementOf('history'),
        stamps: number('stamps'),
        stampsRoot: elementOf('stamps'),
      },
    },
  ],
  enrolments: [{ name: 'of a commitment', key: fieldKey(elementOf('commitment')), record: { leaf: number('leaf') } }],
  nullifiers: [
    {
      name: 'of a renewal',
      key: fieldKey(elementOf('state')),
      record: { epoch: number('epoch'), height: amount('height'), leaf: number('leaf'), endorsed: amount('endorsed') },
    },
  ],
  notes: [
    {
      name: 'that was sold',
      key: fieldKey(elementOf('note')),
      record: { denomination: amount('denomination') },
    },
  ],
  policies: [
    { name: 'that stays', key: bob.address, record: unchanging },
    {
      name: 'that is about to ask for more',
      key: ada.address,
      record: { ...terms('now'), next: { ...terms('then'), from: time('from') } },
    },
  ],
  allowances: [
    {
      name: 'of one',
      key: grantKey({ granter: bob.address, sender: ada.address }),
      record: { amount: amount('allowance') },
    },
  ],
  supply: [
    {
      name: 'of the network',
      key: supplyKey,
      record: { minted: amount('minted'), burned: amount('burned'), slots: number('slots') },
    },
  ],
  pools: [{ name: 'of a denomination', key: poolKey(amount('denomination')), record: { amount: amount('pool') } }],
  withdrawals: [
    { name: 'to an address of a chain', key: bytesOf('chain', 20), record: { amount: amount('withdrawn') } },
  ],
  stampLeaves: [{ name: 'of a note', key: fieldKey(elementOf('note')), record: { leaf: number('leaf') } }],
  spent: [{ name: 'a stamp', key: fieldKey(elementOf('spent')), record: { denomination: amount('denomination') } }],
  readers: [
    {
      name: 'of strangers’ letters',
      key: bob.address,
      record: {
        received: number('received'),
        answered: number('answered'),
        valued: number('valued'),
        flagged: number('flagged'),
        givenBack: number('given back'),
      },
    },
  ],
}

export const recordVectors = () =>
  (Object.keys(tables) as TableName[]).flatMap((table) =>
    examplesOf<TableName, Sample<TableName>>(table, records, 'test/vectors/make/records.ts').map(
      ({ name, key, record }) => ({
        name: `${table}: ${name}`,
        table,
        number: tables[table].number,
        key: plain(key),
        value: plain(record),
        hex: plain(encodeRecord(table, record as never)),
      }),
    ),
  )
