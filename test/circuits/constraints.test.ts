/**
 * Whether the constraints leave anybody a choice. Three ways of looking: every signal of honest witnesses is changed alone; what
 * follows from inputs is followed through all constraints; and field elements are told in bits as what they are plus
 * the modulus, in whole witnesses that are right otherwise, which changing one signal never finds.
 */
import { test } from 'tap'
import { compile, type Edit } from '../../circuits/compile.ts'
import { circuits } from '../../node/proofs/artifacts.ts'
import { fieldModulus } from '../../protocol/field.ts'
import { epochKeyOf, scopeOf } from '../../protocol/identity.ts'
import { poseidon } from '../../protocol/poseidon.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { verdictTree } from '../../protocol/verdict-tree.ts'
import { calculatorOf } from './calculator.ts'
import { courtOf } from './cheat.ts'
import { undetermined } from './determined.ts'
import { createTrees, elementOf, network, type Past, showing, stepOf } from './lives.ts'
import { type R1cs, readR1cs, violated } from './r1cs.ts'
import { hidden, passOf, points, scenes } from './scenes.ts'
import { freeWires, type Others } from './sweep.ts'
import { granted } from './trial.ts'

/** The inverse that IsZero computes with. Where what is asked about is zero, any number serves, and the answer is 1 with all of them. */
const inverse = /(IsZero_\d+_\d+|IsEqual_\d+_\d+\.isz)\.inv$/

/** Signals that may have any value, and why. Whatever is free beyond these is a hole. */
const mayBeFree: Readonly<Record<keyof typeof scenes, readonly RegExp[]>> = {
  // Where nothing is folded nothing is asked of the history; the ledger takes only roots that it has.
  'renew, never renewed before': [inverse, /^main\.historyRoot$/],
  'renew, folding': [inverse],
  'renew, endorsing': [inverse],
  'renew, after it was settled, 70 epochs later': [inverse],
  'settle, folding': [inverse],
  'pass, tier 0': [],
  'pass, tier 2': [],
  stamp: [],
}

/** The next one; the other one of a bit; none, the highest; and one that has nothing to do with it. */
const others: Others = (value, wire) =>
  [value + 1n, 1n - value, 0n, -1n, elementOf(`other ${wire}`)].map(
    (other) => ((other % fieldModulus) + fieldModulus) % fieldModulus,
  )

const released: { [C in Circuit]?: Promise<R1cs> } = {}
for (const [name, { circuit, inputs }] of Object.entries(scenes))
  test(`constraints: ${name}: no signal can be changed alone`, async (t) => {
    const compiled = await compile(circuit)
    const r1cs = await (released[circuit] ??= readR1cs(compiled))
    const witness = (await calculatorOf(compiled.wasm))(inputs)()
    t.equal(violated(r1cs, witness).length, 0, 'the honest witness is accepted')
    const free = freeWires(r1cs, witness, others).map((wire) => r1cs.namesOf(wire)[0]!)
    const allowed = mayBeFree[name as keyof typeof scenes]
    t.strictSame(
      free.filter((signal) => !allowed.some((pattern) => pattern.test(signal))),
      [],
    )
    for (const pattern of allowed)
      t.ok(
        free.some((signal) => pattern.test(signal)),
        `${pattern} is free indeed`,
      )
  })

for (const circuit of circuits)
  test(`constraints: ${circuit}: inputs leave no choice in anything else`, async (t) => {
    const r1cs = await readR1cs(await compile(circuit, { simplified: 'written' }))
    const open = undetermined(r1cs, r1cs.inputCount)
    t.strictSame(
      open.filter((name) => !inverse.test(name)),
      [],
    )
    t.equal(open.length, circuit === 'renew' ? 9 : 0, 'and of IsZero there are so many')
  })

test('constraints: a choice is found where a constraint is missing', async (t) => {
  const r1cs = await readR1cs(await compile('pass', { simplified: 'written' }))
  const open = (isLeft: (names: string) => boolean) => {
    const constraints = r1cs.constraints.filter(({ a, b, c }) =>
      isLeft([a, b, c].map((sum) => sum.map(({ wire }) => r1cs.namesOf(wire)[0] ?? 1).join('+')).join('|')),
    )
    t.equal(constraints.length, r1cs.constraints.length - 1, 'one is taken out')
    return undetermined({ ...r1cs, constraints }, r1cs.inputCount).length
  }
  const bit = /^1\+(main\.Num2Bits_\d+_\d+\.out\[1\])\|main\.Num2Bits_\d+_\d+\.out\[1\]\|$/
  t.ok(open((names) => !bit.test(names)) > 0, 'that a bit is a bit')
  t.ok(
    open((names) => !/^\|\|[^|]*main\.EpochKey_\d+_\d+\.high\+[^|]*Num2Bits_\d+_\d+\.in$/.test(names)) > 0,
    'that a key is not of an alias',
  )
  t.ok(open((names) => !/\|main\.Root[^|]*Parent_\d+_\d+\[3\]\.isThird$/.test(names)) > 0, 'which child one is')
})

