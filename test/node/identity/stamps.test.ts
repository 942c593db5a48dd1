/** Stamps in whole nodes: bought, found again from the phrase, and redeemed elsewhere by themselves, each once. */
import { type Test, test } from 'tap'
import { signingPrivateKey } from '../../../node/keys/derive.ts'
import { examine } from '../../../node/daemon/doctor.ts'
import { presets } from '../../../node/settings/presets.ts'
import type { Proofs } from '../../../node/seams.ts'
import { signingKeyOf } from '../../../node/keys/sign.ts'
import { rangeOf } from '../../../node/ledger/store.ts'
import { addressOf, encodeAddress } from '../../../protocol/address.ts'
import { sentences } from '../../../node/sentences.ts'
import { createDevices, type Device, type Devices } from '../../kit/devices.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'

const epochMs = 60_000
const checkpoints = 4
const intervalMs = epochMs / checkpoints
const denominations = [10_000n, 50_000n]
const inclusionFee = 50n
const funds = 1_000_000n

type World = Devices & {
  /** Have proofs of the stamp that is proven next fail for a reason, or none any more. */
  breakProver(why: string | undefined): void
}

async function createWorld(t: Test): Promise<World> {
  let broken: string | undefined
  let first: unknown
  const proofs: Proofs = {
    ...honestProofs,
    async prove(circuit, inputs, options) {
      if (broken) first ??= inputs.nullifier
      if (broken && inputs.nullifier === first) throw new Error(broken)
      return honestProofs.prove(circuit, inputs, options)
    },
  }
  const devices = await createDevices(t, {
    people: ['ada'],
    funds,
    changes: {
      epochMs: BigInt(epochMs),
      expiryMaxMs: 20_000,
      clockSkewMs: 5_000,
      inclusionFee,
      reputation: { ...testnet!.reputation, passGraceMs: 10_000 },
      identity: { ...testnet!.identity, stamps: denominations, checkpoints, verdictDelayMs: 2_000 },
    },
    proofs,
  })
  const breakProver = (why: string | undefined): void => {
    broken = why
  }
  return { ...devices, breakProver }
}

const { testnet } = presets

/** A host that is registered, and whose epoch has its first checkpoint. */
async function ready(t: Test): Promise<{ world: World; host: Device }> {
  const world = await createWorld(t)
  const host = await world.start('host')
  await world.until('it is registered', async () => (await host.mailbox.pseudonyms())[0]!.registered)
  return { world, host }
}

const statesOf = async ({ mailbox }: Device) =>
  (await mailbox.stamps()).map(({ number, denomination, state }) => `${number} ${denomination} ${state}`)

/** What became of ops of devices, once nothing of them can be on its way any more. */
async function outcomesOf(world: World, bought: readonly [Device, { opId: string }][]) {
  await world.pass(60_000)
  return Promise.all(bought.map(([{ mailbox }, { opId }]) => mailbox.operation({ opId })))
}

test('a stamp is on its way, then held, and numbers go on', async (t) => {
  const { world, host } = await ready(t)
  const { mailbox, node } = host
  await mailbox.buyStamp({ denomination: '10000' })
  t.same(await statesOf(host), ['0 10000 on its way'])
  await mailbox.buyStamp({ denomination: '50000' })
  t.same(await statesOf(host), ['0 10000 on its way', '1 50000 on its way'], 'none takes a number that is on its way')
  await world.until('both are held', async () => (await statesOf(host)).every((state) => state.endsWith('held')))
  await mailbox.buyStamp({ denomination: '10000' })
  t.same((await statesOf(host)).at(-1), '2 10000 on its way')
  await world.pass(3_000)
  t.same(await statesOf(host), ['0 10000 held', '1 50000 held', '2 10000 held'])
  t.same(denominations.map(node.sales.of), [2, 1], 'among so many each hides')
  const sold = async () =>
    (await examine({ ...node, ...node.seams, keepsAll: false, progress: () => undefined })).findings.find(
      ({ check }) => check === 'sold',
    )
  t.equal((await sold())!.ok, true)
  const [key] = (await node.store.disk.keys(rangeOf('sold')).all()) as [Uint8Array]
  const count = (await node.store.get(key))!
  await node.store.write([{ key, value: Uint8Array.of(0, 0, 9, 9) }])
  t.match(await sold(), { ok: false, detail: /was changed/ }, 'a count that is wrong is named')
  await node.store.write([{ key, value: count }])
  t.same(
    (await mailbox.stamps()).map(({ setSize }) => setSize),
    [2, 1, 2],
  )
  await t.rejects(mailbox.buyStamp({ denomination: '10001' }), { code: 'denomination-unknown' })
  for (let left = 5; left > 0; left--) await mailbox.buyStamp({ denomination: '10000' })
  await t.rejects(
    mailbox.buyStamp({ denomination: '10000' }),
    { code: 'not-ready' },
    'a gap is as far as anybody looks',
  )
})

