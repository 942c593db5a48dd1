/**
 * Letters that are small on their way and large where they are read, to a daemon in a process of its own: they take no
 * more of its disk than they took on their way, its main thread unpacks none of them, and everything stays readable.
 */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { createMailbox, type Mailbox } from '../../node/daemon/mailbox.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { unlockKeystore } from '../../node/keys/keystore.ts'
import { openWallet } from '../../node/keys/wallet.ts'
import { openDisk } from '../../node/ledger/disk.ts'
import { rangeOf } from '../../node/ledger/store.ts'
import type { LetterReader } from '../../node/letter/reader.ts'
import { createNetwork } from '../../node/network/libp2p.ts'
import { createNode } from '../../node/peers/node.ts'
import { contentBytesMax, pack } from '../../node/seal/content.ts'
import { sealPacked } from '../../node/seal/seal.ts'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { bombOf, packedAnyhow } from '../kit/bombs.ts'
import { until } from '../kit/patience.ts'
import { plainProofs } from '../kit/plain-proofs.ts'
import { plainReader } from '../kit/plain-reader.ts'
import {
  base64Of,
  createProcesses,
  type Daemon,
  letterIn,
  type Processes,
  readable,
  registered,
} from '../kit/processes.ts'

const run = promisify(execFile)
const program = join(import.meta.dirname, '../../cli/bmail.js')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const random = (length: number) => new Uint8Array(randomBytes(length))

type Letter = { readonly name: string; readonly content: Uint8Array; readonly id: string }

/** Somebody of the network, in this process: with a mailbox that packs whatever it is given. */
async function unscrupulous(
  t: Test,
  network: Processes,
  name: string,
): Promise<{ mailbox: Mailbox; packed: Uint8Array[] }> {
  const { home, passphrase } = network.testnet.people.find((person) => person.name === name)!
  const path = pathsOf(home).keystore
  const keystore = await unlockKeystore(new Uint8Array(readFileSync(path)), passphrase)
  const wallet = await openWallet({ keystore, path, random })
  const disk = await openDisk(home)
  const { addresses } = await network.daemon('relay1').api.status()
  const links = await createNetwork({
    ...{ seed: random(32), listen: [], announce: [], keep: addresses, prefix: '/bmail' },
    ...{ colocated: ['127.0.0.1'], clock: systemClock, random, log: quiet },
  })
  const node = await createNode({
    seams: { clock: systemClock, random, network: links, disk, proofs: plainProofs },
    ...network.testnet.file,
    logger: quiet,
    shards: () => 'all',
    own: () => wallet.own.map(({ address }) => address),
    wayKey: wallet.wayKey,
    observer: {
      ...{ onAnswer: () => undefined, onSettled: () => undefined, onOmitted: () => undefined },
      onDiskFailure: () => undefined,
    },
  })
  const packed: Uint8Array[] = []
  const plain = plainReader(random)
  const reader: LetterReader = {
    ...plain,
    async seal({ content, ...letter }) {
      const parties = { sender: letter.sender.address, recipients: letter.recipients.map(({ address }) => address) }
      const anyhow = await packedAnyhow(parties, content)
      packed.push(anyhow)
      return { packed: anyhow, ...(await sealPacked({ random, ...letter, packed: anyhow })) }
    },
    // It is asked for the subject alone, which is nobody's business.
    read: () => plain.read({ content: new Uint8Array(0) }),
    head: () => plain.head({ content: new Uint8Array(0) }),
    ownHead: () => plain.ownHead({ content: new Uint8Array(0) }),
  }
  const mailbox = await createMailbox({
    node,
    wallet,
    logger: quiet,
    reader,
    hideAmong: 1,
    emit: () => undefined,
  })
  t.teardown(async () => {
    await mailbox.stop()
    await node.stop()
    await links.close()
    await disk.close()
  })
  return { mailbox, packed }
}

/** What somebody's mail takes of the database, and all of it, in bytes of keys and values. */
async function takenBy({ home }: Daemon): Promise<{ mail: number; all: number }> {
  const disk = await openDisk(home)
  const sizes = { mail: 0, all: 0 }
  const { gte } = rangeOf('mailbox')
  for await (const [key, value] of disk.iterator()) {
    sizes.all += key.length + value.length
    if (key[0] === gte[0]) sizes.mail += key.length + value.length
  }
  await disk.close()
  return sizes
}

const memoryOf = ({ home }: Daemon): string =>
  /^VmHWM:\s+(.*)$/m.exec(readFileSync(`/proc/${readApiFile(home)!.pid}/status`, 'utf8'))?.[1] ?? 'unknown'

