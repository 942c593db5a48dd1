/**
 * Messages through three daemons on this machine: real processes, sockets and disks. One relay hosts the log, two
 * personal daemons dial it, all three are keepers, and two of them open a lock. Mail is sealed and signed beforehand,
 * handed in at one personal daemon, and counts as through when its lock is open at the other.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { openSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { parsePhrase, signingPrivateKey } from '../../node/keys/derive.ts'
import { seal, sealKeyPairFromSeed } from '../../node/seal/seal.ts'
import { sign } from '../../node/keys/sign.ts'
import { createTestnet, localPlaces, type Testnet } from '../../node/daemon/testnet.ts'
import { networkId } from '../../protocol/rules.ts'
import type { Action } from '../../protocol/operations.ts'
import { consentHash } from '../../protocol/registration.ts'
import { encodeSignedOp, opId, plainAmounts } from '../../protocol/wire.ts'
import { payingFor } from '../kit/paying.ts'
import { type Active, createActive, signLow } from './crowd.ts'
import type { Asked, Parcel, Seen } from './flow-daemon.ts'
import { digits, median, quantile, tell } from './measure.ts'
import type { Profiled } from './profile.ts'
import { bareVerifications, perSecondOf } from './yardstick.ts'

/** How long messages took, and how many came through. */
type Gentle = {
  readonly perSecond: number
  readonly messages: number
  /** From handing it in to the lock open at the reader's daemon. */
  readonly p50Ms: number
  readonly p95Ms: number
  /** Of that, until it was settled there. */
  readonly settledP50Ms: number
  readonly settledP95Ms: number
}

export type Flow = {
  readonly batchIntervalMs: number
  readonly saturated: {
    readonly messages: number
    readonly perSecond: number
    /** Messages a second over bare verifications a second of one core. */
    readonly ofVerify: number
    readonly opsPerBatch: number
    readonly cpuMsPerMessage: Readonly<Record<string, number>>
    /** The same, counted in verifications. */
    readonly verificationsPerMessage: Readonly<Record<string, number>>
  }
  readonly verifyPerSecond: number
  readonly gentle: readonly Gentle[]
  readonly sealMs: number
  readonly profiles: Readonly<Record<string, Profiled>>
}

const peopleCount = 200
const fundsEach = 20_000_000n

type Writer = Active & { readonly sealKey: Uint8Array }

export async function flow({ isQuick }: { isQuick: boolean }): Promise<Flow> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-bench-'))
  const daemons = new Map<string, Remote>()
  try {
    const testnet = await found(folder)
    for (const [name, home] of testnet.homes)
      daemons.set(name, await start(home, testnet.people.find((person) => person.name === name)?.passphrase))
    const [relay, ann, ben] = ['relay1', 'ann', 'ben'].map((name) => daemons.get(name)!) as [Remote, Remote, Remote]
    const writers = await register(testnet, ann)
    tell(`flow: ${writers.length} people are registered`)

    const rates = isQuick ? [10, 50] : [10, 25, 50]
    const seconds = isQuick ? 5 : 10
    const counts = { warmUp: 200, saturated: isQuick ? 600 : 2_000, profile: isQuick ? 300 : 1_000 }
    const sealed = createSealing(testnet, writers)
    const run = (parcels: Parcel[], pace: Pace, isProfiled = false) =>
      through({ relay, ann, ben }, parcels, pace, isProfiled)

    await run(await sealed.next(counts.warmUp), { window: 100 })
    const parcels = await sealed.next(counts.saturated)
    const yard = [await bareVerifications()]
    const flood = await run(parcels, { window: 1_000 })
    yard.push(await bareVerifications(), await bareVerifications())
    const verifyPerSecond = median(yard.map((spent) => perSecondOf(spent).cpu))
    const gentle: Gentle[] = []
    for (const perSecond of rates)
      gentle.push(gentleOf(perSecond, await run(await sealed.next(perSecond * seconds), { perSecond })))
    const profiled = await run(await sealed.next(counts.profile), { window: 1_000 }, true)
    return {
      batchIntervalMs: testnet.file.rules.batchIntervalMs,
      verifyPerSecond: Math.round(verifyPerSecond),
      saturated: saturatedOf(flood, verifyPerSecond),
      gentle,
      sealMs: sealed.eachMs(),
      profiles: Object.fromEntries(Object.entries(profiled).map(([name, seen]) => [name, seen.profile!])),
    }
  } finally {
    for (const daemon of daemons.values()) await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Pace = Extract<Asked, { do: 'submit' }>['pace']
type All = { readonly relay: Seen; readonly ann: Seen; readonly ben: Seen }

const found = async (folder: string): Promise<Testnet> =>
  createTestnet({
    folder,
    places: await localPlaces({ relays: 1, people: ['ann', 'ben'] }),
    keepers: ['relay1', 'ann', 'ben'],
    threshold: 2,
    funds: fundsEach * BigInt(peopleCount) * 2n,
    // Mail is signed before it is handed in, and must not expire meanwhile.
    changes: { expiryMaxMs: 3_600_000 },
    kdf: { memoryKib: 64, passes: 1, lanes: 1 },
    settings: { apiListen: '127.0.0.1:0', metricsListen: '', logLevel: 'info' },
  })

/** A daemon in its process, asked over its line. */
type Remote = Awaited<ReturnType<typeof start>>

async function start(home: string, passphrase: string | undefined) {
  const log = openSync(join(home, 'daemon.log'), 'a')
  const child: ChildProcess = fork(
    join(import.meta.dirname, 'flow-daemon.ts'),
    passphrase ? [home, passphrase] : [home],
    {
      stdio: ['ignore', log, log, 'ipc'],
      serialization: 'advanced',
    },
  )
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = []
  child.on('message', (told: { answered?: unknown; failed?: string }) => {
    const next = waiting.shift()
    if (told.failed) next?.reject(new Error(`A daemon of the benchmark failed: ${told.failed}`))
    else next?.resolve(told.answered)
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`A daemon of the benchmark ended with ${code}.`))
  })
  const answered = () => new Promise<unknown>((resolve, reject) => waiting.push({ resolve, reject }))
  const up = answered()
  const ask = async <T>(asked: Asked): Promise<T> => {
    child.send(asked)
    return (await answered()) as T
  }
  await up
  return {
    ask,
    async stop(): Promise<void> {
      if (!child.connected) return
      await ask({ do: 'stop' })
      await new Promise<void>((resolve) => {
        const killing = setTimeout(() => child.kill('SIGKILL'), 10_000)
        child.on('exit', () => {
          clearTimeout(killing)
          resolve()
        })
      })
    },
  }
}