test('a stamp goes to a new pseudonym by itself, later, and registers it', async (t) => {
  const { world, host } = await ready(t)
  const { mailbox } = host
  const shop = await mailbox.createPseudonym({ label: 'shop' })
  await mailbox.buyStamp({ denomination: '50000' })
  await t.rejects(mailbox.redeemStamp({ number: 0, to: 'shop' }), { code: 'not-found' }, 'not before it is held')
  await world.until('it is held', async () => (await statesOf(host))[0]!.endsWith('held'))
  const asked = world.simulation.now()
  t.match(await mailbox.redeemStamp({ number: 0, to: 'shop' }), { note: /“shop” by itself.*15 seconds and 45 seconds/ })
  t.match((await mailbox.stamps())[0], { state: 'held', note: /goes to “shop”/ })
  t.ok(await mailbox.redeemStamp({ number: 0, to: shop.address }), 'asking again changes nothing')
  await t.rejects(mailbox.redeemStamp({ number: 0, to: 'default' }), { code: 'nullifier-pending', message: /“shop”/ })
  const arrived = async () => (await mailbox.pseudonyms())[1]!.registered
  await world.until('it arrived', arrived, 5 * intervalMs)
  t.ok(world.simulation.now() - asked >= intervalMs, 'others had the time to buy and redeem')
  const { balance, reserve } = (await mailbox.pseudonyms())[1]!
  t.equal(BigInt(balance) + BigInt(reserve), 50_000n - inclusionFee)
  t.same(await statesOf(host), ['0 50000 redeemed'])
  await t.rejects(mailbox.redeemStamp({ number: 0, to: 'shop' }), { code: 'nullifier-used' })
  await world.pass(2 * epochMs)
  t.equal(BigInt((await mailbox.pseudonyms())[1]!.balance), BigInt(balance), 'once')
})

test('a stamp arrives in the same epoch where somebody registers its address first, with the consent it carries', async (t) => {
  const { world, host } = await ready(t)
  await host.mailbox.buyStamp({ denomination: '50000' })
  const [other] = [await world.start('other'), await world.start('third')]
  const shop = await other.mailbox.createPseudonym({ label: 'shop' })
  const epochOf = () => other.node.replica.head.sealed.header.epoch
  await world.until('the next epoch begins', async () => epochOf() === 2, 2 * epochMs)
  // And its first checkpoint is taken.
  await world.pass(4_000)
  await other.mailbox.redeemStamp({ number: 0, to: 'shop' })
  world.simulation.cut(['host'])
  const waits = () => other.node.pending.list().some(({ op }) => op.action.TAG === 'stampRedeem')
  await world.until('the redemption is proven', async () => waits(), 4 * intervalMs)
  await host.mailbox.sponsor({ request: shop.request, amount: '10000' })
  await world.pass(2_000)
  t.ok(waits(), 'it is out where anybody can read it')
  world.simulation.heal()
  await world.until('it is redeemed', async () => (await statesOf(other))[0]!.endsWith('redeemed'), intervalMs)
  t.equal(epochOf(), 2, 'and nobody waited for another epoch')
  const { balance, reserve } = (await other.mailbox.pseudonyms())[1]!
  t.equal(BigInt(balance) + BigInt(reserve), 60_000n - inclusionFee)
})

test('two stamps that go to one new pseudonym both arrive', async (t) => {
  const { world, host } = await ready(t)
  await host.mailbox.createPseudonym({ label: 'shop' })
  for (const denomination of ['10000', '50000']) await host.mailbox.buyStamp({ denomination })
  await world.until('they are held', async () => (await statesOf(host)).every((state) => state.endsWith('held')))
  for (const number of [0, 1]) await host.mailbox.redeemStamp({ number, to: 'shop' })
  const isDone = async () => (await statesOf(host)).every((state) => state.endsWith('redeemed'))
  await world.until('both are redeemed', isDone, 2 * epochMs)
  const { balance, reserve } = (await host.mailbox.pseudonyms())[1]!
  t.equal(BigInt(balance) + BigInt(reserve), 60_000n - 2n * inclusionFee)
})

