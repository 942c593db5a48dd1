/**
 * Leaks, planted: what daemons once did, done again beside or around the code of today. No program has a switch for one of
 * them; each is a wrapper of what a daemon is given, or something that it does besides.
 */
import { plainAmounts } from '../../protocol/wire.ts'
import { writeFileSync } from 'node:fs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { Gauge } from 'prom-client'
import { keyIn } from '../../node/ledger/store.ts'
import type { Wallet } from '../../node/keys/wallet.ts'
import { createCabinet } from '../../node/mailbox/cabinet.ts'
import { registrationOf } from '../../node/mailbox/pseudonym-service.ts'
import { accountOf } from '../../node/mailbox/signing.ts'
import type { Clock } from '../../node/seams.ts'
import { pathsOf } from '../../node/settings/home.ts'
import type { NetworkFile } from '../../node/settings/network-file.ts'
import type { Rules } from '../../protocol/rules.ts'
import { IdsRequest, shardOf, streamsOf } from '../../protocol/gossip.ts'
import type { Device } from './world.ts'

export type Plant = {
  /** What leaks, in a few words. */
  readonly leak: string
  /** In the names of the features by which it is found. */
  readonly shownBy: RegExp
  /** The wallet that a daemon signs with instead. */
  readonly wallet?: (wallet: Wallet, given: { readonly clock: Clock; readonly file: NetworkFile }) => Wallet
  /** Rules of a network in which it can be told at all. */
  readonly changes?: Pick<Rules, 'mailShards'>
  /** The shards that a daemon follows instead. */
  readonly shards?: (wallet: Wallet, file: NetworkFile) => () => readonly number[]
  /** What a daemon does besides, from its start on. */
  readonly begin?: (device: Device) => Promise<void> | void
}

/** Every so often, as often as a mailbox has its rounds. */
const roundMs = 2_000
/** How many promises a node once asked for in one request. */
const promisesAtOnce = 16

const isOwn = ({ wallet }: Device, account: Uint8Array): boolean => wallet.find(account) !== undefined

/** Expiry was the device's clock plus a constant: its offset is the same under all names. */
const clockInExpiry: Plant = {
  leak: 'expiry is the clock plus a constant',
  shownBy: /expiry/,
  wallet: (wallet, { clock, file }) => ({
    ...wallet,
    get own() {
      return wallet.own
    },
    signOp: (network, account, own, body) =>
      wallet.signOp(network, account, own, { ...body, expiry: BigInt(clock.now() + file.rules.expiryMaxMs / 2) }),
  }),
}

/** All pseudonyms that have funds were registered in one round of the first start. */
const registersAtOnce: Plant = {
  leak: 'registrations of all pseudonyms in one second',
  shownBy: /register/,
  async begin({ node, wallet }) {
    node.seams.clock.after(roundMs / 2, async () => {
      for (const own of wallet.own) {
        const account = await accountOf(node.replica, own.address)
        if (account?.signingKey) continue
        const { network, rules } = node.context
        const expiry = node.replica.head.sealed.header.time + BigInt(rules.expiryMaxMs / 2)
        const action = await registrationOf(wallet, own)
        await node.submit(
          wallet.signOp(network, account, own, {
            nonce: 0n,
            expiry,
            ...plainAmounts(rules, action),
            action,
          }),
        )
      }
    })
  },
}

/** A sender gossiped the lock keys of its own letters as soon as they were settled, whatever keepers did. */
const releasesOwnAtOnce: Plant = {
  leak: 'lock keys of one’s own released by oneself at once',
  shownBy: /lockKeys/,
  begin({ node, wallet }) {
    const { random, clock } = node.seams
    const cabinet = createCabinet({ store: node.store, key: wallet.mailboxKey, random })
    const release = async (): Promise<void> => {
      for await (const { id, folder, state, opId, height } of cabinet.closedLetters()) {
        if (folder !== 'sent' || state !== 'settled' || !opId || height === undefined) continue
        const parcel = (await cabinet.outgoing(opId))?.message
        if (!parcel || (await node.releases.lockKeyOf(id, height))) continue
        const keys = [{ message: id, lockKey: parcel.lockKey }]
        await node.relay.publishRelease({ TAG: 'lockKeys', data: { keys } })
      }
    }
    node.replica.onSettled(() => void clock.after(0, release))
    clock.every(roundMs, release)
  },
}

