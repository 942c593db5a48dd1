/** A whole network in folders: a home for each daemon, ready to start. For demos, tests, benchmarks and containers. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressOf } from '../../protocol/address.ts'
import { hexToBytes } from '@noble/hashes/utils.js'
import type { Rules } from '../../protocol/rules.ts'
import { writeConfig } from '../settings/config.ts'
import { phraseOf, signingPrivateKey } from '../keys/derive.ts'
import { pathsOf } from '../settings/home.ts'
import { createKeystore, defaultKdf, type Kdf, sealKeystore, writeKeystore } from '../keys/keystore.ts'
import { foundNetwork } from '../settings/founding.ts'
import { formatNetworkFile, type NetworkFile } from '../settings/network-file.ts'
import { importSetUp } from '../proofs/set-up-files.ts'
import { peerIdOf } from './peer-id.ts'
import { type SecretName, writeSecret } from './secrets.ts'
import { keeperKeyPairFromSeed } from '../seal/share.ts'
import type { Random } from '../seams.ts'
import { systemRandom } from '../system-random.ts'
import { signingKeyOf } from '../keys/sign.ts'

/** One daemon of a testnet: what it is called, and where others reach it (relays only). */
type Place = {
  readonly name: string
  readonly role: 'relay' | 'personal'
  readonly listen?: string
  readonly reach?: string
}

export type TestnetPlan = {
  /** The folder that is filled; a folder a daemon, by name. */
  readonly folder: string
  /** The first relay is the host. */
  readonly places: readonly Place[]
  /** Who keeps locks, by name, and how many of them open one together. */
  readonly keepers: readonly string[]
  readonly threshold: number
  /** What each pseudonym holds when the network begins. */
  readonly funds: bigint
  /** Labels of the pseudonyms of a person, by name; others have one. */
  readonly pseudonyms?: Readonly<Record<string, readonly string[]>>
  /**
   * Whose first pseudonym gets the operators' share, by name; the first person's, where nobody is named. It stands in
   * every letter, also in those under its owner's other pseudonyms.
   */
  readonly payee?: string
  readonly preset?: string
  readonly changes?: Partial<Rules>
  /** The folder of a set-up of the proofs: the host gets a copy, from which the others fetch it. Else the program's own. */
  readonly setUp?: string
  readonly kdf?: Kdf
  /** Settings that every daemon gets. */
  readonly settings?: {
    readonly apiListen?: string
    readonly metricsListen?: string
    readonly logLevel?: 'info' | 'debug' | 'warn'
    readonly giveBack?: 'valued' | 'answered' | 'never'
  }
}

/** A person of a testnet, with everything that a test may want to know of them. */
type TestPerson = {
  readonly name: string
  readonly home: string
  /** Of the first pseudonym, and of all of them. */
  readonly address: Uint8Array
  readonly addresses: readonly Uint8Array[]
  readonly phrase: string
  readonly passphrase: string
}

export type Testnet = {
  readonly file: NetworkFile
  readonly homes: ReadonlyMap<string, string>
  readonly people: readonly TestPerson[]
}

/** Fill a folder with a network. Throws where it cannot be written, or where the rules could not be lived by. */
export async function createTestnet(plan: TestnetPlan): Promise<Testnet> {
  const random = systemRandom
  const salt = random(32)
  const homes = new Map(plan.places.map(({ name }) => [name, join(plan.folder, name)]))
  for (const home of homes.values()) mkdirSync(home, { recursive: true, mode: 0o700 })
  const secret: MakeSecret = (name, kind) => {
    const bytes = random(32)
    writeSecret(homes.get(name)!, kind, bytes)
    return bytes
  }
  const peerIds = new Map<string, string>()
  for (const { name } of plan.places) peerIds.set(name, await peerIdOf(secret(name, 'peer')))
  const people: TestPerson[] = []
  for (const { name } of plan.places.filter(({ role }) => role === 'personal'))
    people.push(await createPerson(plan, { name, home: homes.get(name)!, salt, random }))
  const host = homes.get(relaysOf(plan)[0]!.name)!
  const setUp = plan.setUp && (await importSetUp({ from: plan.setUp, setUps: pathsOf(host).setUps })).id
  const file = foundedBy(plan, { salt, people, secret, ...(setUp && { setUp: hexToBytes(setUp) }) })
  for (const place of plan.places) writeHome(plan, { place, home: homes.get(place.name)!, file, peerIds })
  return { file, homes, people }
}

