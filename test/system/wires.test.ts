// Slow: daemons in processes, one of them of another version of the wire.
/** A daemon whose peers speak another version of the wire says so, and what to do; it does not wait for them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { wireVersion } from '../../protocol/version.ts'
import { bmail } from '../kit/command.ts'
import { copyOfProgram } from '../kit/copied-program.ts'
import { createProcesses, type Daemon } from '../kit/processes.ts'
import { hasTrouble, isOver, withMetrics } from '../kit/troubles.ts'

/** This program, but with another version of the wire: the path of its `bmail.js`. */
function programOf(t: Test, version: number): string {
  const copy = copyOfProgram(t)
  const path = join(copy, 'protocol/version.ts')
  const [before, line] = [readFileSync(path, 'utf8'), `export const wireVersion = ${wireVersion}\n`]
  if (!before.includes(line)) throw new Error('protocol/version.ts has the version somewhere else')
  writeFileSync(path, before.replace(line, `export const wireVersion = ${version}\n`))
  return join(copy, 'cli/bmail.js')
}

for (const [version, advice] of [
  [wireVersion + 1, /It is older than the network: install the bmail that the network runs/],
  [wireVersion - 1, /It is newer than they are: ask whoever runs them to install a bmail of this version/],
] as const)
  test(`a fresh home at a relay of wire ${version} says which wire each speaks, and what to do`, async (t) => {
    const network = await createProcesses(t, {
      people: ['alice'],
      relays: 2,
      keepers: ['relay1'],
      threshold: 1,
      funds: 1_000_000n,
      settings: withMetrics,
      programs: { relay1: programOf(t, version) },
    })
    const [host, relay, alice] = ['relay1', 'relay2', 'alice'].map(network.daemon) as [Daemon, Daemon, Daemon]
    await host.start()
    await alice.start()
    const said = `^This program speaks version ${wireVersion} of the wire, and the one peer that is connected speaks version ${version}, `
    await hasTrouble(t, alice, 'other-wire', new RegExp(`${said}.*${advice.source}`))
    const names = (await alice.api.status()).troubles.map(({ name }) => name)
    t.notOk(names.includes('catching-up'), 'it catches up with nobody')
    const { stdout } = await bmail(['up', '--timeout', '1'], { home: alice.home })
    t.match(stdout, /^other-wire /m, 'as `bmail up` says')
    t.notOk(
      (await host.api.status()).troubles.some(({ name }) => name === 'other-wire'),
      'a host needs no peers',
    )

    await relay.start()
    await isOver(alice, 'other-wire')
    t.pass('one that speaks as it does is enough')
  })