/** Ask until it is so, for at most a minute and a half. */
async function until(what: string, ask: () => Promise<boolean>, limitMs = 90_000): Promise<void> {
  for (const end = Date.now() + limitMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50)))
    if (await ask()) return
  throw new Error(`The benchmark waited in vain: ${what}.`)
}

/** Have Ann sponsor everybody who will write. */
async function register({ file, people }: Testnet, ann: Remote): Promise<Writer[]> {
  const network = networkId(file.rules, file.genesis)
  const { address, phrase } = people[0]!
  const annKey = signingPrivateKey(
    { entropy: parsePhrase(phrase), realm: file.genesis.salt },
    { pseudonym: 0, generation: 0 },
  )
  const known = (of: Uint8Array) =>
    ann.ask<{ nonce: bigint; isRegistered: boolean } | undefined>({ do: 'nonce', address: of })
  await until('Ann is registered', async () => (await known(address))?.isRegistered === true)
  const { nonce } = (await known(address))!
  const writers: Writer[] = []
  for (const active of createActive(peopleCount))
    writers.push({ ...active, sealKey: (await sealKeyPairFromSeed(new Uint8Array(randomBytes(32)))).publicKey })
  const parcels = writers.map(({ key, signingKey, sealKey }, at): Parcel => {
    const consent = signLow(consentHash(network, { signingKey, sealKey }), key)
    const action: Action = {
      TAG: 'register',
      data: { signingKey, sealKey, sponsorship: { amount: fundsEach, consent } },
    }
    const expiry = BigInt(Date.now() + 600_000)
    const op = { account: address, nonce: nonce + BigInt(at), expiry, ...plainAmounts(file.rules, action), action }
    return {
      message: String(at),
      op: encodeSignedOp({ op, signature: sign(opId(network, op), annKey) }),
      envelope: undefined,
    }
  })
  await ann.ask({ do: 'load', parcels })
  await ann.ask({ do: 'submit', pace: { window: 1_000 } })
  const last = writers.at(-1)!.address
  await until('everybody is registered', async () => (await known(last))?.isRegistered === true)
  return writers
}

