// Slow: daemons as processes.
/** Several `bmail up` at one moment in one home: one daemon, and each of them says how it is. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { bmail, upPatiently } from '../kit/command.ts'
import { createProcesses } from '../kit/processes.ts'

const codesOf = (all: readonly { readonly code: number | null }[]) => all.map(({ code }) => code)
const settings = { apiListen: '127.0.0.1:0' } as const

test('four up at once', async (t) => {
  const plan = { relays: 1, people: ['alice'], keepers: ['relay1'], threshold: 1, funds: 1_000_000n, settings }
  const { daemon } = await createProcesses(t, plan)
  const { home, api } = daemon('alice')
  await daemon('relay1').start()
  t.teardown(() => bmail(['down'], { home }))
  const fourTimes = (args: readonly string[], at: string) =>
    Promise.all(Array.from({ length: 4 }, () => bmail([...args, '--json'], { home: at })))
  type Up = { readonly started: boolean; readonly peerId: string; readonly role: string }

  const first = await fourTimes(upPatiently, home)
  t.same(codesOf(first), [0, 0, 0, 0], 'all of them succeed')
  const { peerId } = await api.status()
  const ups = first.map((ran): Up => ran.json())
  t.same(
    ups.map((up) => up.peerId),
    Array(4).fill(peerId),
    'and tell of one daemon',
  )
  t.equal(ups.filter(({ started }) => started).length, 1, 'which one of them started')
  const { pid } = readApiFile(home)!
  t.ok(process.kill(pid, 0))

  const again = await fourTimes(upPatiently, home)
  t.same(codesOf(again), [0, 0, 0, 0])
  t.ok(again.map((ran): Up => ran.json()).every(({ started, ...up }) => !started && up.peerId === peerId))
  t.equal(readApiFile(home)!.pid, pid, 'where one runs, it is that one')

  t.same((await bmail(['down'], { home })).code, 0)
  const late = await fourTimes(upPatiently, home)
  t.same(codesOf(late), [0, 0, 0, 0], 'also where the last one left its log and its note')
  const second = await bmail(['daemon', '--passphrase-file', join(home, 'passphrase'), '--json'], { home })
  t.equal(second.code, 4, 'a second daemon says by its exit code that the home is held')
  t.match(second.json(), { error: { code: 'home-held', sentence: /Another process has the home/ } })

  const none = join(home, 'none')
  const refused = await fourTimes(['up'], none)
  for (const ran of refused) {
    t.equal(ran.code, 1)
    t.match(ran.json(), { error: { code: 'no-home', sentence: /no b-mail home .*bmail init/ } })
  }
  t.notOk(existsSync(pathsOf(none).config), 'where there is no home, none is made')
})
