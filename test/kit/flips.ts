/**
 * Homes of every role, with a byte turned anywhere in them: mended, and held against what they were. Nothing that was there
 * before may be another one after, and what is set aside is not lost either.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { lookAtFiles, repairHome } from '../../node/daemon/repair.ts'
import { DamageError } from '../../node/ledger/damage.ts'
import { diskPath, openDisk } from '../../node/ledger/disk.ts'
import { loadConfig } from '../../node/settings/config.ts'
import type { Random } from '../../node/seams.ts'
import { until } from './patience.ts'
import { agreed, base64Of, createProcesses, letterIn, type Processes, readable, registered } from './processes.ts'

/** Who has a home, by its name. Each is of another role. */
export const roles = { host: 'relay1', relay: 'relay2', keeper: 'relay3', person: 'alice' } as const
type Role = keyof typeof roles

/** What disks give and lose at one time. */
const blockBytes = 4096

/**
 * A network with a home of every role, in which everybody has something that nobody else has: the person contacts, letters,
 * and one that waits to be settled. All of them are down.
 */
export async function lived(t: Test, { letters }: { letters: number }): Promise<Processes> {
  const network = await createProcesses(t, {
    people: ['alice', 'bob'],
    relays: 3,
    keepers: ['relay3', 'bob'],
    threshold: 1,
    funds: 1_000_000_000n,
  })
  const names = ['relay1', 'relay2', 'relay3', 'alice', 'bob']
  const [host, relay, keeper, alice, bob] = names.map(network.daemon)
  await network.start(...names)
  await registered(alice!, bob!)
  const [to] = await bob!.api.pseudonyms()
  await alice!.api.setContact({ name: 'bob', address: to!.address })
  const write = async (subject: string) =>
    (
      await alice!.api.send({
        to: ['bob'],
        raw: base64Of(`Subject: ${subject}\r\n\r\nyes`),
        insist: true,
        refuseAbove: '2000000',
      })
    ).message.id
  for (let at = 0; at < letters; at++) {
    await letterIn(bob!, 'inbox', await write(`letter ${at}`), readable)
    if (at !== Math.floor(letters / 2)) continue
    // What was written before goes from the log into tables when a database is opened again.
    for (const name of names) await network.daemon(name).stop()
    await network.start(...names)
  }
  for (const { id } of (await bob!.api.messages({ folder: 'inbox' })).slice(0, letters / 2))
    await bob!.api.ack({ id, verdict: 'value' })
  await until('verdicts are settled', async () =>
    (await bob!.api.messages({ folder: 'inbox' })).some(({ state }) => state === 'acknowledged'),
  )
  await agreed(host!, relay!, keeper!, alice!, bob!)
  await host!.stop()
  await letterIn(alice!, 'sent', await write('it waits'), ['submitted'])
  for (const daemon of [relay!, keeper!, alice!, bob!]) await daemon.stop()
  return network
}

/** Where a byte is turned: a block of a file of a home. */
export type Place = { readonly role: Role; readonly file: string; readonly block: number }

/** Every block of every file of every role's home. */
export function placesIn(network: Processes): Place[] {
  return (Object.keys(roles) as Role[]).flatMap((role) => {
    const { home } = network.daemon(roles[role])
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(home, name)).isFile(),
    )
    return files.flatMap((file) =>
      Array.from({ length: Math.ceil(statSync(join(home, file)).size / blockBytes) }, (_, block) => ({
        role,
        file,
        block,
      })),
    )
  })
}

