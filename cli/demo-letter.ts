/**
 * The first act of the demo: the main job from end to end, with nothing played. Three daemons as processes of their own on
 * this machine find each other over libp2p; Alice sends Bob a real message, sees its price first, pays, and is believed.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { door } from '../node/daemon/door.ts'
import type { Testnet } from '../node/daemon/testnet.ts'
import type { Summary } from '../node/service.ts'
import { encodeAddress } from '../protocol/address.ts'
import { moneyIn } from './amount.ts'
import type { Client } from './client.ts'
import { allRegistered, foundSmallNetwork, must, type Stage, until } from './stage.ts'
import { quoteText } from './price.ts'

const { verifyReceiptFile } = await door.receipts()
const { composeLetter } = await door.compose()

/** Play it with a message (RFC 5322) from a file, or one of its own. Returns what was asked for with `--json`. */
export async function playLetter(stage: Stage, file: string | undefined): Promise<object> {
  const { folder, say } = stage
  const testnet = await foundSmallNetwork(folder)
  const money = moneyIn(testnet.file.rules.coin, { json: false })
  say(`a new network in ${folder}: one relay that hosts the log, Alice, and Bob; two of three keepers open a lock`)
  const daemons = stage.startAll(testnet)
  const [relay, alice, bob] = daemons as [Client, Client, Client]
  for (const daemon of daemons)
    await until('every daemon is up and has found a peer', async () => (await daemon.status()).peers.length > 0)
  say(
    `three daemons are up and found each other over libp2p (${(await relay.status()).peers.length} peers at the relay)`,
  )
  await allRegistered([alice, bob])
  const [balanceBefore] = await bob.pseudonyms()
  say('both registered their addresses: their first operations are settled')

  const bytes = await message(file)
  const raw = Buffer.from(bytes).toString('base64')
  const to = [encodeAddress(testnet.people[1]!.address)]
  const quote = await alice.quote({ to, raw })
  say(`the price, before anything is spent, of ${quote.contentBytes} bytes (${quote.wireBytes} on the wire):`)
  if (!stage.isJson) console.log(await quoteText(quote, money))
  const { message: sent } = await alice.send({ to, raw })
  say(
    `submitted as ${sent.id.slice(0, 16)}, for ${money.shown(quote.fee)} and ${money.shown(quote.inclusionFee)} that carrying it burns`,
  )

  const find = async (): Promise<Summary | undefined> =>
    (await bob.messages({ folder: 'inbox' })).find(({ id }) => id === sent.id)
  const pending = await until('the sealed message reaches Bob', find)
  const early = await bob.message({ id: sent.id })
  const unreadableBeforeSettlement =
    pending.batchHeight === null && early.summary.batchHeight === null && early.raw === null
  must(unreadableBeforeSettlement, 'Bob holds the sealed message before it is paid, and cannot open it')
  say('Bob’s daemon holds the sealed message already, and cannot open it: it is not paid')

  const arrived = await until('the lock opens', async () => {
    const now = await find()
    return now?.state === 'released' ? now : undefined
  })
  const read = await bob.message({ id: sent.id })
  const readBytes = Buffer.from(read.raw ?? '', 'base64')
  must(sha256(readBytes) === sha256(bytes), 'the message read is byte for byte the message sent')
  const [balanceAfter] = await bob.pseudonyms()
  const recipientCredit = BigInt(balanceAfter!.balance) - BigInt(balanceBefore!.balance)
  must(String(recipientCredit) === arrived.amount && recipientCredit > 0n, 'Bob was paid what the batch says')
  say(
    `settled in batch ${arrived.batchHeight}, lock open, read: “${arrived.subject}”, the same ${bytes.length} bytes; Bob was paid ${money.shown(recipientCredit)}`,
  )

  await bob.ack({ id: sent.id, verdict: 'value' })
  const seen = await until('Alice sees the verdict', async () => {
    const now = (await alice.messages({ folder: 'sent' }))[0]
    return now?.verdict ? now : undefined
  })
  say(`Bob said “${seen.verdict}”, and Alice sees it`)
  const receiptVerified = await receiptsHold(testnet, [alice, bob], sent.id)
  must(receiptVerified, 'both can verify the receipt with nothing but the network’s file')
  say('both verified the receipt offline: the host’s signature, the operation, its price, in that batch')

  const { lines } = await alice.receipt({ id: sent.id })
  const stateRoots = await sameRoot(daemons)
  const findings = (await Promise.all(daemons.map((daemon) => daemon.doctor()))).flat()
  const conserved = findings.every(({ ok }) => ok) && findings.some(({ check }) => check === 'money')
  must(
    conserved,
    `every stored thing is sound (${findings
      .filter(({ ok }) => !ok)
      .map(({ detail }) => detail)
      .join('; ')})`,
  )
  say(`all three have the state root ${stateRoots[0]!.slice(0, 16)}…, and not a coin was made or lost`)
  return {
    daemons: daemons.length,
    messageId: sent.id,
    sha256Sent: sha256(bytes),
    sha256Read: sha256(readBytes),
    fee: Number(lines[0]!.paid),
    feeLines: lines[0]!.factors.map(({ name, basisPoints, times }) => ({
      name,
      basisPoints: Number(basisPoints),
      times,
    })),
    recipientCredit: Number(recipientCredit),
    burned: Number(lines[0]!.burned),
    batchHeight: Number(arrived.batchHeight),
    receiptVerified,
    unreadableBeforeSettlement,
    verdict: seen.verdict,
    stateRoots,
    conserved,
  }
}

async function receiptsHold(testnet: Testnet, people: readonly Client[], id: string): Promise<boolean> {
  const checks = await Promise.all(
    people.map(async (person) =>
      verifyReceiptFile(testnet.file, Buffer.from((await person.receipt({ id })).receipt, 'base64')),
    ),
  )
  return checks.every((check) => check.verified && check.messageId === id)
}

/** The state roots of all daemons, once they are at one height. */
const sameRoot = (daemons: readonly Client[]): Promise<string[]> =>
  until('all daemons reach one state root', async () => {
    const all = await Promise.all(daemons.map((daemon) => daemon.status()))
    const roots = all.map(({ stateRoot }) => stateRoot)
    return new Set(roots).size === 1 && roots
  })

async function message(file: string | undefined): Promise<Uint8Array> {
  if (file) return new Uint8Array(readFileSync(file))
  return composeLetter({
    random: (length) => new Uint8Array(randomBytes(length)),
    from: { name: 'Alice', address: 'alice@example.org' },
    to: [{ name: 'Bob', address: 'bob@example.org' }],
    subject: 'The minutes of our meeting, with a drawing',
    text: 'Dear Bob,\n\nhere is what we agreed on. It paid you to read this.\n\nAlice\n',
    date: new Date(),
    attachments: [{ filename: 'drawing.svg', mimeType: 'image/svg+xml', content: Buffer.from(drawing) }],
  })
}

const drawing = `<svg xmlns="http://www.w3.org/2000/svg">${Array.from({ length: 40 }, (_, at) => `<circle cx="${at * 7}" cy="${(at * at) % 97}" r="3"/>`).join('')}</svg>\n`
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
