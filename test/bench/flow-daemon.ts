/**
 * One daemon of the flow's benchmark, in a process of its own: everything that `bmail daemon` starts, and a line to the
 * benchmark besides, by which mail is handed in and times are told. `node flow-daemon.ts HOME [PASSPHRASE]`.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { loadConfig } from '../../node/settings/config.ts'
import { startDaemon } from '../../node/daemon/daemon.ts'
import { supplyKey, supplyOf } from '../../protocol/state.ts'
import { type Profiled, profiled } from './profile.ts'

/** A signed send with its envelope, and the id of the message. */
export type Parcel = { readonly message: string; readonly op: Uint8Array; readonly envelope: Uint8Array | undefined }

/** What the benchmark asks of a daemon; each question has one answer, in the order of asking. */
export type Asked =
  | { readonly do: 'nonce'; readonly address: Uint8Array }
  | { readonly do: 'load'; readonly parcels: readonly Parcel[] }
  /** Submit what was loaded: so many a second, or as many as are settled, with at most `window` on their way. */
  | { readonly do: 'submit'; readonly pace: { readonly perSecond: number } | { readonly window: number } }
  | { readonly do: 'begin'; readonly isProfiled: boolean }
  | { readonly do: 'end' }
  | { readonly do: 'seen' }
  | { readonly do: 'stop' }

/** What one daemon did between `begin` and `end`. Times are milliseconds since 1970, by message. */
export type Seen = {
  readonly submitted: ReadonlyMap<string, number>
  readonly settled: ReadonlyMap<string, number>
  readonly opened: ReadonlyMap<string, number>
  readonly refused: readonly string[]
  readonly cpuMs: number
  readonly batches: number
  readonly burned: bigint
  readonly profile: Profiled | undefined
}

const [home, passphrase] = process.argv.slice(2) as [string, string | undefined]
const daemon = await startDaemon({ config: await loadConfig({ home, env: {} }), passphrase })
const { node } = daemon
const now = () => performance.timeOrigin + performance.now()

let parcels: readonly Parcel[] = []
let seen = nothing()
let cpuBegun = process.cpuUsage()
let endProfile: (() => Promise<Profiled>) | undefined
let wake = () => {}

function nothing() {
  return {
    submitted: new Map<string, number>(),
    settled: new Map<string, number>(),
    opened: new Map<string, number>(),
    refused: [] as string[],
    batches: 0,
  }
}

node.replica.onSettled(({ applied }) => {
  const at = now()
  seen.batches++
  for (const result of applied)
    if (result.kind === 'settled' && result.sent) seen.settled.set(bytesToHex(result.sent.message), at)
  wake()
})
node.releases.onOpened((message) => void seen.opened.set(bytesToHex(message), now()))

/** Hand in what was loaded, in order. */
async function submit(pace: { readonly perSecond: number } | { readonly window: number }): Promise<void> {
  const begun = now()
  for (const [at, { message, op, envelope }] of parcels.entries()) {
    if ('perSecond' in pace) await until(begun + (at * 1000) / pace.perSecond)
    else while (seen.submitted.size - seen.settled.size >= pace.window) await settledMore()
    seen.submitted.set(message, now())
    const taken = await node.submit(op, envelope)
    if (!taken.ok) seen.refused.push(taken.reason)
    // Whoever submits over the API lets the daemon do other things in between; so does this loop.
    if (at % 8 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

const until = (time: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, time - now())))
const settledMore = () =>
  new Promise<void>((resolve) => {
    wake = resolve
  })

async function answer(asked: Asked): Promise<unknown> {
  switch (asked.do) {
    case 'nonce': {
      const view = await node.replica.view([{ table: 'accounts', key: asked.address }])
      const account = view.read('accounts', asked.address)
      return account && { nonce: account.nonce, isRegistered: account.signingKey !== undefined }
    }
    case 'load':
      parcels = asked.parcels
      return undefined
    case 'submit':
      // Answered at once: the benchmark looks at what is seen.
      submit(asked.pace).catch((error) => process.send!({ failed: String(error) }))
      return undefined
    case 'begin': {
      seen = nothing()
      cpuBegun = process.cpuUsage()
      if (!asked.isProfiled) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      const profile = profiled(() => promise, phases)
      endProfile = () => {
        resolve()
        return profile
      }
      return undefined
    }
    case 'end': {
      const { user, system } = process.cpuUsage(cpuBegun)
      const profile = await endProfile?.()
      endProfile = undefined
      const { burned } = supplyOf(await node.replica.view([{ table: 'supply', key: supplyKey }]))
      return { ...seen, burned, cpuMs: (user + system) / 1000, profile } satisfies Seen
    }
    case 'seen':
      return { submitted: seen.submitted.size, settled: seen.settled.size, opened: seen.opened.size }
    case 'stop':
      await daemon.stop()
      return undefined
  }
}

/** What a daemon does, by the functions that each thing begins with. */
const phases = {
  verify: ['verifySignature'],
  sign: ['sign'],
  ledger: ['produce', 'replay', 'conclude', 'choose', 'viewFor', 'opsRoot'],
  write: ['commit', 'writesOf', 'write', 'writeSoon'],
  doorway: ['readOp', 'takeMail', 'validateMail', 'decodeStrict'],
  pending: ['check', 'add', 'viewOfHead'],
  keeper: ['openShare', 'shareOf'],
  releases: ['takeShares', 'addShares', 'combineShares', 'open'],
  mailbox: ['scan', 'noteSent', 'round'],
  sync: ['greet', 'catchUpOnce', 'fetchWaiting', 'fetchEnvelopes', 'fetchReleases'],
  gossip: ['handleReceivedRpc', 'handleReceivedMessage', 'sendRpc', 'publish', 'heartbeat', 'messageId'],
  memory: ['(garbage collector)'],
}

let turn: Promise<unknown> = Promise.resolve()
process.on('message', (asked: Asked) => {
  turn = turn
    .then(() => answer(asked))
    .then(
      (answered) => process.send!({ answered }),
      (error) => process.send!({ failed: String(error?.stack ?? error) }),
    )
    .then(() => asked.do === 'stop' && process.disconnect())
})
process.send!({ answered: 'up' })
