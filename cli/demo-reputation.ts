/**
 * The second act of the demo: one person, two pseudonyms, one hidden score. A letter under the first that was worth reading
 * makes the second cheaper; one that was not makes it dearer; and nothing that anybody else stored ties the two together.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { door } from '../node/daemon/door.ts'
import type { Testnet } from '../node/daemon/testnet.ts'
import type { PassView, Pseudonym, Reputation } from '../node/service.ts'
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
const epochMsLeast = 20_000
/** A machine may become slower than it was when it was tried: so often the act begins anew, with longer epochs. */
const beginningsMax = 6
/** What takes longer hangs. */
const patience = { limitMs: 3_600_000 }

/** Something was not there in the epoch in which the story needs it. */
class EpochsTooShort extends Error {}

/** Play it, and begin anew where epochs turn out to be too short. Returns what was asked for with `--json`. */
export async function playReputation(stage: Stage): Promise<object> {
  let epochMs = await rehearse(stage)
  for (let beginning = 1; ; beginning++)
    try {
      return await playIn(stage, { epochMs, folder: join(stage.folder, String(beginning)) })
    } catch (error) {
      if (!(error instanceof EpochsTooShort) || beginning === beginningsMax) throw error
      stage.say(
        `${error.message} This machine has become slower, so it all begins anew, with epochs twice as long at least`,
      )
      await stage.stopAll()
      epochMs = Math.max(2 * epochMs, await rehearse(stage))
    }
}

/** Play it in a network of its own, in a folder. Throws EpochsTooShort. */
async function playIn(stage: Stage, place: { readonly epochMs: number; readonly folder: string }): Promise<object> {
  const { say } = stage
  const testnet = await found(stage, place)
  const clients = stage.startAll(testnet)
  const [, alice, bob, carol] = clients as [Client, Client, Client, Client]
  const [, work, club] = testnet.people[0]!.addresses.map(encodeAddress) as [string, string, string]
  const [, toBob, toCarol] = testnet.people.map(({ address }) => encodeAddress(address)) as [string, string, string]
  await enrolled(stage, [alice, bob, carol])

  // A name costs strangers the same at every tier, so the price is watched towards somebody who wrote first.
  await until('“club” is registered', async () => (await pseudonymOf(alice, club)).registered, patience)
  const asked = await written({ sender: carol, from: toCarol, to: club })
  const isThere = async () =>
    (await alice.messages({ folder: 'inbox' })).some(({ id, batchHeight }) => id === asked && batchHeight !== null)
  await until('Alice’s daemon has it', isThere, patience)
  say('Carol wrote to “club”, which owes her an answer')

  // Price before: fresh identities stand at tier 0. The first epoch has begun before anybody was enrolled.
  const first = await within(
    alice,
    { last: 3, what: 'Alice’s two pseudonyms and Bob had a pass of one epoch' },
    async (own) => samePasses(own, await bob.reputation()),
  )
  const before = await priceUnder(first, { sender: alice, to: toCarol })
  const setSize = (await alice.reputation()).tiers.find(({ tier }) => tier === first.tier)!.setSize
  say(`epoch ${first.epoch}: “club” would pay ${money.shown(before)} for an answer to Carol, at tier ${first.tier};`)
  say(`  it hides among ${setSize} passes of that tier, and its key is ${first.epochKey.slice(0, 16)}…`)

  const good = { sender: alice, from: work, to: toBob, reader: bob, text: article(), verdict: 'value' } as const
  await judged(stage, good, first.epoch)
  say('“work” wrote to Bob, and Bob says that it was worth it: this is for the score behind both')

  // In the next epoch something worse, which is folded later.
  const second = first.epoch + 1
  await within(alice, { last: second, what: '“work” and Carol had passes' }, async (own) =>
    havePasses(second, { sender: own, reader: await carol.reputation() }),
  )
  const bad = { sender: alice, from: work, to: toCarol, reader: carol, text: 'Buy now!', verdict: 'abuse' } as const
  await judged(stage, bad, second)
  say('“work” wrote to Carol, and Carol says that it was harmful: so is this')

  /** The pass of “club” under which the verdicts of an epoch count, and not yet those of the next. */
  const folding = (epoch: number): Promise<PassView> =>
    within(alice, { last: epoch + 2, what: '“club” had its pass' }, async ({ passes }) =>
      passes.find((pass) => pass.address === club && pass.epoch === epoch + 2),
    )
  const better = await folding(first.epoch)
  const afterValue = await priceUnder(better, { sender: alice, to: toCarol })
  say(
    `epoch ${better.epoch}: the good verdict is folded; “club” stands at tier ${better.tier} and would pay ${money.shown(afterValue)}`,
  )
  must(better.tier > first.tier, 'value under one pseudonym raises the tier of the other')
  must(BigInt(afterValue) < BigInt(before), 'value under one pseudonym lowers the price of the other')

  const worse = await folding(second)
  const afterSpam = await priceUnder(worse, { sender: alice, to: toCarol })
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
  await rehearseRenewal({ reputation, identity }, { random, signal: AbortSignal.timeout(patience.limitMs) })
  const tookMs = Date.now() - begun
  const epochMs = Math.max(renewalsAnEpoch * tookMs, epochMsLeast)
  say(
    `it takes ${(tookMs / 1_000).toFixed(1)} seconds, so epochs of this network are ${Math.round(epochMs / 1_000)} seconds long`,
  )
  return Math.round(epochMs)
}

