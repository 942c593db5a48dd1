/** A network says that one person could forge its proofs, unless it is for machines, or the set-up is not here. */
import { test } from 'tap'
import { loadArtifacts } from '../../../node/proofs/artifacts.ts'
import { networkJson } from '../../../node/settings/network-file.ts'
import { presets } from '../../../node/settings/presets.ts'
import { setUpOf } from '../../../node/settings/set-ups.ts'
import { genesis, rules } from '../../kit/fixtures.ts'

const fileOf = (preset: string, setUp?: Uint8Array) => {
  const { identity, ...numbers } = presets[preset]!
  const changed = { ...rules, ...numbers, identity: { ...identity, ...(setUp && { setUp }) } }
  return networkJson({ rules: changed, genesis })
}

test('set-ups: the program’s own is cautioned against on every network but those for machines', async (t) => {
  const { id, worth } = loadArtifacts()
  t.ok(worth.isForgeable, 'it is for development')
  for (const preset of Object.keys(presets)) {
    const view = setUpOf(t.testdir({}), fileOf(preset))
    t.match(view, { id, worth: worth.text, contributors: 1 }, preset)
    if (preset === 'testnet') t.equal(view.caution, null)
    else t.match(view.caution, /whoever ran it could forge: reputation at will.*--set-up FOLDER/)
  }
})

test('set-ups: of one that is not here nothing is said', async (t) => {
  const view = setUpOf(t.testdir({}), fileOf('personal', new Uint8Array(32).fill(7)))
  t.strictSame(view, { id: '07'.repeat(32), worth: null, contributors: null, caution: null })
})
