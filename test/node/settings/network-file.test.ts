/** The network file under everything that people and machines do to it: a network that can be lived in, or a sentence. */
import fc from 'fast-check'
import { test } from 'tap'
import { foundNetwork } from '../../../node/settings/founding.ts'
import { formatNetworkFile, idOf, NetworkFileError, parseNetworkFile } from '../../../node/settings/network-file.ts'
import { presets } from '../../../node/settings/presets.ts'
import { faultsOf } from '../../../protocol/faults.ts'
import { type FeeInput, feeLimit, priceOf } from '../../../protocol/fee.ts'
import { genesisChanges } from '../../../protocol/genesis.ts'
import { advanceMarket } from '../../../protocol/price.ts'
import { encodeRecord } from '../../../protocol/state.ts'
import { effectiveTier, flagWeight, saturated, valueWeight } from '../../../protocol/reputation.ts'
import { genesis, rules } from '../../kit/fixtures.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const { name, hostKey, operators, keepers } = rules
const found = (preset: string) => foundNetwork({ preset, genesis, name, hostKey, operators, keepers })
const texts = Object.keys(presets).map((preset) => formatNetworkFile(found(preset)))

const edges = [0, 1, 7, 8, 16, 32, 40, 48, 53, 62, 63, 64].flatMap((bits): Json[] => {
  const power = 2n ** BigInt(bits)
  return [power - 1n, power, power + 1n].map((number) => (bits < 53 ? Number(number) : String(number)))
})
const numbers = fc.oneof(
  fc.constantFrom<Json[]>(...edges, 9_999, 10_000, 10_001, 1_250, -1, 0.5, 1e300, '007', '-1', '', ' 1', '1e3', '١'),
  fc.nat({ max: 100_000 }),
)
const anything = fc.oneof(
  { weight: 6, arbitrary: numbers },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json[]>(
      [],
      {},
      null,
      '\ud800',
      'é'.repeat(64),
      { toString: 1 },
      JSON.parse('{"__proto__": []}'),
    ),
  },
)

/** One change: at a place that numbers lead to, from the top down. */
type Mutation = {
  readonly path: readonly number[]
  readonly how: 'replace' | 'remove' | 'repeat' | 'add' | 'move'
  readonly value: Json
}
const mutations: fc.Arbitrary<Mutation> = fc.record({
  path: fc.array(fc.nat(), { minLength: 2, maxLength: 6 }),
  how: fc.oneof(
    { weight: 6, arbitrary: fc.constant('replace' as const) },
    { weight: 1, arbitrary: fc.constantFrom('remove' as const, 'repeat' as const, 'add' as const, 'move' as const) },
  ),
  value: anything,
})

/** The file with a change; the path ends where there is nothing below. */
function mutate(json: Json, { path, how, value }: Mutation): Json {
  const [step, ...rest] = path
  if (step === undefined || typeof json !== 'object' || json === null) return how === 'replace' ? value : json
  const entries = Array.isArray(json) ? [...json.entries()] : Object.entries(json)
  if (entries.length === 0) return value
  const at = step % entries.length
  const [key, inner] = entries[at]!
  const deeper = rest.length > 0 && typeof inner === 'object' && inner !== null
  const changed: [string | number, Json][] = deeper
    ? entries.map((entry, index) => [entry[0], index === at ? mutate(inner, { path: rest, how, value }) : entry[1]])
    : alter(entries, { at, key, inner, how, value })
  return Array.isArray(json) ? changed.map(([, item]) => item) : Object.fromEntries(changed)
}

function alter(
  entries: [string | number, Json][],
  { at, key, inner, how, value }: { at: number; key: string | number; inner: Json; how: Mutation['how']; value: Json },
): [string | number, Json][] {
  const others = entries.filter((_, index) => index !== at)
  switch (how) {
    case 'replace':
      return entries.map((entry, index) => (index === at ? [key, value] : entry))
    case 'remove':
      return others
    case 'repeat':
      return [...entries, [typeof key === 'number' ? entries.length : `${key} again`, inner]]
    case 'add':
      return [...entries, ['__proto__', value]]
    case 'move':
      return [...others, [key, inner]]
  }
}

/** What a text comes to: a network that can be lived in, or the sentence that says why not. Anything else is thrown. */
function outcomeOf(text: string): 'lived in' | 'refused' {
  try {
    inhabit(text)
    return 'lived in'
  } catch (error) {
    if (!(error instanceof NetworkFileError)) throw error
    const [head, ...lines] = error.message.split('\n')
    if (!head?.startsWith('The network file cannot be used:') || lines.some((line) => !line.startsWith('- ')))
      throw new Error(`no sentence: ${error.message}`, { cause: error })
    return 'refused'
  }
}

