/** A bridge in this process before a mailbox in memory, with a clock that can be moved. */
import { Readable } from 'node:stream'
import type { Test } from 'tap'
import { startBridge } from '../../../node/bridge/bridge.ts'
import type { DaemonApi } from '../../../node/bridge/daemon-api.ts'
import { createDoorkeeper } from '../../../node/bridge/doorkeeper.ts'
import { systemClock } from '../../../node/daemon/system.ts'
import { systemRandom } from '../../../node/system-random.ts'
import type { Event, Summary } from '../../../node/service.ts'
import { createServiceFixture, received, type ServiceFixture } from '../../kit/service-fixture.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const anyPort = { host: '127.0.0.1', port: 0 }
const noLimits = { letter: null, day: null }

/** A home with a bridge that can be stopped and started again. `limits` are asked for each letter. */
export function bridgeHome(t: Test, service: ServiceFixture = createServiceFixture()) {
  const home = t.testdir({})
  const shift = { ms: 0, limits: noLimits as { letter: bigint | null; day: bigint | null } }
  // It stands still but for what a test moves it by, however slow the machine is.
  const clock = { ...systemClock, now: () => 1_800_000_000_000 + shift.ms }
  const doorkeeper = createDoorkeeper({ home, random: systemRandom })
  const password = doorkeeper.make('tester', clock.now())
  const api: DaemonApi = { ...service, events: async (signal) => eventsOf(service, signal) }
  const start = async () => {
    const bridge = await startBridge({
      ...{ home, api, smtp: anyPort, imap: anyPort, clock, random: systemRandom, logger: quiet },
      limits: () => shift.limits,
      undoMs: 60_000,
    })
    let isOpen = true
    const close = async () => {
      if (isOpen) await bridge.close()
      isOpen = false
    }
    t.teardown(close)
    return { ...bridge, close }
  }
  return { home, service, shift, clock, doorkeeper, password, api, start }
}

/** What a daemon tells its listeners, from now on. */
function eventsOf(service: ServiceFixture, signal: AbortSignal): AsyncIterable<Event> {
  const stream = new Readable({ objectMode: true, read() {} })
  const stop = service.subscribe((event) => stream.push(event))
  signal.addEventListener('abort', () => {
    stop()
    stream.push(null)
  })
  return stream
}

/** A letter that came, by its number. */
export const letterNumber = (number: number, more: Partial<Summary> = {}): Summary => ({
  ...received,
  id: String(number).padStart(64, '0'),
  state: 'released',
  verdict: null,
  ...more,
})

/** Bytes of a letter. */
export const rawLetter = (subject: string, ...fields: readonly string[]): Buffer =>
  Buffer.from([`Subject: ${subject}`, ...fields, '', 'Hello', ''].join('\r\n'))
