/** What the ledger says that a proof shows: each public signal, in the order of the circuit's inputs. */
import { test } from 'tap'
import { fieldModulus, fieldOf, numberOf20 } from '../../protocol/field.ts'
import { hash } from '../../protocol/hash.ts'
import { statementOf } from '../../protocol/ledger.ts'
import { AmountsPart } from '../../protocol/money.ts'
import { reaches } from '../../protocol/reputation.ts'
import { demandsOf } from '../../protocol/pass.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { nobody } from '../../protocol/words.ts'
import { action, ada, bob, context, edited, eve, network, opOf, rules, seedOf, viewOf } from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import { adasKey, checkpoint, world } from '../vectors/world.ts'

const named = { epoch: 1, checkpoint: 3 }
const roots = { identitiesRoot: 11n, historyRoot: 12n, stampsRoot: 13n }
const state = viewOf(edited(world, [checkpoint(named, roots)]))
const networkNumber = fieldOf(network)
const shown = (wanted: Parameters<typeof opOf>[0]['action']) =>
  statementOf(state, context, opOf({ by: ada, action: wanted }))

test('statement: of a pass', async (t) => {
  const pass = (tier: number) => action('pass', { ...named, epochKey: adasKey, tier, proof: goodProof })
  const signals = (scoreMin: bigint, negativeMax: bigint) => [
    11n,
    networkNumber,
    1n,
    numberOf20(adasKey),
    scoreMin,
    negativeMax,
    numberOf20(ada.address),
  ]
  t.strictSame(shown(pass(0)), { circuit: 'pass', signals: signals(0n, 2n ** 48n - 1n), proof: goodProof })
  t.strictSame(shown(pass(1))?.signals, signals(2n ** 48n + 4n * 2n ** 16n, 64n * 2n ** 16n))
  t.strictSame(shown(pass(4))?.signals, signals(2n ** 48n + 120n * 2n ** 16n, 16n * 2n ** 16n))
  t.equal(shown(pass(5)), undefined, 'of a tier that there is not, nothing is shown')
})

test('statement: what a tier demands is what the rules of reputation say of it', async (t) => {
  const one = 2n ** 16n
  const edges = [0n, 1n, 16n * one, 16n * one + 1n, 64n * one, 64n * one + 1n, 2n ** 48n - 1n]
  const more = [...edges, 4n * one - 1n, 4n * one, 20n * one, 136n * one - 1n, 136n * one]
  for (let tier = 0; tier <= 4; tier++) {
    const { scoreMin, negativeMax } = demandsOf(rules, tier)
    for (const negative of edges)
      for (const positive of more) {
        const compared = positive + 2n ** 48n >= negative + scoreMin && negative <= negativeMax
        if (compared !== reaches(rules, tier, { positive, negative }))
          t.fail(`tier ${tier}, ${positive} and ${negative}`)
      }
    t.pass(`tier ${tier}`)
  }
})

test('statement: of a renewal', async (t) => {
  const renew = (endorsement: ActionOf<'renew'>['endorsement']) =>
    action('renew', { ...named, nullifier: 5n, leaf: 6n, endorsement, proof: goodProof })
  const reserve = 4n * 2n ** 16n
  const signals = (spent: bigint, target: bigint) => [11n, 12n, networkNumber, 1n, 5n, 6n, spent, target, reserve]
  t.strictSame(shown(renew(undefined)), { circuit: 'renew', signals: signals(0n, 0n), proof: goodProof })
  t.strictSame(
    shown(renew({ target: adasKey, amount: 2n }))?.signals,
    signals(2n * 2n ** 16n, numberOf20(adasKey)),
    'an amount has 16 fractional bits there',
  )
})

test('statement: of a stamp, bound to everything that it does', async (t) => {
  const redeem = (fields: Partial<ActionOf<'stampRedeem'>>) =>
    action('stampRedeem', {
      ...named,
      nullifier: 5n,
      denomination: 1_000n,
      to: bob.address,
      registration: undefined,
      proof: goodProof,
      ...fields,
    })
  const { inclusionFee } = rules
  const bound = (to: Uint8Array, ...keys: readonly Uint8Array[]) => {
    const amounts = { burn: inclusionFee, payee: nobody, share: 0n }
    const lines = [{ address: to, amount: 1_000n - inclusionFee, from: 'funds' } as const]
    return fieldOf(hash('redeem', network, AmountsPart.encode({ ...amounts, lines }), ...keys))
  }
  const signals = (beneficiary: bigint) => [13n, networkNumber, 5n, 1_000n, beneficiary]
  t.strictSame(shown(redeem({})), { circuit: 'stamp', signals: signals(bound(bob.address)), proof: goodProof })
  const { signingKey, sealKey, address } = eve
  const registration = { signingKey, sealKey, consent: new Uint8Array(64) }
  t.strictSame(
    shown(redeem({ to: address, registration }))?.signals,
    signals(bound(address, signingKey, sealKey)),
    'and not to a signature, which has many forms',
  )
})

test('statement: under a checkpoint that is not known, and of an op without a proof, there is none', async (t) => {
  t.equal(shown(action('pass', { epoch: 1, checkpoint: 4, epochKey: adasKey, tier: 0, proof: goodProof })), undefined)
  t.equal(shown(action('transfer', { to: bob.address, amount: 1n })), undefined)
})

test('statement: every signal is below the modulus of the field', async (t) => {
  const highest = new Uint8Array(32).fill(255)
  t.ok(fieldOf(highest) < fieldModulus, 'of 31 bytes')
  t.ok(numberOf20(seedOf('any').slice(0, 20)) < fieldModulus)
  const most = { ...rules, reputation: { ...rules.reputation, scores: Array<bigint>(4).fill(2n ** 24n - 1n) } }
  t.ok(demandsOf(most, 4).scoreMin < 2n ** 49n)
})
