/**
 * The second act of the demo: one person, two pseudonyms, one hidden score. A letter under the first that was worth reading
 * makes the second cheaper; one that was not makes it dearer; and nothing that anybody else stored ties the two together.
 */
import { randomBytes } from 'node:crypto'
import { door } from '../node/daemon/door.ts'
import type { Testnet } from '../node/daemon/testnet.ts'
import type { PassView, Reputation } from '../node/service.ts'
import { encodeAddress } from '../protocol/address.ts'
import type { Verdict } from '../protocol/words.ts'
import { moneyIn } from './amount.ts'
import type { Client } from './client.ts'
import { must, type Stage, until } from './stage.ts'
import { random } from './mailbox.ts'

const { createTestnet, localPlaces } = await door.testnet()
const { searchForLinks } = await door.linkSearch()
const { rehearseRenewal } = await door.rehearsal()
const { composeLetter } = await door.compose()
const { presets } = await door.presets()

const { coin, reputation, identity } = presets.testnet!
const money = moneyIn(coin, { json: false })
/**
 * How long an epoch is, in renewals that are proven alone. Three people prove theirs, and four passes, side by side in about
 * half of it on two processors; in a third of it they wait for checkpoints and for moments of their own.
 */
const renewalsAnEpoch = 5.5
const epochMsRange = { least: 20_000, most: 180_000 }

/** Play it. Returns what was asked for with `--json`. */
export async function playReputation(stage: Stage): Promise<object> {
  const { say } = stage
  const epochMs = await rehearse(stage)
  const epochLimit = { limitMs: 5 * epochMs }
  const testnet = await found(stage, epochMs)
  const clients = stage.startAll(testnet)
  const [, alice, bob, carol] = clients as [Client, Client, Client, Client]
  const [, work, club] = testnet.people[0]!.addresses.map(encodeAddress) as [string, string, string]
  const [, toBob, toCarol] = testnet.people.map(({ address }) => encodeAddress(address)) as [string, string, string]
  await enrolled(stage, [alice, bob, carol])

  // Price before: fresh identities stand at tier 0.
  const first = await until(
    'Alice’s two pseudonyms and Bob have a pass of one epoch',
    async () => samePasses(await alice.reputation(), await bob.reputation()),
    epochLimit,
  )
  // A name costs strangers the same at every tier, so the price is watched towards somebody who wrote back; by now “club” is
  // registered.
  const asked = await written({ sender: carol, from: toCarol, to: club })
  await until('Alice’s daemon has it', async () =>
    (await alice.messages({ folder: 'inbox' })).some(({ id, batchHeight }) => id === asked && batchHeight !== null),
  )
  say('Carol wrote to “club”, which owes her an answer')
  const before = await priceOf(alice, { from: club, to: toCarol })
  const setSize = (await alice.reputation()).tiers.find(({ tier }) => tier === first.tier)!.setSize
  say(`epoch ${first.epoch}: “club” would pay ${money.shown(before)} for an answer to Carol, at tier ${first.tier};`)
  say(`  it hides among ${setSize} passes of that tier, and its key is ${first.epochKey.slice(0, 16)}…`)

  await judged(stage, { sender: alice, from: work, to: toBob, reader: bob, text: article(), verdict: 'value' })
  say('“work” wrote to Bob, and Bob says that it was worth it: this is for the score behind both')

  // In a later epoch something worse, which is folded later.
  const second = await until(
    'the next epoch, with passes',
    async () => nextPass(first.epoch + 1, { sender: await alice.reputation(), reader: await carol.reputation() }),
    epochLimit,
  )
  await judged(stage, { sender: alice, from: work, to: toCarol, reader: carol, text: 'Buy now!', verdict: 'abuse' })
  say('“work” wrote to Carol, and Carol says that it was harmful: so is this')

  /** The pass of “club” under which the verdicts of an epoch count, and perhaps those of later ones. */
  const folding = (epoch: number): Promise<PassView> =>
    until(
      'the next pass of “club”',
      async () => (await alice.reputation()).passes.find((pass) => pass.address === club && pass.epoch >= epoch + 2),
      epochLimit,
    )
  const better = await folding(first.epoch)
  const afterValue = await priceOf(alice, { from: club, to: toCarol })
  say(
    `epoch ${better.epoch}: the good verdict is folded; “club” stands at tier ${better.tier} and would pay ${money.shown(afterValue)}`,
  )
  must(better.tier > first.tier, 'value under one pseudonym raises the tier of the other')
  must(BigInt(afterValue) < BigInt(before), 'value under one pseudonym lowers the price of the other')

  const worse = await folding(second.epoch)
  const afterSpam = await priceOf(alice, { from: club, to: toCarol })
  say(
    `epoch ${worse.epoch}: the bad verdict is folded; “club” stands at tier ${worse.tier} and would pay ${money.shown(afterSpam)}`,
  )
  must(BigInt(afterSpam) > BigInt(afterValue), 'spam under one pseudonym raises the price of the other')

  await stage.stopAll()
  const { links, proofs, records } = await searchForLinks(testnet)
  say(
    `the other three daemons stored ${records} records and verified ${proofs} proofs; records that tie two of Alice’s names: ${links.length}`,
  )
  must(links.length === 0, `nothing ties Alice’s pseudonyms together (${links.join('; ')})`)
  return {
    pseudonyms: 2,
    tierBefore: first.tier,
    tierAfter: better.tier,
    priceBefore: Number(before),
    priceAfterValue: Number(afterValue),
    priceAfterSpam: Number(afterSpam),
    proofsVerified: proofs,
    linksFound: links.length,
    setSize,
  }
}