test('a wish outlasts a crash, and a pseudonym that is retired gets nothing', async (t) => {
  const { world, host } = await ready(t)
  await host.mailbox.buyStamp({ denomination: '10000' })
  await world.until('it is held', async () => (await statesOf(host))[0]!.endsWith('held'))
  await host.mailbox.createPseudonym({ label: 'shop' })
  await host.mailbox.retirePseudonym({ address: 'shop' })
  await t.rejects(host.mailbox.redeemStamp({ number: 0, to: 'shop' }), { message: /“shop” is retired/ })
  const before = BigInt((await host.mailbox.pseudonyms())[0]!.balance)
  await host.mailbox.redeemStamp({ number: 0, to: 'default' })
  await world.pass(1_000)
  world.simulation.crash('host')
  const again = await world.start('host')
  await world.until('it is redeemed', async () => (await statesOf(again))[0]!.endsWith('redeemed'), 2 * epochMs)
  t.equal(BigInt((await again.mailbox.pseudonyms())[0]!.balance), before + 10_000n - inclusionFee)
})

test('a proof that fails is told of, and made again', async (t) => {
  const { world, host } = await ready(t)
  await host.mailbox.buyStamp({ denomination: '10000' })
  await world.until('it is held', async () => (await statesOf(host))[0]!.endsWith('held'))
  await host.mailbox.redeemStamp({ number: 0, to: 'default' })
  world.breakProver('Memory was short.')
  const noteOf = async () => (await host.mailbox.stamps())[0]!.note
  await world.until('it failed', async () => /failed, and it is tried again: Memory/.test(await noteOf()), 2 * epochMs)
  await host.mailbox.buyStamp({ denomination: '50000' })
  await world.until('another is held', async () => (await statesOf(host))[1]?.endsWith('held') ?? false)
  await host.mailbox.redeemStamp({ number: 1, to: 'default' })
  await world.until('the other arrives', async () => (await statesOf(host))[1]!.endsWith('redeemed'), 2 * epochMs)
  t.match(await noteOf(), /tried again/, 'and is kept from nothing')
  world.breakProver(undefined)
  await world.until('it is redeemed', async () => (await statesOf(host))[0]!.endsWith('redeemed'), 2 * epochMs)
  t.equal(await noteOf(), '')
})

test('a new device finds every stamp from the phrase', async (t) => {
  const { world, host } = await ready(t)
  // More than one look ahead reaches.
  for (let round = 0; round < 5; round++) {
    for (let left = 4; left > 0; left--) await host.mailbox.buyStamp({ denomination: '10000' })
    await world.pass(2_000)
  }
  await host.mailbox.redeemStamp({ number: 3, to: 'default' })
  await world.until('it is redeemed', async () => (await statesOf(host))[3]!.endsWith('redeemed'), 2 * epochMs)
  const other = await world.start('other')
  await world.until('it has the log', async () => other.node.synced(), 60_000)
  t.equal((await statesOf(other)).length, 20)
  t.same(await statesOf(other), await statesOf(host))
  t.same(denominations.map(other.node.sales.of), denominations.map(host.node.sales.of))
})

test('two devices that buy with one pseudonym at once buy one stamp, and pay once', async (t) => {
  const { world, host } = await ready(t)
  const other = await world.start('other')
  await world.until('it has the log', async () => other.node.synced(), 60_000)
  const before = BigInt((await host.mailbox.pseudonyms())[0]!.balance)
  const outcomes = await outcomesOf(world, [
    [host, await host.mailbox.buyStamp({ denomination: '10000' })],
    [other, await other.mailbox.buyStamp({ denomination: '50000' })],
  ])
  t.same(outcomes.map(({ state }) => state).sort(), ['refused', 'settled'])
  t.match(
    outcomes.find(({ state }) => state === 'refused'),
    { note: sentences['note-repeated'] },
    'the other is told to buy again',
  )
  const held = await host.mailbox.stamps()
  t.equal(held.length, 1)
  t.same(await statesOf(other), await statesOf(host))
  const after = BigInt((await host.mailbox.pseudonyms())[0]!.balance)
  t.equal(before - after, BigInt(held[0]!.denomination) + inclusionFee)
})