/** Makes a secret of the daemon with a name, and puts it into its home. */
type MakeSecret = (name: string, kind: SecretName) => Uint8Array

const relaysOf = ({ places }: Pick<TestnetPlan, 'places'>): Place[] => places.filter(({ role }) => role === 'relay')

/** Make a person: a keystore, with its passphrase in a file beside it. */
async function createPerson(
  { pseudonyms: labels, kdf = defaultKdf }: Pick<TestnetPlan, 'pseudonyms' | 'kdf'>,
  { name, home, salt, random }: { name: string; home: string; salt: Uint8Array; random: Random },
): Promise<TestPerson> {
  const passphrase = Buffer.from(random(12)).toString('base64url')
  const pseudonyms = (labels?.[name] ?? ['default']).map((label) => ({ label, generation: 0, retired: false }))
  const keystore = await createKeystore({ random, passphrase, realm: salt, kdf, pseudonyms })
  await writeKeystore(pathsOf(home).keystore, sealKeystore(random, keystore))
  writeFileSync(join(home, 'passphrase'), `${passphrase}\n`, { mode: 0o600 })
  const addresses = pseudonyms.map((_, pseudonym) =>
    addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym, generation: 0 }))),
  )
  return { name, home, address: addresses[0]!, addresses, phrase: phraseOf(keystore), passphrase }
}

/** Found the network: the first relay is its host, and everybody holds the same. */
function foundedBy(
  plan: TestnetPlan,
  {
    salt,
    people,
    secret,
    setUp,
  }: { salt: Uint8Array; people: readonly TestPerson[]; secret: MakeSecret; setUp?: Uint8Array },
): NetworkFile {
  const host = relaysOf(plan)[0]!
  const payee = people.find(({ name }) => plan.payee === undefined || name === plan.payee)!.address
  return foundNetwork({
    preset: plan.preset ?? 'testnet',
    name: 'testnet',
    hostKey: signingKeyOf(secret(host.name, 'host')),
    operators: [{ address: payee, weight: 1 }],
    keepers: {
      version: 1,
      threshold: plan.threshold,
      members: plan.keepers.map((name) => ({
        address: payee,
        weight: 0,
        lockKey: keeperKeyPairFromSeed(secret(name, 'keeperLock')).publicKey,
        signingKey: signingKeyOf(secret(name, 'keeperSigning')),
      })),
    },
    genesis: {
      time: BigInt(Date.now()),
      salt,
      grants: people.flatMap(({ addresses }) => addresses.map((address) => ({ address, amount: plan.funds }))),
    },
    ...(plan.changes && { changes: plan.changes }),
    ...(setUp && { setUp }),
  })
}

/** Write what a daemon needs besides its secrets: the network's file, and settings with every other relay as a peer. */
function writeHome(
  plan: Pick<TestnetPlan, 'places' | 'settings'>,
  {
    place,
    home,
    file,
    peerIds,
  }: { place: Place; home: string; file: NetworkFile; peerIds: ReadonlyMap<string, string> },
): void {
  const { name, role, listen } = place
  writeFileSync(pathsOf(home).network, formatNetworkFile(file))
  const others = relaysOf(plan).filter((relay) => relay.name !== name && relay.reach)
  writeConfig(home, {
    role,
    listen: listen ? [listen] : [],
    peers: others.map((relay) => `${relay.reach}/p2p/${peerIds.get(relay.name)}`),
    mdns: false,
    allowColocated: true,
    // A handful of people has nobody to hide among.
    hideAmong: 1,
    ...(role === 'personal' && { passphraseFile: 'passphrase' }),
    ...plan.settings,
  })
}

/** Relays and people on this machine, on ports that were free a moment ago. */
export async function localPlaces({ relays, people }: { relays: number; people: readonly string[] }): Promise<Place[]> {
  const places: Place[] = []
  for (let at = 1; at <= relays; at++) {
    const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`
    places.push({ name: `relay${at}`, role: 'relay', listen, reach: listen })
  }
  return [...places, ...people.map((name): Place => ({ name, role: 'personal' }))]
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