/** Promises for all own ops that wait were asked of every peer, in one request. */
const asksForAllPromises: Plant = {
  leak: 'promises for all own ops asked in one request',
  shownBy: /asked promises/,
  begin(device) {
    const { pending, seams, context } = device.node
    const { promises } = streamsOf(context.network)
    seams.clock.every(roundMs / 2, async () => {
      const own = pending.list().filter(({ op }) => isOwn(device, op.account))
      const ids = own.slice(0, promisesAtOnce).map(({ id }) => id)
      if (ids.length === 0) return
      for (const peer of seams.network.peers())
        await drained(seams.network.request(peer, promises, IdsRequest.encode({ ids }), { timeoutMs: 1_000 }))
    })
  },
}

async function drained(frames: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of frames);
  } catch {
    // It went.
  }
}

/** The shards of one’s own names were followed, and no other; where there are few of them, that says little. */
const followsOwnAlone: Plant = {
  leak: 'topics of the shards of one’s own names alone',
  shownBy: /at home/,
  changes: { mailShards: 16 },
  shards:
    (wallet, { rules }) =>
    () =>
      wallet.own.map(({ address }) => shardOf(address, rules.mailShards)),
}

/** Records of the mailbox were named by address and op id. */
const namesRecords: Plant = {
  leak: 'records of the mailbox named by address and op id',
  shownBy: /record in mailbox/,
  begin({ node, wallet }) {
    const { random, clock } = node.seams
    const cabinet = createCabinet({ store: node.store, key: wallet.mailboxKey, random })
    const drawer = Uint8Array.of(0)
    clock.every(roundMs * 10, async () => {
      for await (const { id, own } of cabinet.letters())
        await node.store.writeSoon([{ key: keyIn('mailbox', drawer, id, own), value: random(64) }])
    })
  },
}

/** Log lines at the default level named addresses. */
const logsAddresses: Plant = {
  leak: 'addresses in logs',
  shownBy: /a line/,
  begin({ node, wallet, say }) {
    node.seams.clock.after(roundMs, async () => {
      for (const { text } of wallet.own) say({ address: text, msg: 'looking after a pseudonym' })
    })
  },
}

/** The settings of a home named its addresses. */
const configuresAddresses: Plant = {
  leak: 'addresses in bmail.toml',
  shownBy: /bmail\.toml/,
  begin({ home, wallet }) {
    const addresses = wallet.own.map(({ text }) => JSON.stringify(text))
    writeFileSync(pathsOf(home).config, `pseudonyms = [${addresses}]\n`)
  },
}

/** Metrics told of each pseudonym. */
const countsAddresses: Plant = {
  leak: 'addresses in metrics',
  shownBy: /a metric: bmail_pseudonym/,
  begin({ wallet, metrics }) {
    const name = 'bmail_pseudonym'
    const gauge = new Gauge({ name, help: 'A pseudonym', labelNames: ['address'], registers: [metrics.registry] })
    for (const { address } of wallet.own) gauge.set({ address: bytesToHex(address) }, 1)
  },
}

/** Those that are planted together: by which of them an observer tells is seen by where they show. */
export const plantings: readonly (readonly Plant[])[] = [
  [clockInExpiry, registersAtOnce, logsAddresses],
  [releasesOwnAtOnce, configuresAddresses, countsAddresses],
  [asksForAllPromises, namesRecords],
  [followsOwnAlone],
]

/** All of them by a short name. */
export const plants = {
  clockInExpiry,
  registersAtOnce,
  releasesOwnAtOnce,
  asksForAllPromises,
  followsOwnAlone,
  namesRecords,
  logsAddresses,
  configuresAddresses,
  countsAddresses,
} as const satisfies { readonly [name: string]: Plant }
