/** The record of a set-up: no field of it can be edited under its id, and what it is worth is what its transcript says. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { artifactsFolder, loadArtifacts } from '../../../node/proofs/artifacts.ts'
import { parseSetUp, publishedPowers, setUpId, worthOf } from '../../../node/proofs/set-up-record.ts'

const text = readFileSync(join(artifactsFolder, 'set-up.json'), 'utf8')

/** Every value in a JSON that is no object and no list, as a way to it. */
function leavesOf(value: unknown, way: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...way]]
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...way, name]))
}

/** A copy with one value changed, which keeps its kind: of hexadecimals another digit, of numbers one more. */
function edited(way: readonly string[], change: (value: unknown) => unknown): string {
  const copy = JSON.parse(text)
  const last = way.at(-1)!
  const inner = way.slice(0, -1).reduce((value, name) => value[name], copy)
  inner[last] = change(inner[last])
  return JSON.stringify(copy)
}

const otherwise = (value: unknown): unknown =>
  typeof value === 'number' ? value + 1 : String(value).replace(/^./, (first) => (first === '1' ? '2' : '1'))

test('record: each field that is edited under a kept id is refused with a sentence', async (t) => {
  const folder = t.testdir({})
  const path = join(folder, 'set-up.json')
  const ways = leavesOf(JSON.parse(text))
  t.ok(ways.length > 50, 'there is something to edit')
  for (const way of ways) {
    writeFileSync(path, edited(way, otherwise))
    t.throws(
      () => loadArtifacts({ folder }),
      { name: 'ArtifactsError', message: /set-up\.json (was changed|cannot be)/ },
      way.join('/'),
    )
  }
  t.equal(setUpId(parseSetUp(text)), parseSetUp(text).id, 'as it is, it is right')
  t.equal(setUpId(parseSetUp(JSON.stringify(JSON.parse(text)))), parseSetUp(text).id, 'however its JSON is laid out')
})

test('record: what is no record, or holds more than the id covers, says what is wrong', async (t) => {
  const cases: [change: (json: ReturnType<typeof JSON.parse>) => void, message: RegExp][] = [
    [(json) => void (json.name = 'trustworthy'), /the record has a field “name”/],
    [(json) => void (json.circuits.pass.worth = 1), /pass has a field “worth”/],
    [(json) => void (json.transcript[1].note = 'x'), /step 2 has a field “note”/],
    [(json) => void delete json.circuits.renew, /circuits has no renew/],
    [(json) => void delete json.transcript[1].hashes.stamp, /hashes of step 2 has no stamp/],
    [(json) => void (json.circuits.pass.zkey = 'ff'), /zkey of pass is not 32 bytes in hexadecimal/],
    [(json) => void (json.circuits.pass.constraints = 0.5), /constraints of pass is no whole number/],
    [(json) => void (json.transcript = {}), /transcript is no list/],
    [(json) => void json.transcript.shift(), /does not begin with the powers/],
    [(json) => void json.transcript.push(json.transcript[0]), /twice/],
    [(json) => void json.transcript.pop(), /does not end with its beacon/],
    [(json) => void (json.transcript[1].kind = 'blessing'), /step 2 is no powers, no contribution and no beacon/],
    [(json) => void (json.ptau = '0'.repeat(128)), /ptau is not the BLAKE2b/],
  ]
  for (const [change, message] of cases) {
    const json = JSON.parse(text)
    change(json)
    t.throws(() => parseSetUp(JSON.stringify(json)), { message })
  }
  t.throws(() => parseSetUp('soon'))
})

test('record: what it is worth counts people, not steps', async (t) => {
  const [published] = Object.values(publishedPowers)
  const powers = { kind: 'powers', blake2b: published }
  const by = (...names: string[]) => [
    powers,
    ...names.map((name) => ({ kind: 'contribution', name })),
    { kind: 'beacon', name: 'a block' },
  ]
  t.match(worthOf(by('Ada', 'Bob', 'Cyd')), {
    contributors: 3,
    isForgeable: false,
    text: 'set-up of 3 contributors, by its transcript: only all of them together could forge',
  })
  t.match(worthOf(by('Ada', 'ada ', 'A\u0301da', 'ADA.')), {
    contributors: 1,
    isForgeable: true,
    text: /one contributor/,
  })
  t.match(worthOf(by('Ada', 'Bob', 'bob')), { contributors: 2, isForgeable: false })
  const [, ...steps] = by('Ada', 'Bob')
  t.match(worthOf([{ ...powers, blake2b: 'ff' } as never, ...steps]), {
    contributors: 2,
    isForgeable: true,
    text: /whoever made those could forge/,
  })
})
