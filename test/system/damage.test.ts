// Slow: it runs daemons, and mends their homes some dozens of times.
/** Damage to what daemons keep: told, mended or made anew, by the commands that people have; and nothing is lost. */
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { diskPath, whileHeld } from '../../node/ledger/disk.ts'
import { pathsOf } from '../../node/settings/home.ts'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { bmail } from '../kit/command.ts'
import { createTrial, lived, type Place, placesIn, roles } from '../kit/flips.ts'
import { audit } from '../kit/kills.ts'
import { until } from '../kit/patience.ts'
import { readable } from '../kit/processes.ts'

const letters = 6

/** Overwrite as much as a disk loses at one time. */
function spoil(path: string, at: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, new Uint8Array(Math.min(4096, statSync(path).size - at)).fill(0xa5), 0, undefined, at)
  closeSync(file)
}

const files = (home: string, kind: RegExp): string[] =>
  readdirSync(diskPath(home))
    .filter((name) => kind.test(name))
    .map((name) => join(diskPath(home), name))

const largest = (paths: readonly string[]): string => [...paths].sort((a, b) => statSync(b).size - statSync(a).size)[0]!

test('damage in every kind of file of every role', async (t) => {
  const network = await lived(t, { letters })
  const daemonOf = (role: keyof typeof roles) => network.daemon(roles[role])

  await t.test('a byte turned: a place of each kind of file, of one role or another', async (t) => {
    const random = seededRandom(Uint8Array.of(1), 'flips')
    const trial = createTrial(network, { random })
    const byKind = Map.groupBy(placesIn(network), ({ file }: Place) => file.replace(/\d+/g, 'N'))
    t.ok(byKind.size > 8, `${byKind.size} kinds`)
    for (const [kind, places] of byKind) {
      const place = places[random(1)[0]! % places.length]!
      const came = await trial(place, join(network.folder, 'trial'))
      const isNoted = !/LOG|bmail.toml|passphrase/.test(kind)
      t.ok(!isNoted || came === 'mended', `${kind}, block ${place.block}: ${came}`)
    }
  })

  const doctor = async (role: keyof typeof roles, ...options: string[]) => {
    const { code, stdout, stderr } = await bmail(['doctor', '--json', ...options], { home: daemonOf(role).home })
    t.notMatch(stdout + stderr, /bug|Corruption/i, 'nothing raw')
    return { code, findings: JSON.parse(stdout) as { check: string; ok: boolean; detail: string; mendable: boolean }[] }
  }

  await t.test('what no checksum gives back is made anew, of the rest and by peers', async (t) => {
    const [host, relay, keeper, person] = (['host', 'relay', 'keeper', 'person'] as const).map(daemonOf)
    spoil(largest(files(host!.home, /\.ldb$/)), 4096)
    for (const path of files(relay!.home, /^(MANIFEST.*|CURRENT)$/)) rmSync(path)
    rmSync(largest(files(keeper!.home, /\.ldb$/)))
    spoil(largest(files(person!.home, /\.ldb$/)), 8192)
    for (const role of ['host', 'relay', 'keeper', 'person'] as const) {
      const looked = await doctor(role)
      t.equal(looked.code, 1, `${role}: --repair would mend it`)
      t.strictSame((await doctor(role)).findings, looked.findings, 'looking changes nothing')
      const repaired = await doctor(role, '--repair')
      t.equal(repaired.code, 0, `${role} is mended: ${JSON.stringify(repaired.findings.filter(({ ok }) => !ok))}`)
      t.ok(
        repaired.findings.some(({ detail }) => /kept as .*damaged-/.test(detail)),
        'and says where the old one is',
      )
      t.equal((await doctor(role)).code, 0, 'and stays so')
    }
  })

  await t.test('a daemon that cannot start says what is damaged, and what to do', async (t) => {
    const { home } = daemonOf('relay')
    const [manifest] = files(home, /^MANIFEST/)
    spoil(manifest!, 0)
    const up = await bmail(['up', '--json'], { home })
    t.equal(up.code, 1)
    t.match(up.stdout, /"code":"daemon-failed".*is damaged: .*bmail doctor --repair/)
    t.equal((await doctor('relay', '--repair')).code, 0)
  })

  await t.test('what is not ours to mend ends with 3, and says what to do', async (t) => {
    const { home } = daemonOf('person')
    const { keystore } = pathsOf(home)
    const right = readFileSync(keystore)
    writeFileSync(keystore, right.toString('latin1').replace(/[0-9a-f]{8}/g, 'feedbeef'))
    const { code, findings } = await doctor('person', '--repair')
    t.equal(code, 3)
    t.match(findings.find(({ ok }) => !ok)!.detail, /recovery phrase/)
    writeFileSync(keystore, right)
  })

  await t.test('then all of them go on, and nothing is lost', async (t) => {
    const names = [...Object.values(roles), 'bob']
    await network.start(...names)
    const [alice, bob] = [network.daemon('alice'), network.daemon('bob')]
    const letterCount = async ({ api }: typeof alice, folder: 'inbox' | 'sent'): Promise<number> =>
      (await api.messages({ folder })).filter(({ state }) => readable.includes(state)).length
    await until('every letter is there, the one that waited too', async () => {
      const counts = [await letterCount(bob, 'inbox'), await letterCount(alice, 'sent')]
      return counts.every((count) => count === letters + 1)
    })
    const { home } = daemonOf('relay')
    await t.rejects(
      whileHeld(home, async () => 'mended'),
      /Another process has the home/,
      'and nobody mends what one has',
    )
    const all = await audit(t, network, names.map(network.daemon))
    t.equal(all[0]!.settled.length, letters + 1)
    t.equal(await whileHeld(home, async () => 'mended'), 'mended')
  })
})