test('two devices that buy with two pseudonyms at once buy one stamp, and the other is bought again', async (t) => {
  const { world, host } = await ready(t)
  const shop = await host.mailbox.createPseudonym({ label: 'shop' })
  await host.mailbox.sponsor({ request: shop.request, amount: '200000' })
  const other = await world.start('other')
  await world.until('it found the shop', async () => (await other.mailbox.pseudonyms()).length === 2, 60_000)
  const wealth = async () => (await host.mailbox.pseudonyms()).reduce((sum, { balance }) => sum + BigInt(balance), 0n)
  const before = await wealth()
  const outcomes = await outcomesOf(world, [
    [host, await host.mailbox.buyStamp({ denomination: '10000' })],
    [other, await other.mailbox.buyStamp({ denomination: '10000', from: shop.address })],
  ])
  t.same(outcomes.map(({ state }) => state).sort(), ['refused', 'settled'])
  t.same(await statesOf(host), ['0 10000 held'])
  // Whoever is refused by a peer that has the other one's in a batch already pays nothing.
  const fees = before - (await wealth()) - 10_000n
  t.ok(fees === inclusionFee || fees === 2n * inclusionFee, `one stamp is paid, and ${fees} for inclusion`)
  await (outcomes[0]!.state === 'refused'
    ? host.mailbox.buyStamp({ denomination: '10000' })
    : other.mailbox.buyStamp({ denomination: '10000', from: shop.address }))
  await world.until('both are held', async () => (await statesOf(other)).join() === '0 10000 held,1 10000 held')
  t.same(await statesOf(host), await statesOf(other))
  await host.mailbox.redeemStamp({ number: 0, to: 'default' })
  await other.mailbox.redeemStamp({ number: 1, to: shop.address })
  const isDone = async () => (await statesOf(host)).join() === '0 10000 redeemed,1 10000 redeemed'
  await world.until('both are redeemed', isDone, 3 * epochMs)
})

test('nothing is written under a retired pseudonym, and what came to it stays', async (t) => {
  const { world, host } = await ready(t)
  const { mailbox } = host
  const shop = await mailbox.createPseudonym({ label: 'shop' })
  await mailbox.sponsor({ request: shop.request, amount: '100000' })
  await world.until('it is registered', async () => (await mailbox.pseudonyms())[1]!.registered)
  const first = (await mailbox.pseudonyms())[0]!.address
  t.match(await mailbox.retirePseudonym({ address: 'default' }), { label: 'default', retired: true })
  const raw = Buffer.from('Subject: x\r\n\r\nx\r\n').toString('base64')
  const refused = { message: /“default” is retired.*--as/ }
  await t.rejects(mailbox.send({ from: 'default', to: [shop.address], raw }), refused)
  await t.rejects(mailbox.quote({ from: first, to: [shop.address], raw }), refused)
  const { message } = await mailbox.send({ to: [first], raw })
  t.equal(message.from, shop.address, 'the next one is taken where none is named')
  const inbox = () => mailbox.messages({ folder: 'inbox' })
  await world.until('it can be read', async () => (await inbox())[0]?.state === 'released')
  const ended = await mailbox.ack({ id: message.id, verdict: 'value' })
  t.equal(ended.state, 'submitted', 'and it is acknowledged')
  await mailbox.retirePseudonym({ address: 'shop' })
  await t.rejects(mailbox.quote({ to: [first], raw }), { code: 'not-found', message: /All of your.*pseudonym new/ })
  t.equal((await mailbox.contacts()).length, 0, 'other things go on')
})

test('a contact names every pseudonym that a grant ties to it', async (t) => {
  const { world, host } = await ready(t)
  const { mailbox } = host
  const shop = await mailbox.createPseudonym({ label: 'shop' })
  await mailbox.sponsor({ request: shop.request, amount: '100000' })
  const friend = await mailbox.createPseudonym({ label: 'friend' })
  await mailbox.sponsor({ request: friend.request, amount: '100000' })
  await world.until('all are registered', async () => (await mailbox.pseudonyms()).every((own) => own.registered))
  await mailbox.setContact({ name: 'anna', address: friend.address })
  await mailbox.grant({ from: 'default', to: 'anna', payer: 'sender', allowance: '0' })
  const first = (await mailbox.pseudonyms())[0]!.address
  await mailbox.grant({ from: 'friend', to: shop.address, payer: 'sender', allowance: '0' })
  await world.until('both are settled', async () => (await mailbox.contacts())[0]!.pseudonyms.length === 2)
  t.match((await mailbox.contacts())[0], { pseudonyms: ['default', 'shop'], granted: { payer: 'sender' } })
  t.equal(
    encodeAddress(addressOf(signingKeyOf(signingPrivateKey(world.keystore('ada'), { pseudonym: 0, generation: 0 })))),
    first,
  )
})
