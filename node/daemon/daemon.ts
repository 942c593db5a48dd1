/** The daemon: a node over the real clock, the real network and a database on disk, with its API, metrics and logs. */
import { bytesToHex } from '@noble/hashes/utils.js'
import pino from 'pino'
import { networkId } from '../../protocol/rules.ts'
import { createApi } from '../api/server.ts'
import { openWallet, type Wallet } from '../keys/wallet.ts'
import { damageOf } from '../ledger/damage.ts'
import { diskPath, openDisk } from '../ledger/disk.ts'
import { openLetterReader } from '../letter/reader.ts'
import { createFollowed } from '../peers/followed.ts'
import { createNode, type Node } from '../peers/node.ts'
import { folderOf } from '../proofs/artifacts.ts'
import { openProofs } from '../proofs/proofs.ts'
import { readSetUpFile } from '../proofs/set-up-files.ts'
import type { Disk, Random } from '../seams.ts'
import { type Config, dayLimitOf } from '../settings/config.ts'
import { guardHome, keepToOwner } from '../settings/modes.ts'
import { idOf } from '../settings/network-file.ts'
import { systemRandom } from '../system-random.ts'
import { newToken, pathsOf, removeApiFile, writeApiFile } from '../settings/home.ts'
import { watchAnnounced } from './announce-watch.ts'
import { watchClock } from './clock-watch.ts'
import { watchDisk } from './disk-watch.ts'
import { readHome } from './home-contents.ts'
import { keepNetworkFile } from './home-files.ts'
import { openNetwork } from './home-network.ts'
import { rememberHostKey } from './host-key.ts'
import { createLog } from './log.ts'
import { createMailbox } from './mailbox.ts'
import { migrate } from './migrations.ts'
import { createObserver, updateGauges } from './observer.ts'
import { watchProofs } from './proof-watch.ts'
import { ensureSecret } from './secrets.ts'
import { createService } from './service.ts'
import { ensureSetUp } from './set-up.ts'
import { systemClock } from './system.ts'
import { createTelemetry } from './telemetry.ts'
import { looksOf } from './trouble-looks.ts'
import { createTroubles } from './troubles.ts'
import { version } from './version.ts'

/** A running daemon; `node` is for a program that runs it inside itself, as the benchmark does. */
type Daemon = {
  readonly apiPort: number
  readonly metricsPort: number | null
  readonly node: Node
  stop(): Promise<void>
}

/** Have something stopped with the daemon. What was begun last is stopped first. */
type StopWith = (stop: () => Promise<unknown> | unknown) => void

/**
 * Start a daemon in its home. `passphrase` unlocks the keystore of a personal one. Throws an Error whose message says
 * what to do: a home that others can enter, no network file, a wrong passphrase, a port that is taken, a database that another daemon holds.
 */
export async function startDaemon({
  config,
  passphrase,
  signal = new AbortController().signal,
}: {
  config: Config
  passphrase: string | undefined
  /** Gives up a start that waits for the set-up of the proofs. */
  signal?: AbortSignal
}): Promise<Daemon> {
  const random = systemRandom
  guardHome(config.home)
  keepToOwner(diskPath(config.home))
  const contents = await readHome(config, passphrase)
  const spendPerDay = dayLimitOf(config, contents.file.rules.coin)
  const { logLevel: level, role } = config
  const logger = createLog({ level, role, network: idOf(contents.file) }, logLines())
  const disk = await openDisk(config.home)
  const stops: Parameters<StopWith>[0][] = [() => disk.close()]
  const stop = async (): Promise<void> => {
    for (const next of stops.reverse()) await next()
    stops.length = 0
  }
  try {
    const opened = await openNode({
      config,
      contents,
      disk,
      random,
      logger,
      signal,
      stopWith: (next) => stops.push(next),
    })
    const apiPort = await openApi({
      config,
      contents,
      spendPerDay,
      opened,
      logger,
      stopWith: (next) => stops.push(next),
    })
    const { node, network, metricsPort } = opened
    logger.info({ api: apiPort, metrics: metricsPort, addresses: network.addresses() }, 'the daemon is up')
    return { apiPort, metricsPort, node, stop }
  } catch (error) {
    await stop()
    throw damageOf(config.home, error)
  }
}

type Contents = Awaited<ReturnType<typeof readHome>>
type Opened = Awaited<ReturnType<typeof openNode>>

type Opening = {
  readonly config: Config
  readonly contents: Contents
  readonly disk: Disk
  readonly random: Random
  readonly logger: pino.Logger
  readonly signal: AbortSignal
  readonly stopWith: StopWith
}