test('letters that unpack to thousands of times their size', async (t) => {
  const network = await createProcesses(t, {
    ...{ relays: 1, people: ['mallory', 'bob', 'ada'], keepers: ['relay1'], threshold: 1, funds: 10n ** 12n },
    nodeOptions: ['--import', pathToFileURL(join(import.meta.dirname, '../kit/watch-unpacking.ts')).href],
  })
  const [bob, ada] = [network.daemon('bob'), network.daemon('ada')]
  await network.start('relay1', 'bob', 'ada')
  await registered(bob, ada)
  const to = [(await bob.api.pseudonyms())[0]!.address]
  const { mailbox, packed } = await unscrupulous(t, network, 'mallory')
  await until('mallory is registered', async () => (await mailbox.pseudonyms())[0]?.registered)
  await bob.stop()
  const before = await takenBy(bob)
  await bob.start()
  const memoryBefore = memoryOf(bob)

  const noise = random(140 * 1024)
  const dense = Buffer.concat([Buffer.from('Subject: dense\r\n\r\n'), noise, Buffer.alloc(15 * 1024 * 1024, 'x')])
  const hostile = [
    ...Array.from({ length: 6 }, (_, at) => ({ name: `bomb ${at}`, content: bombOf(contentBytesMax, at) })),
    { name: 'as dense as can be', content: bombOf(256 * 1024, 7) },
    { name: 'as large as can be', content: dense },
  ]
  const sent: Letter[] = []
  for (const { name, content } of hostile) {
    const { message } = await mailbox.send({ to, raw: base64Of(content) })
    sent.push({ name, content, id: message.id })
    if (sent.length !== 6) continue
    for (const { id } of sent) await letterIn(bob, 'inbox', id, readable)
    t.comment(`memory of the reader’s daemon at most: ${memoryBefore} before, ${memoryOf(bob)} with six bombs`)
  }
  const text = Buffer.from(
    `Subject: a book\r\n\r\n${'All of it was written by hand. '.repeat(7_000)}${base64Of(random(60_000))}\r\n`,
  )
  const honest = {
    name: 'an honest one',
    content: text,
    id: (await ada.api.send({ to, raw: base64Of(text), insist: true })).message.id,
  }
  await t.rejects(ada.api.quote({ to, raw: base64Of(hostile[0]!.content) }), {
    code: 'too-large',
    message: /says one thing over and over: 16385 KiB of it pack into 1 KiB.*compressed file\.$/,
  })

  for (const { id } of [...sent, honest]) await letterIn(bob, 'inbox', id, readable)
  t.comment(`then ${memoryOf(bob)} once the largest are open`)

  for (const { name, id } of sent.slice(0, 6)) {
    t.match(await bob.api.shown({ id }), { damaged: true, text: /no honest program sends/, subject: '' }, name)
    t.match(await bob.api.message({ id }), { raw: null, summary: { note: /^cannot be read: The message has 1 KiB/ } })
    await t.rejects(bob.api.raw({ id }), { code: 'not-found', message: /cannot be read.*no honest program sends/ })
  }
  const home = ['--home', bob.home]
  for (const { name, id, content } of [...sent.slice(6), honest]) {
    const { raw } = await bob.api.message({ id })
    t.equal(sha256(Buffer.from(raw!, 'base64')), sha256(content), `${name}: byte for byte`)
    const streamed = await run(process.execPath, [program, 'read', id, '--raw', ...home], {
      encoding: 'buffer',
      maxBuffer: 2 * contentBytesMax,
    })
    t.equal(sha256(streamed.stdout), sha256(content), 'also streamed')
  }
  const shown = await run(process.execPath, [program, 'read', sent[7]!.id, ...home])
  t.ok(shown.stdout.length < 1024 * 1024, 'what is shown is cut')
  t.match(shown.stdout.slice(-200), /… and 1\d,\d{3},\d{3} characters more; all of it: bmail read \w+ --raw\n$/)
  t.match((await run(process.execPath, [program, 'read', sent[0]!.id, ...home])).stdout, /cannot be read|no honest/)
  t.equal((await bob.api.messages({ folder: 'inbox' })).length, sent.length + 1)
  t.comment(`and ${memoryOf(bob)} once all were read`)

  t.equal(await bob.stop(), 0)
  const after = await takenBy(bob)
  const came = [...packed, await pack({ sender: random(20), recipients: [random(20)] }, text)]
  const cameBytes = came.reduce((sum, { length }) => sum + length, 0)
  t.comment(`${cameBytes} bytes came packed; mail took ${after.mail - before.mail}, all ${after.all - before.all}`)
  t.ok(after.mail - before.mail < cameBytes + 2_048 * came.length, 'mail takes what came, and a record each')
  const lines = bob.log()
  t.ok(lines.some(({ watching }) => watching))
  const unpackings = lines.filter(({ unpacking }) => unpacking).length
  t.equal(
    unpackings,
    lines.filter(({ watching }) => watching).length,
    'the main thread unpacked nothing but what was tried',
  )
})