/** Everything that a database holds, in hex. */
async function contentOf(home: string): Promise<Map<string, string>> {
  const disk = await openDisk(home)
  try {
    const all = await disk.iterator().all()
    return new Map(all.map(([key, value]) => [hexOf(key), hexOf(value)]))
  } finally {
    await disk.close()
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** What came of a turned byte. */
type Came =
  /** It is in a file by which nothing is told: LevelDB's notes for people, or a place that holds nothing. */
  | 'idle'
  /** Everything is as it was. */
  | 'mended'
  /** A sentence says what is wrong and what to do; nobody else could know what stood there, and nothing else is lost. */
  | 'told'
  /** It is another setting now, as its owner might have written it. */
  | 'unknowable'

/** Homes as they were, to be held against what becomes of them. */
export function createTrial(network: Processes, { random }: { random: Random }) {
  const before = new Map<string, Map<string, string>>()

  /** What the home of a role holds when nothing is wrong. */
  async function contentBefore(role: Role, work: string): Promise<Map<string, string>> {
    const known = before.get(role)
    if (known) return known
    copyHome(role, work)
    const content = await contentOf(work)
    before.set(role, content)
    return content
  }

  function copyHome(role: Role, work: string): void {
    rmSync(work, { recursive: true, force: true })
    cpSync(network.daemon(roles[role]).home, work, { recursive: true })
  }

  /** Turn a byte in a copy of a home, and have it mended. Throws where something is lost, or the doctor dies. */
  return async ({ role, file, block }: Place, work: string): Promise<Came> => {
    const content = await contentBefore(role, work)
    copyHome(role, work)
    const path = join(work, file)
    const right = readFileSync(path)
    const turned = Buffer.from(right)
    const from = block * blockBytes
    const size = Math.min(blockBytes, right.length - from)
    const at = from + (Buffer.from(random(4)).readUInt32BE() % size)
    turned[at]! ^= 1 + (random(1)[0]! % 255)
    writeFileSync(path, turned)

    const told = () => undefined
    const looked = await repairHome({ home: work, how: 'look', told })
    if (file.startsWith('data/') && looked.some(({ ok }) => !ok)) await mustNotOpenSilently(work, content)
    const after = await repairHome({ home: work, how: 'mend', told })
    if (!file.startsWith('data/')) {
      const isBack = readFileSync(path).equals(right)
      const isWell = (await repairHome({ home: work, how: 'look', told })).every(({ ok }) => ok)
      // Whoever knows what stood there puts it back.
      if (!isBack) writeFileSync(path, right)
      same(content, await contentOf(work))
      if (isBack) return 'mended'
      if (!isWell || file === 'passphrase') return 'told'
      return (await isSettings(work, path, turned)) ? 'unknowable' : 'told'
    }
    const bad = after.filter(({ ok }) => !ok)
    if (bad.length > 0) throw new Error(`it is not mended: ${JSON.stringify(bad)}`)
    if (!(await lookAtFiles({ home: work, told })).files.ok) throw new Error('its files are not as they should be')
    same(content, await contentOf(work))
    const wasNoticed = looked.some(({ ok }) => !ok)
    if (wasNoticed) mustBeKept(work, basename(file), turned)
    if (wasNoticed !== after.some(({ detail }) => detail.startsWith('mended')))
      throw new Error('what it says is not what it does')
    return wasNoticed ? 'mended' : 'idle'
  }
}

/** A daemon that finds damage says so, or has everything all the same. */
async function mustNotOpenSilently(home: string, content: Map<string, string>): Promise<void> {
  const copy = `${home}.opened`
  rmSync(copy, { recursive: true, force: true })
  cpSync(home, copy, { recursive: true })
  try {
    same(content, await contentOf(copy))
  } catch (error) {
    const { code, name } = error as { code?: string; name: string }
    // What tables hold is looked at by the doctor, and by LevelDB where it reads it.
    if (name !== DamageError.name && code !== 'LEVEL_CORRUPTION' && name !== 'Other') throw error
  }
}

class Other extends Error {
  override name = 'Other'
}

function same(before: Map<string, string>, after: Map<string, string>): void {
  const gone = [...before].filter(([key, value]) => after.get(key) !== value).map(([key]) => key.slice(0, 12))
  const more = [...after.keys()].filter((key) => !before.has(key)).map((key) => key.slice(0, 12))
  if (gone.length + more.length > 0) throw new Other(`other or gone: ${gone.slice(0, 9)}; new: ${more.slice(0, 9)}`)
}

/** What was replaced lies beside it as it was. */
function mustBeKept(home: string, name: string, turned: Buffer): void {
  const aside = readdirSync(home).filter((other) => other.startsWith(`${basename(diskPath(home))}.damaged-`))
  if (
    !aside.some(
      (folder) => existsSync(join(home, folder, name)) && readFileSync(join(home, folder, name)).equals(turned),
    )
  )
    throw new Error(`what was replaced is not kept: ${readdirSync(home)}`)
}

/** Whether a changed file of settings is one that its owner might have written. */
async function isSettings(home: string, path: string, turned: Buffer): Promise<boolean> {
  writeFileSync(path, turned)
  return loadConfig({ home, env: {} }).then(
    () => true,
    () => false,
  )
}
