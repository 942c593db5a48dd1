/** The pages of the protocol against its code: what they list is there, in an order in which it can be read, and as they say. */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { gossipAnswers } from '../../node/gossip-answers.ts'
import { messageMaxBytes, frameMaxBytes } from '../../node/network/limits.ts'
import { contentBytesMax } from '../../node/seal/content.ts'
import { publicSignals } from '../../node/proofs/artifacts.ts'
import { presets } from '../../node/settings/presets.ts'
import { AddressBytes, Bytes32, EpochKey } from '../../protocol/codec.ts'
import { signedOpBytesMax } from '../../protocol/money.ts'
import { recipientsLimit, shareBytes, sizeClassLimit, unitBytes, wrapBytes } from '../../protocol/envelope.ts'
import { factorNumbers } from '../../protocol/fee.ts'
import { Field } from '../../protocol/field.ts'
import { envelopeBytesMax, idsMax, inlineEnvelopeBytesMax, streamsOf, topicsOf } from '../../protocol/gossip.ts'
import { tags } from '../../protocol/hash.ts'
import { slotCount } from '../../protocol/identity.ts'
import { none, type Operation } from '../../protocol/operation.ts'
import { operations } from '../../protocol/operations.ts'
import { flagsKey } from '../../protocol/operations/ack.ts'
import { pairKey } from '../../protocol/pair.ts'
import { domains } from '../../protocol/poseidon.ts'
import { shortcomings } from '../../protocol/reason.ts'
import { rankOf } from '../../protocol/reputation.ts'
import {
  checkpointKey,
  epochKeyKey,
  fieldKey,
  grantKey,
  metaKey,
  nodeKey,
  poolKey,
  supplyKey,
  type TableName,
  tables,
  treeKey,
} from '../../protocol/state.ts'
import { proofBytes } from '../../protocol/statement.ts'
import { trees } from '../../protocol/tree.ts'
import { wireVersion } from '../../protocol/version.ts'
import { Payer, Verdict } from '../../protocol/words.ts'
import { firstFee, lureLetter, worthOf } from '../../protocol/worth.ts'
import { rules } from '../kit/fixtures.ts'
import { printingOrder, printed, readProtocol, tableUnder } from './specification.ts'

