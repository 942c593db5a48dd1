/**
 * Who may import whom. The table of rooms stands in ARCHITECTURE.md, for people; this holds every import against it, and
 * the table against the folders.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'tap'
import { readSource } from './kit/source.ts'

const root = join(import.meta.dirname, '..')
const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')

/** Each room of `node`, and the rooms that it may import from; ground is the folder itself. */
const rooms: ReadonlyMap<string, readonly string[]> = new Map(
  [...map.matchAll(/^\| `node\/(?:(\w+)\/)?` \|[^|]*\|([^|]*)\|$/gm)].map(([, room = 'ground', allowed]) => [
    room,
    [...allowed!.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  ]),
)

/** An import from one room to another, by the files of `node` that it stands in and names. */
type Arrow = { readonly from: string; readonly to: string; readonly arrow: string }

const arrows: readonly Arrow[] = filesUnder('node').flatMap((path) =>
  importsOf(readFileSync(join(root, path), 'utf8')).flatMap((name) => {
    const target = relative(root, join(root, dirname(path), name))
    return target.startsWith('node/') && roomOf(target) !== roomOf(path)
      ? [{ from: roomOf(path), to: roomOf(target), arrow: `${path} → ${target}` }]
      : []
  }),
)

test('rooms: the map has every folder of node, and no other', async (t) => {
  const folders = new Set(filesUnder('node').map(roomOf))
  t.strictSame(new Set(rooms.keys()), folders)
  for (const [room, allowed] of rooms)
    for (const name of allowed) t.ok(rooms.has(name) && name !== room, `${room} → ${name}`)
})

test('rooms: nothing is imported from outside a room’s row', async (t) => {
  t.ok(arrows.length > 100, 'there is something to look at')
  const strays = arrows.filter(({ from, to }) => to !== 'ground' && !rooms.get(from)?.includes(to))
  t.strictSame(
    strays.map(({ arrow }) => arrow),
    [],
  )
  t.strictSame(
    arrows.filter(({ from }) => from === 'ground').map(({ arrow }) => arrow),
    [],
    'ground stands on nothing',
  )
})

test('rooms: the table has no circle, and no row that nobody needs', async (t) => {
  const above = (room: string, seen: readonly string[]): string[] =>
    seen.includes(room) ? [...seen, room] : (rooms.get(room) ?? []).flatMap((next) => above(next, [...seen, room]))
  for (const room of rooms.keys()) t.strictSame(above(room, []), [], `${room} does not come back to itself`)
  for (const [room, allowed] of rooms)
    for (const name of allowed)
      t.ok(
        arrows.some(({ from, to }) => from === room && to === name),
        `${room} uses ${name}`,
      )
})

test('rooms: the map says what each room is for', async (t) => {
  for (const [, room, what] of map.matchAll(/^\| `node\/(\w+)\/` \| ([^|]*) \|/gm))
    t.ok(what!.trim().length > 20, `${room}: the map says it`)
})

/** The door's rows: what the command line calls them, and the files that they load. */
const doorPath = 'node/daemon/door.ts'
const door = readFileSync(join(root, doorPath), 'utf8')
const rows: ReadonlyMap<string, string> = new Map(
  [...door.matchAll(/^ {2}(\w+): \(\) => import\('(.+)'\),$/gm)].map(([, row, name]) => [
    row!,
    join(dirname(doorPath), name!),
  ]),
)
/** What nobody but its one command needs stands beside the door. */
const beside = { file: 'cli/simulate.ts', folder: 'node/simulation/' }

test('rooms: the command line takes from node what the door has, and types of that', async (t) => {
  const commands = filesUnder('cli').map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  const wrong = commands.flatMap(({ path, text }) =>
    importsOf(text)
      .map((name) => relative(root, join(root, dirname(path), name)))
      .filter((target) => target.startsWith('node/') && target !== doorPath)
      .filter((target) => !(path === beside.file && target.startsWith(beside.folder)))
      .filter((target) => {
        const name = relative(dirname(path), target)
        const typesOnly = new RegExp(`^import type \\{[^}]*\\} from '${name.replaceAll('.', '\\.')}'$`, 'm')
        const isShown =
          ['node/service.ts', 'node/priced.ts', 'node/sending.ts'].includes(target) ||
          [...rows.values()].includes(target)
        return !isShown || !typesOnly.test(text) || text.split(`'${name}'`).length > 2
      })
      .map((target) => `${path} → ${target}`),
  )
  t.strictSame(wrong, [])
  t.ok(rows.size > 10, 'the door has rows')
  t.strictSame(
    [...rows.keys()].filter((row) => !commands.some(({ text }) => text.includes(`door.${row}(`))),
    [],
    'each of which somebody needs',
  )
})

test('rooms: the door loads nothing by itself', async (t) => {
  t.strictSame(importsOf(door).length, rows.size, 'every import of it is a row')
  t.notMatch(door, /^import\b/m)
})

/** What a file brings in of ours, types included, and programs that it starts as threads or processes. */
function importsOf(text: string): string[] {
  return readSource(text).modules.filter((name) => /^\..*\.[jt]s$/.test(name))
}

function roomOf(path: string): string {
  const [, room, file] = path.split('/')
  return file === undefined ? 'ground' : room!
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
    .sort()
}