/** Begin a network, price messages and weigh verdicts at its edges. */
function inhabit(text: string): void {
  const file = parseNetworkFile(text)
  const { rules, genesis } = file
  if (faultsOf(rules, genesis).length > 0) throw new Error('what is read can be lived by')
  const again = parseNetworkFile(formatNetworkFile(file))
  if (idOf(again) !== idOf(file)) throw new Error('written and read, it is the same network')
  for (const { table, after } of genesisChanges(rules, genesis)) encodeRecord(table, after as never)
  for (const basePrice of [rules.price.floor, rules.price.start, rules.price.ceiling]) {
    for (const most of [false, true]) {
      const { fee, paid, credit, burned, operators } = priceOf(rules, {
        ...message(most),
        basePrice,
        lifetimeDays: rules.lifetimes.at(-1)!.days,
      })
      if (fee < 1n || fee > feeLimit || paid !== credit + burned + operators || credit < 0n)
        throw new Error(`a fee of ${fee}`)
      const sums = { fee: paid, burned, basePrice, sizeClass: most ? rules.sizeClassMax : 0 }
      const value = valueWeight(rules, sums, { acker: 4, recent: 0n })
      const flag = flagWeight(rules, sums, { acker: 4, verdict: 'abuse' })
      if (saturated(value) < 0n || saturated(flag) < 0n) throw new Error('a negative weight')
      const tier = effectiveTier(rules, { tier: 4, negative: saturated(flag) })
      if (tier < 0 || tier > 4) throw new Error(`a tier of ${tier}`)
    }
    const market = { basePrice, demand: 2n ** 62n, since: genesis.time }
    const next = advanceMarket(rules, market, genesis.time + BigInt(rules.price.intervalMs) * 3n)
    if (next.basePrice < rules.price.floor || next.basePrice > rules.price.ceiling) throw new Error('a price outside')
  }
}

const message = (most: boolean): FeeInput => ({
  basePrice: 1n,
  sizeClass: most ? 8 : 0,
  lifetimeDays: 1,
  recipientCount: most ? 100 : 1,
  ...terms(most),
  unflagged: terms(most),
  granted: false,
})

const terms = (most: boolean): FeeInput['unflagged'] => ({
  kind: most ? 'first' : 'exchange',
  standing: most ? undefined : 4,
  hasBadName: false,
  floor: 0n,
})

test('network file: the presets can be lived in', async (t) => {
  for (const text of texts) t.equal(outcomeOf(text), 'lived in')
})

test('network file: whatever is changed in it, it is a network or a sentence', async (t) => {
  const outcomes = { 'lived in': 0, refused: 0 }
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(mutations, { minLength: 1, maxLength: 3 }), (text, changes) => {
      const changed = changes.reduce(mutate, JSON.parse(text) as Json)
      outcomes[outcomeOf(JSON.stringify(changed))]++
    }),
    { numRuns: 1_500 },
  )
  t.ok(outcomes['lived in'] > 100 && outcomes.refused > 100, JSON.stringify(outcomes))
})

test('network file: however its text is torn', async (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.nat(),
      fc.nat({ max: 40 }),
      fc.string({ maxLength: 4 }),
      (text, at, cut, put) => {
        const from = at % text.length
        outcomeOf(text.slice(0, from) + put + text.slice(from + cut))
      },
    ),
    { numRuns: 1_000 },
  )
  fc.assert(fc.property(fc.string(), (text) => void outcomeOf(text)))
  t.pass('a network or a sentence')
})

test('network file: lists that are too short or too long are told so', async (t) => {
  const wrong = (change: (file: { rules: Record<string, Json> }) => void): string => {
    const file = JSON.parse(texts[0]!)
    change(file)
    try {
      parseNetworkFile(JSON.stringify(file))
      return 'nothing is wrong'
    } catch (error) {
      return (error as NetworkFileError).message
    }
  }
  t.match(
    wrong(({ rules }) => Object.assign(rules, { lifetimes: [] })),
    /- there must be 1 to 16 lifetimes/,
  )
  t.match(
    wrong(({ rules }) => Object.assign(rules, { lifetimes: [] })),
    /- there must be 1 to 16 lifetimes/,
  )
  t.match(
    wrong(({ rules }) => Object.assign(rules, { operators: [] })),
    /- there must be 1 to 32 operators/,
  )
  t.match(
    wrong(({ rules }) => Object.assign(rules.reputation as object, { factors: [], scores: [1] })),
    /- reputation\.factors and ackWeights must each have 6 numbers[^\n]*\n- reputation\.scores and negatives must/,
  )
  t.match(
    wrong(({ rules }) => Object.assign(rules, { price: 1_000 })),
    /rules\.price must be an object/,
  )
  t.match(
    wrong(({ rules }) => Object.assign(rules, { basePrice: 1_000 })),
    /rules\.basePrice is not known: the file was made by a newer program, or it is mistyped\. Get the newest bmail, or mend it/,
  )
  t.match(
    wrong(({ rules }) => Object.assign(rules, { operators: [{ address: {}, weight: 1 }] })),
    /must be an address/,
  )
})
