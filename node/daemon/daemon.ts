/** The daemon: a node over the real clock, the real network and a database on disk, with its API, metrics and logs. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pino from 'pino'
import { shardOf } from '../../protocol/gossip.ts'
import { type Api, createApi } from '../api/server.ts'
import type { Config } from '../settings/config.ts'
import { openDisk } from '../ledger/disk.ts'
import { homeFile } from '../settings/files.ts'
import { newToken, pathsOf, removeApiFile, writeApiFile } from '../settings/home.ts'
import { unlockKeystore } from '../keys/keystore.ts'
import { openLetterReader } from '../letter/reader.ts'
import { createNetwork } from '../network/libp2p.ts'
import { parseNetworkFile } from '../settings/network-file.ts'
import { createNode, type Node } from '../peers/node.ts'
import { createObserver, updateGauges } from './observer.ts'
import { createMailbox } from './mailbox.ts'
import { openProofs } from '../proofs/proofs.ts'
import type { Seams } from '../seams.ts'
import { ensureSecret, hostKeyOf, keeperKeysOf } from './secrets.ts'
import { createService } from './service.ts'
import { systemClock } from './system.ts'
import { createTelemetry } from './telemetry.ts'
import { openWallet } from '../keys/wallet.ts'

/** The version of this program, as package.json has it. */
export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

/** A running daemon; `node` is for a program that runs it inside itself, as the benchmark does. */
export type Daemon = {
  readonly apiPort: number
  readonly metricsPort: number | null
  readonly node: Node
  stop(): Promise<void>
}

/**
 * Start a daemon in its home. `passphrase` unlocks the keystore of a personal one. Throws an Error whose message says
 * what to do: no network file, a wrong passphrase, a port that is taken, a database that another daemon holds.
 */
export async function startDaemon({
  config,
  passphrase,
}: {
  config: Config
  passphrase: string | undefined
}): Promise<Daemon> {
  const { home, role } = config
  const paths = pathsOf(home)
  const logger = pino({ level: config.logLevel, base: { role } }, logLines())
  const random = (length: number) => new Uint8Array(randomBytes(length))
  const file = parseNetworkFile(
    homeFile(paths.network, 'It holds no network file. Run `bmail init --network FILE` first.'),
  )
  const keystore = role === 'personal' ? await unlock(paths.keystore, passphrase) : undefined
  const hostKey = hostKeyOf(home, file.rules)
  const keeper = keeperKeysOf(home, file.rules)
  const disk = await openDisk(home)
  const stops: (() => Promise<unknown> | unknown)[] = [() => disk.close()]
  const stop = async (): Promise<void> => {
    for (const next of stops.reverse()) await next()
    stops.length = 0
  }
  try {
    const wallet = keystore && (await openWallet({ keystore, path: paths.keystore, random }))
    const network = await createNetwork({
      seed: ensureSecret(home, 'peer', random),
      listen: config.listen,
      announce: config.announce,
      keep: config.peers,
      prefix: '/bmail',
      ...(config.mdns ? { mdnsService: '_bmail._udp.local' } : {}),
      colocated: config.allowColocated ? colocatedWith(config) : [],
      limits: config.allowColocated ? { inboundConnectionThreshold: 1_000 } : {},
      clock: systemClock,
      random,
      log: logger.child({ part: 'network' }),
    })
    stops.push(() => network.close())
    const telemetry = await createTelemetry({
      listen: config.metricsListen,
      version,
      clock: systemClock,
      ready: async () => readiness(),
    })
    stops.push(() => telemetry.close())
    const proofs = openProofs(file.rules)
    stops.push(() => proofs.close())
    const seams: Seams = { clock: systemClock, random, network, disk, proofs }
    const node = await createNode({
      seams,
      ...file,
      logger,
      ...(hostKey && { hostKey }),
      ...(keeper && { keeper }),
      shards: () =>
        wallet && !hostKey && !keeper
          ? wallet.own.map(({ address }) => shardOf(address, file.rules.mailShards))
          : 'all',
      own: () => wallet?.own.map(({ address }) => address) ?? [],
      isPersonal: wallet !== undefined,
      observer: createObserver(telemetry.metrics, logger),
    })
    stops.push(() => node.stop())
    const { service, emit } = createService({ node, file, role, version, addresses: () => network.addresses() })
    const mailbox =
      wallet &&
      (await createMailbox({
        node,
        wallet,
        logger: logger.child({ part: 'mailbox' }),
        reader: openLetterReader(),
        hideAmong: config.hideAmong,
        emit,
      }))
    if (mailbox) stops.push(() => mailbox.stop())
    let proofsReadiness: string | null = 'It is being found out whether this node can tell a proof from what is none.'
    proofs.check().then(
      () => {
        proofsReadiness = null
      },
      (error: Error) => {
        proofsReadiness = `This node cannot verify proofs: ${error.message}`
        logger.error({ err: error }, proofsReadiness)
      },
    )
    const readiness = (): string | null => {
      if (node.replica.halted) return node.replica.halted
      if (proofsReadiness) return proofsReadiness
      return node.synced() ? null : 'The node is catching up, or has found no peer yet.'
    }
    stops.push(systemClock.every(1_000, () => updateGauges(telemetry.metrics, node, proofs.stats)))
    const token = newToken()
    const api: Api = await createApi({
      service: mailbox ? { ...service, ...mailbox } : service,
      token,
      listen: config.apiListen,
      logger: logger.child({ part: 'api' }),
      clock: systemClock,
    })
    stops.push(() => api.close())
    writeApiFile(home, { host: config.apiListen.host, port: api.port, token, pid: process.pid })
    stops.push(() => removeApiFile(home, token))
    logger.info({ api: api.port, metrics: telemetry.port, addresses: network.addresses() }, 'the daemon is up')
    return { apiPort: api.port, metricsPort: telemetry.port, node, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Standard output. Where it cannot be written, on a full disk, lines are lost; the daemon must not be lost with them. */
function logLines() {
  const lines = pino.destination({ dest: 1, sync: true })
  lines.on('error', () => undefined)
  return lines
}

async function unlock(path: string, passphrase: string | undefined) {
  const bytes = new TextEncoder().encode(homeFile(path, 'It holds no keystore. Run `bmail init` first.'))
  if (passphrase === undefined)
    throw new Error(
      'A personal daemon needs the passphrase of its keystore. Give it by BMAIL_PASSPHRASE, --passphrase-file, or on the terminal.',
    )
  return unlockKeystore(bytes, passphrase)
}

/** Where peers may share an address: the loopback of a testnet, and the addresses that the peers were given by. */
function colocatedWith({ peers, listen }: Config): string[] {
  const hosts = [...peers, ...listen].flatMap((address) => /^\/ip[46]\/([^/]+)/.exec(address)?.[1] ?? [])
  return [...new Set(['127.0.0.1', '::1', ...hosts])]
}