const page = readProtocol('README.md')
const prices = readProtocol('prices.md')
const files = readdirSync(join(import.meta.dirname, '../../protocol'), { recursive: true })
  .map((file) => String(file).replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort()
const sources = new Map(files.map((file) => [file, readProtocol(file)]))

test('specification: every file is printed once', async (t) => {
  const order = printingOrder(page)
  t.ok(files.length > 50, 'there are files')
  for (const file of files.filter((file) => !order.includes(file)))
    t.fail(
      `protocol/${file} is not in the table under “Printing order” of protocol/README.md: add it behind what it imports`,
    )
  for (const file of order.filter((file) => !files.includes(file)))
    t.fail(`the printing order of protocol/README.md has ${file}, and protocol has no such file`)
  t.equal(new Set(order).size, order.length, 'no file is there twice')
  const text = printed(page)
  t.ok(text.startsWith(`${page}\n${prices}\n`), 'the pages come first')
  const places = order.map((file) =>
    text.indexOf(`\n## protocol/${file}\n\n\`\`\`ts\n${sources.get(file)!.trimEnd()}\n\`\`\``),
  )
  t.notOk(places.includes(-1), 'each is there in full')
  t.strictSame(
    places,
    places.toSorted((a, b) => a - b),
    'in the order of the page',
  )
})

test('specification: every file is printed after what it imports when it runs', async (t) => {
  const place = new Map(printingOrder(page).map((file, at) => [file, at]))
  const arrows = files.flatMap((file) => importsOf(file).map((other) => [file, other] as const))
  t.ok(arrows.length > 150, 'imports are found')
  // What the page lacks is named by the test above.
  const listed = arrows.filter((arrow) => arrow.every((file) => place.has(file)))
  t.strictSame(
    listed.filter(([file, other]) => place.get(other)! > place.get(file)!).map((arrow) => arrow.join(' before ')),
    [],
  )
})

/** What a file of the protocol imports of others, types alone aside: Node takes those away. */
const importsOf = (file: string): string[] =>
  [...sources.get(file)!.matchAll(/^import (?!type\b)[^;']*from '(\.[^']+)'/gm)].map(([, name]) =>
    join(dirname(file), name!).replaceAll('\\', '/'),
  )

test('specification: hash tags, what each is taken of, and where', async (t) => {
  const rows = tableUnder(page, 'Hash tags')
  t.strictSame(
    rows.map(([name, text]) => [name, text]),
    Object.entries(tags),
  )
  for (const [name, , hashed, place] of rows) {
    const calls = callsOf(`hash('${name}'`)
    t.strictSame([...new Set(calls.map(({ file }) => file))], [place], `${name}: where`)
    const parts = hashed!.split(';')[0]!.split('‖').length
    t.equal(parts, Math.max(...calls.map((call) => call.parts - 1)), `${name}: how many parts`)
  }
})

test('specification: Poseidon domains, and how many inputs each has', async (t) => {
  const rows = tableUnder(page, 'Poseidon domains')
  t.strictSame(
    rows.map(([name, number]) => [name, BigInt(number!)]),
    Object.entries(domains),
  )
  for (const [name, , inputs] of rows)
    t.strictSame(
      callsOf(`poseidon('${name}'`).map(({ parts }) => parts - 1),
      [inputs!.split(',').length],
      `${name}: made in one place, of so many inputs`,
    )
})

/** Where the protocol calls a function in some way, and with how many arguments. */
function callsOf(beginning: string): { file: string; parts: number }[] {
  const [callee, first] = beginning.split('(') as [string, string]
  const pattern = new RegExp(`\\b${callee}\\(\\s*${first}`, 'g')
  return files.flatMap((file) => {
    const source = sources.get(file)!
    return [...source.matchAll(pattern)].map(({ index }) => ({
      file,
      parts: argumentsAt(source, index + callee.length),
    }))
  })
}

/** How many arguments stand between a bracket and the one that closes it. */
function argumentsAt(source: string, bracket: number): number {
  let [depth, commas, last] = [0, 0, '']
  for (const sign of source.slice(bracket)) {
    if ('([{'.includes(sign)) depth++
    if (')]}'.includes(sign)) depth--
    if (depth === 0) break
    if (depth === 1 && sign === ',') commas++
    if (sign.trim()) last = sign
  }
  return last === ',' ? commas : commas + 1
}

test('specification: what gossip rejects', async (t) => {
  const [, list = ''] = /Rejected are: ([^.]*)\./.exec(page) ?? []
  const rejected = Object.entries(gossipAnswers).flatMap(([reason, answer]) => (answer === 'reject' ? [reason] : []))
  t.strictSame(new Set(list.split(', ')), new Set(rejected))
})

test('specification: operations, and what their rows answer', async (t) => {
  const rows = tableUnder(page, 'Operations')
  const inOrder = Object.entries(operations).sort(([, a], [, b]) => a.number - b.number)
  t.strictSame(
    rows.map(([number, name]) => [Number(number), name]),
    inOrder.map(([name, { number }]) => [number, name]),
  )
  for (const [, name, file, signer, burns, isBound] of rows) {
    const row = operations[name as keyof typeof operations] as unknown as Operation<Said>
    const { [name!]: exported } = (await import(`../../protocol/${file}`)) as Record<string, unknown>
    t.equal(exported, row, `${name} stands in its file`)
    t.equal(/^nobody\b/.test(signer!), row.author.kind === 'nobody', `${name}: by whom`)
    t.equal(
      signer!.includes('inside') && !signer!.includes('proof'),
      row.agreement !== none,
      `${name}: signatures inside`,
    )
    t.equal(isBound, row.epoch({ epoch: 7, giveBack: 0n, amount: 0n }) === 7 ? 'yes' : 'no', `${name}: its epoch`)
    t.equal(burns, burnsOf(row), `${name}: what it burns`)
  }
})

/** What rows are asked about here of what operations say. */
type Said = { readonly epoch: number; readonly giveBack: bigint; readonly amount: bigint }

/** What an operation burns at least, in words. */
function burnsOf({ burns }: Operation<Said>): string {
  const { inclusionFee, identity } = rules
  const said = { epoch: 7, giveBack: 0n, amount: 0n }
  const [least, givingBack, more] = [{}, { giveBack: 1n }, { amount: 1n }].map((edit) =>
    burns(rules, { ...said, ...edit }),
  )
  const words = new Map([
    [0n, 'nothing'],
    [inclusionFee, 'inclusionFee'],
    [inclusionFee + identity.enrolFee, 'inclusionFee + enrolFee'],
  ])
  if (more! > least!) return `${words.get(least!)} + amount`
  return least === givingBack ? words.get(least!)! : `${words.get(givingBack!)} where it gives something back`
}

/** A key of each table. */
const keys: Readonly<Record<TableName, Uint8Array>> = (() => {
  const address = new Uint8Array(AddressBytes.size!)
  const epochKey = new Uint8Array(EpochKey.size!)
  const grant = grantKey({ granter: address, sender: address })
  return {
    meta: metaKey,
    accounts: address,
    sealKeys: address,
    messages: new Uint8Array(Bytes32.size!),
    grants: grant,
    pairs: pairKey(address, address),
    passes: epochKey,
    passOf: address,
    flags: flagsKey(epochKey, epochKey),
    epochKeys: epochKeyKey(1, epochKey),
    trees: treeKey('history'),
    nodes: nodeKey('history', { level: 1, index: 1 }),
    checkpoints: checkpointKey({ epoch: 1, checkpoint: 1 }),
    enrolments: fieldKey(1n),
    nullifiers: fieldKey(1n),
    notes: fieldKey(1n),
    policies: address,
    allowances: grant,
    supply: supplyKey,
    pools: poolKey(1n),
    stampLeaves: fieldKey(1n),
    spent: fieldKey(1n),
    readers: address,
    withdrawals: address,
  }
})()

test('specification: tables of the state, their numbers and keys', async (t) => {
  t.strictSame(
    tableUnder(page, 'Tables of the state').map(([number, name, , bytes]) => [name, Number(number), Number(bytes)]),
    Object.entries(tables).map(([name, { number }]) => [name, number, keys[name as TableName].length]),
  )
  t.equal(Field.size, keys.notes.length)
})

test('specification: trees, circuits, factors', async (t) => {
  t.strictSame(
    tableUnder(page, 'Trees of Poseidon').map(([number, name, depth]) => [name, Number(number), Number(depth)]),
    Object.entries(trees).map(([name, { number, depth }]) => [name, number, depth]),
  )
  t.strictSame(
    Object.fromEntries(tableUnder(page, 'Circuits').map(([name, signals]) => [name, signals!.split(', ')])),
    publicSignals,
  )
  t.strictSame(
    tableUnder(prices, 'Factors of a fee').map(([number, name]) => [name, Number(number)]),
    Object.entries(factorNumbers),
  )
})

test('specification: numbers of words', async (t) => {
  const rows = tableUnder(page, 'Numbers of words')
  t.strictSame(
    rows.map(([of]) => of),
    ['verdict', 'payer', 'shortcoming'],
  )
  const [verdicts, payers, short] = rows.map(([, list]) => list!.split(', ').map((entry) => entry.split(' ')))
  t.strictSame(
    short!.map(([number, name]) => [name, Number(number)]),
    Object.entries(shortcomings),
  )
  for (const [codec, words] of [
    [Verdict, verdicts],
    [Payer, payers],
  ] as const) {
    const known = Array.from({ length: 256 }, (_, number) => wordOf(codec, number)).filter(
      (entry) => entry !== undefined,
    )
    t.strictSame(
      words!.map(([number, word]) => [Number(number), word]),
      known,
    )
  }
})

/** The word that a number stands for, with it; nothing where it stands for none. */
function wordOf(codec: { decode(bytes: Uint8Array): string }, number: number): [number, string] | undefined {
  try {
    return [number, codec.decode(Uint8Array.of(number))]
  } catch {
    return undefined
  }
}

test('specification: sizes and limits', async (t) => {
  t.strictSame(
    Object.fromEntries(tableUnder(page, 'Sizes and limits').map(([name, number]) => [name, Number(number)])),
    {
      wireVersion,
      signedOpBytesMax,
      recipientsLimit,
      sizeClassLimit,
      unitBytes,
      wrapBytes,
      shareBytes,
      contentBytesMax,
      inlineEnvelopeBytesMax,
      envelopeBytesMax,
      idsMax,
      slotCount,
      proofBytes,
      messageMaxBytes,
      frameMaxBytes,
    },
  )
})

test('specification: what a name is good for, by each of the presets', async (t) => {
  const [, ...shown] = /^## What a name is good for$(.*?)^## /ms.exec(prices) ?? []
  for (const [preset, numbers] of Object.entries(presets)) {
    const all = { ...rules, ...numbers }
    const { reputation, correspondence, identity } = all
    const fresh = worthOf(all, 0)
    const rows = [undefined, 0, 1, 2, 3, 4].map((standing) => {
      const { score, decay, first, exchange } = worthOf(all, standing)
      const weight = `×${Number(reputation.ackWeights[rankOf(standing)]) / 10_000}`
      const saves = fresh.exchange - exchange
      return standing === undefined || standing === 0
        ? [standing === 0 ? 'tier 0' : 'no pass', '', '', '', figure(first), figure(exchange), '', '', weight]
        : [
            `tier ${standing}`,
            ...[reputation.scores[standing - 1]!, score, decay, first, exchange, saves, upTo(decay, saves)].map(figure),
            weight,
          ]
    })
    t.strictSame(tableUnder(prices, 'What a name is good for'), rows, preset)
    const badName =
      fresh.first + (firstFee(all) * (reputation.badName - reputation.strangers[1]!)) / reputation.strangers[1]!
    for (const part of [
      `an enrolment, ${figure(identity.enrolFee)}, and`,
      `more than ${reputation.negatives[0]} against it, pays ${figure(badName)} for`,
      `one first letter and ${correspondence.patience} of an exchange for each, which is ${figure(lureLetter(all))} a letter`,
      `at its floor of ${figure(all.price.floor)}.`,
    ])
      t.ok(shown[0]?.includes(part), `${preset}: ${part}`)
  }
})

/** As the page writes amounts. */
const figure = (amount: bigint): string => amount.toLocaleString('en-US')
const upTo = (amount: bigint, step: bigint): bigint => (amount + step - 1n) / step

test('specification: topics and streams', async (t) => {
  const network = new Uint8Array(32).fill(0xab)
  const spelled = (name: string): string => name.replace('/V', `/${wireVersion}`).replace('…', 'abababababababab')
  const { mail, ...topics } = topicsOf(network)
  t.strictSame(
    tableUnder(page, 'Gossip').map(([topic, name]) => [topic, spelled(name!)]),
    [['mail', mail(7).replace(/7$/, 'SHARD')], ...Object.entries(topics)],
  )
  t.strictSame(
    tableUnder(page, 'Streams').map(([stream, name]) => [stream, spelled(name!)]),
    Object.entries(streamsOf(network)),
  )
})
