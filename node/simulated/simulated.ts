/**
 * A whole network in one process, from one seed: clock, randomness and transport for as many nodes as wanted.
 *
 * There is one queue of events: a message, a timer, a peer that came or went. Each event is awaited to its end before
 * the next is taken, and a request is run inline, inside the event that made it: so one seed gives one run, in every
 * detail. Two things are asked of a node in return. When an event is over, nothing that it began is still running. And
 * within an event a node does not wait for the clock, which stands still then: it schedules a task of its own, or the
 * validator of a message steps aside.
 */
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { createClock } from './clock.ts'
import type { Driver, Life, SimulatedEvent } from './driver.ts'
import { createEventQueue } from './event-queue.ts'
import type { Clock, Network, Random } from '../seams.ts'
import { seededRandom } from './seeded-random.ts'
import { createSimulatedNetworks, type NetworkShape } from './network.ts'

export interface SimulationOptions extends Partial<NetworkShape> {
  /** The time at the start, in milliseconds since 1970. */
  readonly startMs?: number
  /** Hears every event as one line. */
  readonly onEvent?: (line: string) => void
  /** An event that has not ended after this much real time is taken to wait for a later event, and fails the run. */
  readonly stuckAfterMs?: number
}

/** The seams of a simulated node; its disk is the caller's, who may keep it over a crash. */
export interface SimulatedSeams {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
}

export interface Simulation {
  now(): number
  /**
   * Bring a node to life under a name, which is its peer id. After a crash the same name may join again.
   * Its own clock is ahead of the others by `skewMs`.
   */
  join(name: string, options?: { skewMs?: number }): SimulatedSeams
  /** End a node at once: its timers and whatever is under way to it are gone, and its peers see it go. */
  crash(name: string): void
  /** Keep two sets of nodes apart; without `right`, the first set from everybody else. What is under way is lost. */
  cut(left: readonly string[], right?: readonly string[]): void
  /** Undo all cuts; connections come back after a delay each. */
  heal(): void
  /** Take events until the clock shows `untilMs`, and leave it there. Throws when an event throws. */
  run(options: { untilMs: number }): Promise<void>
  /** Take events until the predicate holds. Throws when it still does not after `limitMs` of simulated time. */
  runUntil(predicate: () => boolean | Promise<boolean>, options: { limitMs: number }): Promise<void>
  /** Hex SHA-256 chained over all events so far: equal for equal runs. */
  eventHash(): string
}

/** A simulation in which nobody has joined yet. Tests alone run one. */
export function createSimulation(seed: string | Uint8Array, options: SimulationOptions = {}): Simulation {
  const { onEvent, stuckAfterMs = 60_000 } = options
  const key = createHash('sha256').update(seed).digest()
  const random = seededRandom(key, 'driver')
  const queue = createEventQueue<SimulatedEvent>()
  const lives = new Map<string, Life>()
  let joined = 0
  let isRunning = false
  let nowMs = options.startMs ?? 1_700_000_000_000
  let chained = key

  const driver: Driver = {
    now: () => nowMs,
    draw: (least, most) => least + (new DataView(random(4).buffer).getUint32(0) % (most - least + 1)),
    schedule(delayMs, event) {
      assert(Number.isSafeInteger(delayMs) && delayMs >= 0, 'a delay is a whole number of milliseconds')
      queue.push(nowMs + delayMs, event)
    },
    record(line) {
      const dated = `${nowMs} ${line}`
      chained = createHash('sha256').update(chained).update(dated).digest()
      onEvent?.(dated)
    },
  }
  const networks = createSimulatedNetworks(driver, options)

  /** Take the next event, if it is due by `untilMs`. */
  async function step(untilMs: number): Promise<boolean> {
    assert(!isRunning, 'one run at a time, and none from inside an event')
    if ((queue.nextMs() ?? Number.POSITIVE_INFINITY) > untilMs) return false
    const { timeMs, item } = queue.pop()!
    nowMs = timeMs
    if (item.life?.hasEnded) return true
    isRunning = true
    try {
      await happen(item, { nowMs, stuckAfterMs })
    } finally {
      isRunning = false
    }
    return true
  }

  return {
    now: () => nowMs,
    join(name, { skewMs = 0 } = {}) {
      assert(!lives.has(name), `${name} is not alive when it joins`)
      const life = { name, hasEnded: false }
      lives.set(name, life)
      driver.record(`join ${name}`)
      const network = networks.join(life)
      return { clock: createClock(driver, { life, skewMs }), random: seededRandom(key, `${name} ${joined++}`), network }
    },
    crash(name) {
      const life = lives.get(name)
      assert(life, `${name} is alive when it crashes`)
      life.hasEnded = true
      lives.delete(name)
      driver.record(`crash ${name}`)
      networks.leave(life)
    },
    cut(left, right) {
      driver.record(`cut ${[...left].sort()} from ${right ? [...right].sort() : 'the rest'}`)
      networks.cut(left, right)
    },
    heal() {
      driver.record('heal')
      networks.heal()
    },
    async run({ untilMs }) {
      while (await step(untilMs)) {
        // All the work is in the step.
      }
      nowMs = Math.max(nowMs, untilMs)
    },
    async runUntil(predicate, { limitMs }) {
      const untilMs = nowMs + limitMs
      while (!(await predicate())) {
        if (await step(untilMs)) continue
        nowMs = untilMs
        throw new Error(`The simulation did not come to what was waited for within ${limitMs} ms of its own time.`)
      }
    },
    eventHash: () => chained.toString('hex'),
  }
}

/** Let an event happen, and wait for its end. Throws where it fails, or waits for what only a later event can bring. */
async function happen(
  { life, what, run }: SimulatedEvent,
  { nowMs, stuckAfterMs }: { readonly nowMs: number; readonly stuckAfterMs: number },
): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  // Real time, but it can only end a run that would otherwise never end.
  const stuck = () => reject(new Error('it waits for something only a later event can bring'))
  const timer = setTimeout(stuck, stuckAfterMs)
  try {
    await Promise.race([run(), promise])
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The simulation stopped at ${nowMs}: ${what} of ${life?.name ?? 'the driver'} failed: ${why}`, {
      cause,
    })
  } finally {
    clearTimeout(timer)
  }
}
