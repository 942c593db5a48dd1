// Slow: it plays days of whole daemons through.
/**
 * A home after days of use: a thief without the passphrase, and whoever reads its log and metrics, looks for every address,
 * label, message, operation, epoch key and secret of its owner in every byte, in every form that programs write bytes in.
 * What every node holds is left out of that: the ledger, and the letters of the shards that it follows, which have to be
 * all of them and no other. Each leak that is planted has to be found the same way.
 */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { identitySecret, mailboxKey, phraseOf, wayKey } from '../../../node/keys/derive.ts'
import { createFollowed } from '../../../node/peers/followed.ts'
import { createStore, keyIn, rangeOf, spaces } from '../../../node/ledger/store.ts'
import { createCabinet } from '../../../node/mailbox/cabinet.ts'
import { encodeAddress } from '../../../protocol/address.ts'
import { U64 } from '../../../protocol/codec.ts'
import { shardsOf } from '../../../protocol/gossip.ts'
import { live, type Lived } from '../../observers/days.ts'
import { knownFrom } from '../../observers/tokens.ts'
import { addressesIn } from '../../observers/world.ts'
import '../../kit/patience.ts'

/** What follows from the log alone, and so is the same at every node. */
const ledger = new Set<number>(
  (['state', 'leaf', 'batch', 'outcomes', 'op', 'head', 'sold', 'evidence', 'signed'] as const).map(
    (one) => spaces[one],
  ),
)
/** What is kept of letters, and where their ids stand in the names of records. */
const ofLetters = { envelope: 1, share: 1, keptUntil: 9, missing: 9, closed: 9, lockKey: 9, shard: 10 } as const

/** Everything that is a person's alone, each in every form that it could stand in. */
type Secrets = readonly { readonly what: string; readonly forms: readonly Buffer[] }[]