/** Prove the renewal of somebody made up, to see how long that takes here; returns how long an epoch has to be. */
async function rehearse({ say }: Stage): Promise<number> {
  say('proving a renewal, to see how long that takes on this machine …')
  const begun = Date.now()
  await rehearseRenewal({ reputation, identity }, { random, signal: AbortSignal.timeout(epochMsRange.most) })
  const tookMs = Date.now() - begun
  const epochMs = Math.min(Math.max(renewalsAnEpoch * tookMs, epochMsRange.least), epochMsRange.most)
  say(
    `it takes ${(tookMs / 1_000).toFixed(1)} seconds, so epochs of this network are ${Math.round(epochMs / 1_000)} seconds long`,
  )
  return Math.round(epochMs)
}

async function found({ folder, say }: Stage, epochMs: number): Promise<Testnet> {
  const testnet = await createTestnet({
    folder,
    places: await localPlaces({ relays: 1, people: ['alice', 'bob', 'carol'] }),
    keepers: ['relay1', 'bob', 'carol'],
    threshold: 2,
    funds: 5_000_000n,
    pseudonyms: { alice: ['purse', 'work', 'club'] },
    changes: {
      batchIntervalMs: 300,
      epochMs: BigInt(epochMs),
      expiryMaxMs: 20_000,
      reputation: { ...reputation, passGraceMs: Math.floor(epochMs / 2) },
      identity: { ...identity, verdictDelayMs: 500 },
    },
    settings: { apiListen: '127.0.0.1:0', metricsListen: '', logLevel: 'warn' },
  })
  say(`a new network in ${folder}: a relay that hosts the log, Alice, Bob and Carol`)
  return testnet
}

/** Everybody enrols. Alice’s “purse” pays for hers, stands beside it for all to see, and is used for nothing else. */
async function enrolled({ say }: Stage, people: readonly Client[]): Promise<void> {
  const one = async (person: Client): Promise<void> => {
    const own = await until('the daemon is up', () => person.pseudonyms())
    // There is no time to wait for passes that a letter asks for.
    for (const { address, label } of own)
      if (label !== 'purse') await person.changeHabit({ address, warm: true, skipPercent: 0, show: 'best', tier: 0 })
    // The first address of a mailbox is registered before the others, and is the one that enrols.
    await until('the first address is registered', async () => (await person.pseudonyms())[0]!.registered)
    const { opId } = await person.enroll({})
    await until('the enrolment is settled', async () => (await person.operation({ opId })).state === 'settled')
  }
  await Promise.all(people.map(one))
  await people[0]!.retirePseudonym({ address: 'purse' })
  say('all are enrolled; from here on the daemons register other addresses, renew, prove and take passes by themselves')
}

/** Alice’s pass for “club”, once both of her pseudonyms and Bob have passes of one epoch. */
function samePasses(alice: Reputation, bob: Reputation): PassView | undefined {
  const now = [...alice.passes, ...bob.passes].filter(({ epoch }) => epoch === alice.epoch)
  return alice.passes.length === 2 && now.length === 3 ? alice.passes.find(({ label }) => label === 'club') : undefined
}

/** The pass of “work” in the present epoch, where that is one of these and the reader has a pass as well. */
function nextPass(least: number, { sender, reader }: { sender: Reputation; reader: Reputation }): PassView | undefined {
  const { epoch } = sender
  const isRead = reader.passes.some((pass) => pass.epoch === epoch)
  const own = sender.passes.find((pass) => pass.epoch === epoch && pass.label === 'work')
  return epoch >= least && isRead ? own : undefined
}

/** A letter is sent, and settled; returns its id. */
async function written({ sender, from, to }: { sender: Client; from: string; to: string }): Promise<string> {
  const { opId, message } = await sender.send({ from, to: [to], raw: await letter('Are you there?') })
  await until('the letter is settled', async () => (await sender.operation({ opId })).state === 'settled')
  return message.id
}

/** What a letter of a KiB costs. */
async function priceOf(sender: Client, { from, to }: { from: string; to: string }): Promise<string> {
  return (await sender.quote({ from, to: [to], raw: await letter('How do you do?') })).fee
}

/** A letter is sent, opened, and judged, all of it settled. */
async function judged(
  { say }: Stage,
  deed: { sender: Client; from: string; to: string; reader: Client; text: string; verdict: Verdict },
): Promise<void> {
  const { sender, from, to, reader } = deed
  const { message, quote } = await sender.send({ from, to: [to], raw: await letter(deed.text) })
  await until('the letter can be opened', async () => (await reader.message({ id: message.id })).raw !== null)
  const { opId } = await reader.ack({ id: message.id, verdict: deed.verdict })
  await until('the verdict is settled', async () => (await reader.operation({ opId })).state === 'settled')
  say(`  a letter of ${quote.units} KiB for ${money.shown(quote.fee)} was read, and judged as “${deed.verdict}”`)
}

/** A KiB and a half that cannot be compressed to less than one. */
const article = (): string => randomBytes(1_200).toString('base64')

async function letter(text: string): Promise<string> {
  const bytes = await composeLetter({
    random,
    from: { name: 'A', address: 'a@example.org' },
    to: [{ name: 'B', address: 'b@example.org' }],
    subject: 'Hello',
    text,
    date: new Date(),
    attachments: [],
  })
  return Buffer.from(bytes).toString('base64')
}