/** Open the wallet of a personal daemon, the network, the metrics and the node. */
async function openNode({ config, contents, disk, random, logger, signal, stopWith }: Opening) {
  const { home } = config
  const { file, keystore, hostKey, keeper } = contents
  const wallet = keystore && (await openWallet({ keystore, path: pathsOf(home).keystore, random }))
  await migrate({ disk, mailboxKey: wallet?.mailboxKey, random }, { told: (sentence) => logger.info(sentence) })
  const seed = ensureSecret(home, 'peer', random)
  const network = await openNetwork(config, { seed, random, log: logger.child({ part: 'network' }) })
  stopWith(() => network.close())
  const diskWatch = watchDisk(disk, { home, clock: systemClock })
  const announceWatch = watchAnnounced({ announce: config.announce, clock: systemClock })
  stopWith(announceWatch.stop)
  let peersNow = (): number | undefined => undefined
  const { clockSkewMs } = file.rules
  const clockWatch = watchClock({ clock: systemClock, toleranceMs: clockSkewMs, peersNow: () => peersNow() })
  const troubles = createTroubles({ clock: systemClock, logger })
  const { metrics, ...telemetry } = await createTelemetry({
    listen: config.metricsListen,
    names: config.metricsNames,
    version,
    troubles: troubles.current,
  })
  stopWith(() => telemetry.close())
  const setUp = bytesToHex(file.rules.identity.setUp)
  const { setUps } = pathsOf(home)
  const id = networkId(file.rules, file.genesis)
  const fetching = { setUp, setUps, id, network, clock: systemClock, random, signal }
  await ensureSetUp({ ...fetching, logger: logger.child({ part: 'set-up' }) })
  const proofs = openProofs(file.rules, { setUps })
  stopWith(() => proofs.close())
  const own = (): Uint8Array[] => wallet?.own.map(({ address }) => address) ?? []
  const followed = wallet && createFollowed({ key: wallet.wayKey, shards: file.rules.mailShards, own })
  const node = await createNode({
    seams: { clock: systemClock, random, network, disk, proofs },
    ...file,
    logger,
    ...(hostKey && { hostKey }),
    ...(keeper && { keeper }),
    shards: followed && !hostKey && !keeper ? followed : () => 'all',
    own,
    ...(wallet && { wayKey: wallet.wayKey }),
    readSetUp: (name, from) => readSetUpFile(folderOf({ setUp, setUps }), name, from),
    observer: createObserver(metrics, logger, clockWatch),
  })
  stopWith(() => node.stop())
  // A host is held against its peers before it signs, and says so under names of its own.
  if (!node.host) peersNow = () => node.sync.clocks.median()?.now
  await keepNetworkFile(node.store, file)
  const { height } = node.replica.head.sealed.header
  const lost = await rememberHostKey(node.store, { home, isHost: hostKey !== undefined, height })
  if (lost !== undefined) logger.error({}, lost)
  clockWatch.heard(node.replica.head.sealed.header, 'told')
  stopWith(
    systemClock.every(1_000, () => updateGauges(metrics, { node, proofs: proofs.stats, troubles: troubles.current() })),
  )
  const watches = { announceWatch, clockWatch, diskWatch, proofWatch: watchProofs(proofs) }
  return { node, network, wallet, troubles, watches, metricsPort: telemetry.port }
}

/** Open a person's mailbox, and the API over it; returns the port. */
async function openApi({
  config,
  contents: { file },
  spendPerDay,
  opened: { node, network, wallet, troubles, watches },
  logger,
  stopWith,
}: Pick<Opening, 'config' | 'contents' | 'logger' | 'stopWith'> & {
  readonly spendPerDay: bigint | null
  readonly opened: Opened
}): Promise<number> {
  const { home, role, apiListen, hideAmong, giveBack, askBefore } = config
  const { service, emit } = createService({ node, file, role, version, troubles, addresses: () => network.addresses() })
  const mailboxOf = (own: Wallet) =>
    createMailbox({
      node,
      wallet: own,
      logger: logger.child({ part: 'mailbox' }),
      reader: openLetterReader(),
      hideAmong,
      spendPerDay,
      giveBack,
      askBefore,
      emit,
      clockFault: watches.clockWatch.fault,
    })
  const mailbox = wallet && (await mailboxOf(wallet))
  if (mailbox) stopWith(() => mailbox.stop())
  stopWith(troubles.watch(looksOf({ ...watches, node, network, named: config.peers.length, wallet, mailbox })))
  const token = newToken()
  const api = await createApi({
    service: mailbox
      ? { ...service, ...mailbox, doctor: async () => [...(await service.doctor()), await mailbox.examine()] }
      : service,
    token,
    listen: apiListen,
    logger: logger.child({ part: 'api' }),
    clock: systemClock,
  })
  stopWith(() => api.close())
  writeApiFile(home, { host: apiListen.host, port: api.port, token, pid: process.pid })
  stopWith(() => removeApiFile(home, token))
  return api.port
}

/** Standard output. Where it cannot be written, on a full disk, lines are lost; the daemon must not be lost with them. */
function logLines() {
  const lines = pino.destination({ dest: 1, sync: true })
  lines.on('error', () => undefined)
  return lines
}