/** The two parts of a number plus the modulus, where it has 254 bits at most: a second sum that is the same in the field. */
const aliasParts = `
function lowOf(hash, KEY_BITS) {
  var mask = (1 << KEY_BITS) - 1;
  var low = (hash & mask) + (-1 & mask) + 1;
  var high = (hash >> KEY_BITS) + (-1 >> KEY_BITS) + (low >> KEY_BITS);
  var part = low & mask;
  if (high >= (1 << (254 - KEY_BITS))) { part = hash & mask; }
  return part;
}
function highOf(hash, KEY_BITS) {
  var mask = (1 << KEY_BITS) - 1;
  var low = (hash & mask) + (-1 & mask) + 1;
  var high = (hash >> KEY_BITS) + (-1 >> KEY_BITS) + (low >> KEY_BITS);
  if (high >= (1 << (254 - KEY_BITS))) { high = hash >> KEY_BITS; }
  return high;
}`

/** Lines are as long as they were, because anonymous components are named by where they stand. */
const aliased: Edit = (path, text) =>
  path === 'epoch-key.circom'
    ? text.replace(/(signal (low|high) <-- ).*/g, (line, begin: string, part: string) =>
        `${begin}${part}Of(hash, KEY_BITS);`.padEnd(line.length),
      ) + aliasParts
    : text

/** A slot whose key has an alias, of somebody for whom it has: of all, a third do. */
function aliasOf(epoch: number): { secret: bigint; slot: number; key: bigint } {
  for (let number = 0; ; number++) {
    const secret = elementOf(`alias ${number}`)
    for (let slot = 0; slot < 4; slot++) {
      const hash = poseidon('key', secret, scopeOf(network, epoch), BigInt(slot))
      if (hash + fieldModulus < 2n ** 254n) return { secret, slot, key: (hash + fieldModulus) % 2n ** 160n }
    }
  }
}

test('constraints: a pass has one key a slot, not that of an alias', async (t) => {
  const { secret, slot, key } = aliasOf(7)
  const { testify, objections, refusals } = await courtOf('pass', aliased)
  const signals = granted(testify(passOf({ secret, slot })), { lie: {} })
  t.equal(signals.get('main.epochKey'), key, 'it is another key')
  t.not(key, epochKeyOf(secret, { network, epoch: 7, slot }))
  t.ok(refusals(signals) > 0, 'refused')
  t.ok(
    objections(signals).every((names) => names.some((name) => /EpochKey(\[\d\])?\.high/.test(name))),
    'for that reason alone',
  )
})

test('constraints: renewing folds the key of the pass, not an alias of it', async (t) => {
  const { secret, slot } = aliasOf(5)
  const bad = { key: epochKeyOf(secret, { network, epoch: 5, slot }), positive: 0n, negative: points(40) }
  const past: Past = { gathered: (epoch) => (epoch === 5 ? [bad] : []) }
  const { inputs } = stepOf(past, createTrees(past), { secret, hidden, epoch: 7 })
  const { testify, objections, refusals } = await courtOf('renew', aliased)
  // Whatever the keys are now, rows are shown for these.
  const keys = [...testify(inputs)]
    .filter(([name]) => /^main\.Fold_\d+_\d+\.key\[\d\]$/.test(name))
    .map(([, key]) => key)
  const { root, show } = verdictTree([bad])
  const lie = { verdictRoot: root, ...showing(keys.map(show)) }
  const signals = granted(testify({ ...inputs, ...lie }), { lie })
  t.not(keys[slot], bad.key, 'it is another key')
  t.not(signals.get('main.leaf'), inputs.leaf, 'and nothing bad is folded')
  t.ok(refusals(signals) > 0, 'refused')
  t.ok(
    objections(signals).every((names) => names.some((name) => /EpochKey(\[\d\])?\.high/.test(name))),
    'for that reason alone',
  )
})