/** Seal and sign messages of about a kilobyte, from everybody in turn to somebody else. */
function createSealing({ file: { rules, genesis } }: Testnet, writers: readonly Writer[]) {
  const network = networkId(rules, genesis)
  const random = (length: number) => new Uint8Array(randomBytes(length))
  const nonces = writers.map(() => 0n)
  let count = 0
  let spentMs = 0

  async function parcel(): Promise<Parcel> {
    const from = count++ % writers.length
    const sender = writers[from]!
    const recipient = writers[(from + 1 + (count % (writers.length - 1))) % writers.length]!
    const content = Buffer.from(`Subject: ${count}\r\n\r\n${randomBytes(600).toString('base64')}\r\n`)
    const { sizeClassMax: maxSizeClass, keepers: keeperSet } = rules
    const sealed = await seal({ random, network, keeperSet, maxSizeClass, sender, recipients: [recipient], content })
    const { envelopeHash, sizeClass } = sealed
    const send = {
      recipients: [recipient.address],
      envelopeHash,
      sizeClass,
      lifetimeDays: 30,
      keeperSet: keeperSet.version,
    }
    const action: Action = { TAG: 'send', data: { ...send, epochKey: undefined, automatic: false } }
    const amounts = payingFor({ network, rules }, { sender: sender.address, send: action.data, each: 75_000n })
    const expiry = BigInt(Date.now() + rules.expiryMaxMs - 60_000)
    const op = { account: sender.address, nonce: nonces[from]!, expiry, ...amounts, action }
    nonces[from]!++
    const signature = signLow(opId(network, op), sender.key)
    return {
      message: bytesToHex(sealed.messageId),
      op: encodeSignedOp({ op, signature }),
      envelope: sealed.envelopeBytes,
    }
  }
  return {
    async next(amount: number): Promise<Parcel[]> {
      tell(`flow: sealing ${amount} messages`)
      const begun = performance.now()
      const parcels: Parcel[] = []
      while (parcels.length < amount) parcels.push(await parcel())
      spentMs += performance.now() - begun
      return parcels
    },
    eachMs: () => digits(spentMs / count),
  }
}

/** Hand in parcels, and wait until all are open at Ben's; says what each daemon saw. */
async function through(
  { relay, ann, ben }: { readonly relay: Remote; readonly ann: Remote; readonly ben: Remote },
  parcels: readonly Parcel[],
  pace: Pace,
  isProfiled: boolean,
): Promise<All> {
  await ann.ask({ do: 'load', parcels })
  for (const daemon of [relay, ann, ben]) await daemon.ask({ do: 'begin', isProfiled })
  await ann.ask({ do: 'submit', pace })
  let opened = -1
  let movedAt = Date.now()
  await until(
    'every message opens',
    async () => {
      const seen = await ben.ask<{ opened: number; settled: number }>({ do: 'seen' })
      if (seen.opened > opened) movedAt = Date.now()
      opened = seen.opened
      if (Date.now() - movedAt > 30_000)
        throw new Error(`Of ${parcels.length} messages ${seen.settled} settled and ${opened} opened, and no more come.`)
      return opened >= parcels.length
    },
    300_000,
  )
  const [atRelay, atAnn, atBen] = [
    await relay.ask<Seen>({ do: 'end' }),
    await ann.ask<Seen>({ do: 'end' }),
    await ben.ask<Seen>({ do: 'end' }),
  ]
  if (atAnn.refused.length > 0) throw new Error(`Ann's daemon refused mail of the benchmark: ${atAnn.refused[0]}`)
  tell(`flow: ${parcels.length} messages are through`)
  return { relay: atRelay, ann: atAnn, ben: atBen }
}

function gentleOf(perSecond: number, { ann, ben }: All): Gentle {
  const timesTo = (reached: ReadonlyMap<string, number>) =>
    [...ann.submitted].map(([message, at]) => reached.get(message)! - at)
  const [opened, settled] = [timesTo(ben.opened), timesTo(ben.settled)]
  return {
    perSecond,
    messages: opened.length,
    p50Ms: Math.round(quantile(opened, 0.5)),
    p95Ms: Math.round(quantile(opened, 0.95)),
    settledP50Ms: Math.round(quantile(settled, 0.5)),
    settledP95Ms: Math.round(quantile(settled, 0.95)),
  }
}

function saturatedOf(all: All, verifyPerSecond: number): Flow['saturated'] {
  const { ann, ben, relay } = all
  const messages = ben.opened.size
  const lastMs = Math.max(...ben.opened.values()) - Math.min(...ann.submitted.values())
  const perSecond = (messages / lastMs) * 1000
  const each = (unitMs: number) =>
    Object.fromEntries(Object.entries(all).map(([name, { cpuMs }]) => [name, digits(cpuMs / messages / unitMs)]))
  return {
    messages,
    perSecond: Math.round(perSecond),
    ofVerify: digits(perSecond / verifyPerSecond),
    opsPerBatch: Math.round(messages / relay.batches),
    cpuMsPerMessage: each(1),
    verificationsPerMessage: each(1000 / verifyPerSecond),
  }
}