async function found(
  { say }: Stage,
  { epochMs, folder }: { readonly epochMs: number; readonly folder: string },
): Promise<Testnet> {
  const testnet = await createTestnet({
    folder,
    places: await localPlaces({ relays: 1, people: ['alice', 'bob', 'carol'] }),
    keepers: ['relay1', 'bob', 'carol'],
    threshold: 2,
    funds: 5_000_000n,
    pseudonyms: { alice: ['purse', 'work', 'club'] },
    // Every letter names who gets the operators’ share: were it “purse”, it would stand beside Alice’s other names.
    payee: 'carol',
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
    const own = await until('the daemon is up', () => person.pseudonyms(), patience)
    // There is no time to wait for passes that a letter asks for.
    for (const { address, label } of own)
      if (label !== 'purse') await person.changeHabit({ address, warm: true, skipPercent: 0, show: 'best', tier: 0 })
    // The first address of a mailbox is registered before the others, and is the one that enrols.
    await until('the first address is registered', async () => (await person.pseudonyms())[0]!.registered, patience)
    await settled(person, 'the enrolment', await person.enroll({}))
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

/** Whether “work” has a pass in an epoch, and whoever reads its letter. */
const havePasses = (epoch: number, { sender, reader }: { sender: Reputation; reader: Reputation }): boolean =>
  reader.passes.some((pass) => pass.epoch === epoch) &&
  sender.passes.some((pass) => pass.epoch === epoch && pass.label === 'work')

/** What is asked for of somebody’s reputation, once it is there: in the epoch `last` at the latest. Throws EpochsTooShort. */
async function within<T>(
  person: Client,
  { last, what }: { readonly last: number; readonly what: string },
  ask: (own: Reputation) => Promise<T | undefined | false>,
): Promise<T> {
  const { found } = await until(
    what,
    async () => {
      const own = await person.reputation()
      const found = await ask(own)
      return (found || own.epoch > last) && { found }
    },
    patience,
  )
  if (!found) throw new EpochsTooShort(`Epoch ${last} was over before ${what}.`)
  return found
}

/** Refuses, by EpochsTooShort, that an epoch was over before something was done. */
async function stillIn(epoch: number, person: Client, what: string): Promise<void> {
  if ((await person.reputation()).epoch > epoch) throw new EpochsTooShort(`Epoch ${epoch} was over before ${what}.`)
}

async function pseudonymOf(person: Client, address: string): Promise<Pseudonym> {
  return (await person.pseudonyms()).find((one) => one.address === address)!
}

/** An operation is settled. */
async function settled(person: Client, what: string, { opId }: { readonly opId: string }): Promise<void> {
  await until(`${what} is settled`, async () => (await person.operation({ opId })).state === 'settled', patience)
}

/** A letter is sent, and settled; returns its id. */
async function written({ sender, from, to }: { sender: Client; from: string; to: string }): Promise<string> {
  const sent = await sender.send({ from, to: [to], raw: await letter('Are you there?') })
  await settled(sender, 'the letter', sent)
  return sent.message.id
}

/** What a letter of a KiB costs under a pass, in its epoch. Throws EpochsTooShort. */
async function priceUnder(
  { address, epoch }: PassView,
  { sender, to }: { readonly sender: Client; readonly to: string },
): Promise<string> {
  const { fee } = await sender.quote({ from: address, to: [to], raw: await letter('How do you do?') })
  await stillIn(epoch, sender, 'a price was asked for')
  return fee
}

/** A letter is sent, opened, and judged, all of it settled in an epoch. Throws EpochsTooShort. */
async function judged(
  { say }: Stage,
  deed: { sender: Client; from: string; to: string; reader: Client; text: string; verdict: Verdict },
  epoch: number,
): Promise<void> {
  const { sender, from, to, reader } = deed
  const { message, quote } = await sender.send({ from, to: [to], raw: await letter(deed.text) })
  const isOpen = async () => (await reader.message({ id: message.id })).raw !== null
  await until('the letter can be opened', isOpen, patience)
  await settled(reader, 'the verdict', await reader.ack({ id: message.id, verdict: deed.verdict }))
  await stillIn(epoch, reader, 'a letter was judged')
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