/** Bytes as they are, in hexadecimal, and in base64, whatever stands in front of them. */
function formsOf(bytes: Uint8Array): Buffer[] {
  const raw = Buffer.from(bytes)
  const coded = [0, 1, 2].flatMap((ahead) => {
    const text = Buffer.concat([Buffer.alloc(ahead), raw])
      .toString('base64')
      .replace(/=*$/, '')
    // The first characters have bits of what is in front, and the last ones bits of what follows.
    const [from, until] = [Math.ceil((ahead * 4) / 3), Math.floor(((ahead + raw.length) * 4) / 3)]
    const inside = text.slice(from, until)
    return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const texts = [raw.toString('hex').slice(0, 12), raw.toString('hex').slice(0, 12).toUpperCase(), ...coded]
  return [raw, ...texts.map((text) => Buffer.from(text))]
}

async function secretsOf(lived: Lived, name: string): Promise<Secrets> {
  const keystore = lived.keystoreOf(name)
  const { pseudonyms, tokens } = await knownFrom(lived)
  const own = addressesIn(keystore)
  const ours = new Set(own.map((address) => pseudonyms.indexOf(bytesToHex(address))))
  const words = phraseOf(keystore).split(' ')
  const text = (what: string, one: string) => ({ what, forms: [Buffer.from(one), ...formsOf(Buffer.from(one))] })
  return [
    ...own.map((address) => text('an address', encodeAddress(address))),
    ...keystore.pseudonyms.map(({ label }) => text('a label', label)),
    ...words.slice(2).map((word, at) => text('words of the phrase', `${words[at]} ${words[at + 1]} ${word}`)),
    { what: 'the entropy', forms: formsOf(keystore.entropy) },
    { what: 'the key of the mailbox', forms: formsOf(mailboxKey(keystore)) },
    { what: 'the identity', forms: formsOf(hexToBytes(identitySecret(keystore).toString(16).padStart(64, '0'))) },
    ...[...tokens]
      .filter(([, { pseudonym }]) => ours.has(pseudonym))
      .map(([hex]) => ({
        what: 'an address, a message, an operation or an epoch key',
        forms: formsOf(hexToBytes(hex)),
      })),
  ]
}

/** All places at a home where something of its owner is found. */
async function found(lived: Lived, name: string, secrets: Secrets): Promise<string[]> {
  const places: string[] = []
  const look = (place: string, bytes: Uint8Array): void => {
    const buffer = Buffer.from(bytes)
    for (const { what, forms } of secrets)
      if (forms.some((form) => buffer.includes(form))) places.push(`${place}: ${what}`)
  }
  const home = lived.homeOf(name)
  // The file of the network is everybody's, and its genesis names addresses.
  for (const file of readdirSync(home)) if (file !== 'network.json') look(file, readFileSync(join(home, file)))
  for (const line of lived.told.get(name)!.lines) look('a line of the log', Buffer.from(line))
  for (const { text } of lived.told.get(name)!.scrapes) look('metrics', Buffer.from(text))
  for await (const [key, value] of lived.disks.get(name)!.iterator()) {
    const space = Object.entries(spaces).find(([, byte]) => byte === key[0])?.[0] ?? 'no space'
    if (ledger.has(key[0]!) || space in ofLetters) continue
    look(`the name of a record in ${space}`, key.subarray(1))
    look(`a record in ${space}`, value)
  }
  return [...new Set(places)]
}

/**
 * Lines of the log that say when something was done for its owner: beside the public log they tell whose it is, though they
 * name nothing. What goes wrong may be told.
 */
const deedsTold = (lived: Lived, name: string): string[] =>
  lived.told.get(name)!.lines.filter((line) => {
    const { level, part } = JSON.parse(line)
    return part === 'mailbox' && level < 40
  })

/** What is kept of letters that are in no shard that this node follows, and letters of its shards that are neither here nor asked for. */
async function strayLetters(lived: Lived, name: string): Promise<string[]> {
  const disk = lived.disks.get(name)!
  const { mailShards } = lived.file.rules
  const keystore = lived.keystoreOf(name)
  const followed = new Set(
    createFollowed({ key: wayKey(keystore), shards: mailShards, own: () => addressesIn(keystore) })(),
  )
  const isFollowed = (recipients: readonly { readonly address: Uint8Array }[] = []): boolean =>
    [
      ...shardsOf(
        recipients.map(({ address }) => address),
        mailShards,
      ),
    ].some((shard) => followed.has(shard))
  const strays: string[] = []
  const store = createStore(disk)
  for (const [space, at] of Object.entries(ofLetters) as [keyof typeof ofLetters, number][])
    for await (const key of disk.keys(rangeOf(space))) {
      const message = key.slice(at, at + 32)
      const record = (await store.fetch([{ table: 'messages', key: message }])).read('messages', message)
      if (!isFollowed(record?.recipients)) strays.push(`${space} of ${bytesToHex(message)}`)
    }
  for await (const { key: message, record } of store.records('messages')) {
    const names = [keyIn('envelope', message), keyIn('missing', U64.encode(record.height), message)]
    const isHere = (await store.getMany(names)).some((value) => value !== undefined)
    if (isFollowed(record.recipients) && !isHere) strays.push(`nothing of ${bytesToHex(message)}`)
  }
  return strays
}

test('home: after days of use a thief and a reader of the log find nothing of its owner’s', async (t) => {
  const lived = await live({
    seed: process.env.SEED ?? 'home',
    people: 4,
    pseudonyms: 2,
    plants: [],
    // So many that letters lie in shards which somebody does not follow.
    changes: { mailShards: 16 },
    folder: t.testdir({}),
    epochs: 1,
    awayFrom: Number.POSITIVE_INFINITY,
    progress: () => undefined,
  })
  const [name] = lived.people as [string]
  for (const one of lived.people) {
    const secrets = await secretsOf(lived, one)
    t.ok(secrets.length > 40, `${one} has done something`)
    t.strictSame(await found(lived, one, secrets), [], `${one}: nothing is found`)
    t.strictSame(deedsTold(lived, one), [], `${one}: no line says when the mailbox or the identity did something`)
    t.strictSame(await strayLetters(lived, one), [], `${one} keeps of letters what any node of its shards does`)
  }

  const { node, wallet, say } = lived.up.get(name)!
  const secrets = await secretsOf(lived, name)
  const [own] = wallet.own as [(typeof wallet.own)[number]]
  const cabinet = createCabinet({ store: node.store, key: wallet.mailboxKey, random: node.seams.random })
  const sent: Uint8Array[] = []
  for await (const { id, folder } of cabinet.letters()) if (folder === 'sent') sent.push(id)
  const [message] = sent as [Uint8Array]
  t.ok(message, 'somebody sent something')
  const home = (file: string) => join(lived.homeOf(name), file)
  const record = (space: keyof typeof spaces, about: Uint8Array, value = Uint8Array.of()) =>
    node.store.write([{ key: keyIn(space, about), value }])
  const { scrapes } = lived.told.get(name)!
  const plants: readonly (readonly [where: string, plant: () => Promise<void> | void])[] = [
    ['a line of the log: an address', () => say({ address: own.text })],
    ['a line of the log: a label', () => say({ msg: `proving a pass for “${own.label}”` })],
    ['a line of the log: an address, a message', () => say({ key: bytesToHex(message).slice(0, 12) })],
    ['bmail.toml: an address', () => appendFileSync(home('bmail.toml'), `from = "${own.text}"\n`)],
    [
      'api.json: an address, a message',
      () => appendFileSync(home('api.json'), Buffer.from(message).toString('base64')),
    ],
    ['drafts: words of the phrase', () => appendFileSync(home('drafts'), phraseOf(lived.keystoreOf(name)))],
    [
      'peer.key: the identity',
      () => appendFileSync(home('peer.key'), wallet.identitySecret.toString(16).padStart(64, '0')),
    ],
    [
      'metrics: an address, a message',
      () => void scrapes.push({ timeMs: 0, text: `x{a="${bytesToHex(own.address)}"} 1` }),
    ],
    [
      'the name of a record in mailbox: an address, a message',
      () => record('mailbox', Buffer.concat([Buffer.from('l'), message, own.address])),
    ],
    ['a record in probe: an address', () => record('probe', Uint8Array.of(1), Buffer.from(own.text))],
  ]
  for (const [where, plant] of plants) {
    const before = new Set(await found(lived, name, secrets))
    await plant()
    const news = (await found(lived, name, secrets)).filter((place) => !before.has(place))
    t.ok(news.some((place) => place.startsWith(where)) || before.has(where), `${where}: ${news}`)
  }
  say({ part: 'mailbox', msg: 'registering a pseudonym' })
  t.equal(deedsTold(lived, name).length, 1, 'such a line is found')
  for (const id of sent) await record('closed', Buffer.concat([U64.encode(1n), id]))
  t.ok((await strayLetters(lived, name)).length > 0, 'letters that are kept because they were sent from here')
})
