/** What every daemon can be asked, a relay too; what only a person's can is refused with a sentence. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { headerHash } from '../../protocol/batch.ts'
import { metaKey, metaOf, supplyKey, supplyOf } from '../../protocol/state.ts'
import { databaseFrames } from './backup.ts'
import { examine } from './doctor.ts'
import { passFeeView } from '../identity/passes.ts'
import { idOf, type NetworkFile, networkJson } from '../settings/network-file.ts'
import type { Node } from '../peers/node.ts'
import { routes } from '../api/routes.ts'
import { type Event, type Finding, Refusal, type Service } from '../service.ts'
import { isReady, type Trouble } from '../troubles.ts'
import type { Troubles } from './troubles.ts'

/** What no mailbox is needed for. */
type Own = Pick<Service, 'status' | 'network' | 'confirmClock' | 'doctor' | 'backup' | 'subscribe'>

/** Every question, refused: what a relay says to those that are a mailbox's. */
const refusing = Object.fromEntries(
  Object.keys(routes).map((name) => [
    name,
    async (): Promise<never> => {
      throw new Refusal(
        'not-personal',
        'This daemon is a relay and holds no mailbox. Ask a personal daemon, or make one with `bmail init`.',
      )
    },
  ]),
) as unknown as Omit<Service, keyof Own>

type Options = {
  readonly node: Node
  readonly file: NetworkFile
  readonly role: 'relay' | 'personal'
  readonly version: string
  readonly addresses: () => readonly string[]
  readonly troubles: Pick<Troubles, 'current' | 'onChange'>
}

/** The service of a relay, and the way to tell its listeners something. */
export function createService({ node, file, role, version, addresses, troubles }: Options): {
  service: Service
  emit: (event: Event) => void
} {
  const listeners = new Set<(event: Event) => void>()
  const emit = (event: Event): void => {
    for (const listener of listeners) listener(event)
  }
  const { replica, store, seams } = node
  const id = idOf(file)
  troubles.onChange((trouble, state) => emit({ type: 'trouble', state, trouble }))
  replica.onHalted((why) => emit({ type: 'halted', why }))
  replica.onSettled(({ header, ops }) => {
    emit({ type: 'batch', height: String(header.height), stateRoot: bytesToHex(header.stateRoot), ops: ops.length })
  })

  const own: Own = {
    async status() {
      const { header } = replica.head.sealed
      return {
        role,
        version,
        network: { id, name: file.rules.name, coin: file.rules.coin },
        peerId: seams.network.self,
        addresses: addresses(),
        peers: seams.network.peers(),
        height: String(header.height),
        time: Number(header.time),
        epoch: header.epoch,
        stateRoot: bytesToHex(header.stateRoot),
        headHash: bytesToHex(replica.head.hash),
        synced: node.synced(),
        halted: replica.halted ?? null,
        hosting: node.host !== undefined,
        keeper: node.keeperIndex,
        pendingOps: node.pending.size,
        envelopes: node.envelopes.count,
        uncollected: node.uncollected(),
        ready: isReady(troubles.current()),
        troubles: troubles.current(),
      }
    },
    async network() {
      const view = await replica.view([
        { table: 'supply', key: supplyKey },
        { table: 'meta', key: metaKey },
      ])
      const supply = supplyOf(view)
      const evidence = await store.evidence()
      return {
        id,
        coin: file.rules.coin,
        file: networkJson(file),
        evidence: evidence.map(({ first, second }) => ({
          height: String(second.header.height),
          first: bytesToHex(headerHash(first.header)),
          second: bytesToHex(headerHash(second.header)),
        })),
        minted: String(supply.minted),
        burned: String(supply.burned),
        passFee: passFeeView(file.rules, metaOf(view)),
        stamps: file.rules.identity.stamps.map((denomination) => ({
          denomination: String(denomination),
          sold: node.sales.of(denomination),
        })),
      }
    },
    async confirmClock({ lost = false }) {
      if (!node.host)
        throw new Refusal('not-found', 'This daemon is not the host of its network, so nothing waits for its clock.')
      if (lost) await replica.giveUpLost()
      node.host.confirmClock()
      return { time: seams.clock.now() }
    },
    async doctor() {
      const { context, genesis } = node
      const { clock, proofs } = seams
      const keepsAll = role === 'relay' || node.host !== undefined || node.keeperIndex !== null
      const patient = { store, context, genesis, clock, proofs, keepsAll, progress: () => undefined }
      const { findings } = await replica.quietly(() => examine(patient))
      return [...findingsOf(troubles.current()), ...findings]
    },
    backup: async () => databaseFrames({ disk: seams.disk, network: id }),
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  return { service: { ...refusing, ...own }, emit }
}

/** What is wrong with the daemon itself. What only has to be waited for is no fault. */
function findingsOf(troubles: readonly Trouble[]): Finding[] {
  if (troubles.length === 0) return [{ check: 'troubles', ok: true, detail: 'there are none', mendable: false }]
  return troubles.map(({ name, severity, sentence }) => ({
    check: name,
    ok: severity === 'waits',
    detail: sentence,
    mendable: false,
  }))
}
