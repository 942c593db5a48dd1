/** Peers that are as far as anybody, and answer a relay that comes back with a log that is false, foreign, or has no end. */
import type { Libp2pNetwork } from '../../node/network/libp2p.ts'
import type { SealedHeader } from '../../protocol/batch.ts'
import { Batch, Hello, IdsRequest, Stored } from '../../protocol/gossip.ts'
import type { Attack } from './attack.ts'
import { headOf, type Mallory, random } from './mallory.ts'
import { needed, pause } from './measure.ts'

const pieceBytes = 512 * 1024

export const falseLog: Attack = {
  name: 'false-log',
  what: 'three peers answer a relay that was away with a log that is false, foreign, or endless',
  victim: 'relay3',
  async strike(mallory) {
    const watcher = await mallory.peer(['relay1'])
    const known = { head: await headOf(watcher, mallory) }
    for (const kind of Object.keys(logs) as Kind[])
      await mallory.peer(['relay3'], (own) => lie(own, { mallory, kind, known }))
    await mallory.begin()
    await mallory.keepAt(1, async () => {
      known.head = await headOf(watcher, mallory).catch(() => known.head)
    })
    await pause(mallory.seconds * 1_000)
  },
  async meanwhile(stage, { seconds }) {
    const relay = stage.daemon('relay3')
    await relay.stop()
    await pause(seconds * 500)
    await relay.start()
    await needed('the relay that was away is where the others are', 120_000, async () => {
      const [own, other] = await Promise.all([relay.api.status(), stage.daemon('relay2').api.status()])
      return BigInt(own.height) + 10n >= BigInt(other.height)
    })
  },
}

type Kind = keyof typeof logs
type Known = { head: SealedHeader }

/** What each of them says the log is, in frames. */
const logs = {
  /** The last header that the host signed, and operations that are not its own. */
  *false({ head }: Known) {
    const ops = Array.from({ length: head.header.opCount }, () => random(200))
    yield last(Batch.encode({ sealed: head, ops }))
  },
  /** Batches of another network, whose host signed them. */
  *foreign({ head }: Known) {
    for (let at = 0n; at < 500n; at++) {
      const header = { ...head.header, network: random(32), height: head.header.height + at }
      yield last(Batch.encode({ sealed: { header, signature: random(64).fill(1, 0, 1).fill(1, 32, 33) }, ops: [] }))
    }
  },
  /** One batch that never ends. */
  *endless() {
    while (true) yield Buffer.concat([Uint8Array.of(0), random(pieceBytes)])
  },
}

const last = (bytes: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(1), bytes])

function lie(
  own: Libp2pNetwork,
  { mallory, kind, known }: { readonly mallory: Mallory; readonly kind: Kind; readonly known: Known },
): void {
  const { streams, id } = mallory
  own.serve(streams.hello, async function* () {
    yield Hello.encode({ network: id, head: known.head, time: BigInt(Date.now()) })
  })
  own.serve(streams.log, async function* () {
    yield* logs[kind](known)
  })
  // What waits at her, and what was sealed and opened, has no end either.
  const ids = () => Array.from({ length: 1024 }, () => random(32))
  own.serve(streams.waiting, async function* () {
    while (true) yield IdsRequest.encode({ ids: ids() })
  })
  own.serve(streams.shard, async function* () {
    while (true) yield Stored.encode({ message: random(32), envelope: random(100_000) })
  })
}
