/**
 * Cheats as tests: each is done as well as it can be done. All else in the witness follows from the lie, and what the ledger
 * would compute or know is what the cheat would have it be. The released constraints refuse it; and as they are
 * written, nothing objects but the demand that is meant to.
 */
import { test } from 'tap'
import type { Inputs } from '../../node/seams.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { type Court, courtOf, type Signals } from './cheat.ts'
import { scenes } from './scenes.ts'

export type Cheat = {
  readonly name: string
  readonly scene: keyof typeof scenes
  /** Inputs that are lied about. */
  readonly lie: Inputs
  /** Whether the ledger's trees have the leaf that the cheat would need in them. Otherwise they have real ones. */
  readonly planted?: boolean
  /** In each demand that fails there is a signal of such a name. */
  readonly at: RegExp
}

/** A test for each cheat. */
export function tryCheats(cheats: readonly Cheat[]): void {
  const courts: { [C in Circuit]?: Promise<Court> } = {}
  for (const cheat of cheats)
    test(`cheats: ${cheat.scene}: ${cheat.name}`, async (t) => {
      const { circuit, inputs } = scenes[cheat.scene]
      const { testify, objections, refusals } = await (courts[circuit] ??= courtOf(circuit))
      const signals = granted(testify({ ...inputs, ...cheat.lie }), cheat)
      const objected = objections(signals)
      t.ok(refusals(signals) > 0, 'refused')
      t.ok(objected.length > 0, 'and as it is written, too')
      const others = objected.filter((names) => !names.some((name) => cheat.at.test(name)))
      t.strictSame(
        others.map((names) => names.slice(0, 4)),
        [],
        'by what is meant to, and by nothing else',
      )
    })
}

/** What the ledger is told, or has, follows from the lie, unless the lie is about that. */
export function granted(signals: Signals, { lie, planted = false }: Pick<Cheat, 'lie' | 'planted'>): Signals {
  const roots = planted ? { identitiesRoot: 'root', stampsRoot: 'root' } : {}
  const results = { leaf: 'newLeaf', nullifier: 'itsNullifier', epochKey: 'key', ...roots }
  for (const [name, from] of Object.entries(results)) {
    const result = signals.get(`main.${from}`)
    if (result !== undefined && signals.has(`main.${name}`) && !(name in lie)) signals.set(`main.${name}`, result)
  }
  return signals
}
