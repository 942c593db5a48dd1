/** What a letter paid that a host let into a batch although it is no mail: whoever got it gives it back, once. */
import { type Test, test } from 'tap'
import { type Action, operationOf } from '../../../protocol/operations.ts'
import { SignedPart, type Payment } from '../../../protocol/money.ts'
import { opIdOfSigned, type Op, partOfOp, SignedOp, unsigned } from '../../../protocol/wire.ts'
import { equalBytes } from '../../../protocol/codec.ts'
import { readLogAgain } from '../../../node/mailbox/cabinet.ts'
import { createDevices, type Device, type Devices } from '../../kit/devices.ts'
import { anyBatch } from '../../kit/dishonest-host.ts'
import { seedOf } from '../../kit/fixtures.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'

const batchIntervalMs = 500
/** By then whatever is given back has been. */
const longMs = 400 * batchIntervalMs

/** Ada and Bob, registered, and a host that includes whatever it likes. */
async function meeting(t: Test) {
  const world = await createDevices(t, {
    people: ['olga', 'ada', 'bob'],
    funds: 1_000_000n,
    changes: { batchIntervalMs },
    proofs: honestProofs,
  })
  const host = await world.start('host')
  const [ada, bob] = [await world.start('ada', { of: 'ada' }), await world.start('bob', { of: 'bob' })]
  for (const { mailbox } of [ada, bob])
    await world.until('it is registered', async () => (await mailbox.pseudonyms())[0]!.registered)
  const entries = (...made: readonly Uint8Array[]) => included(world, [host, ada, bob], made)
  return { world, host, ada, bob, entries, fee: host.node.context.rules.inclusionFee }
}

/** Have the host put entries into a batch, and everybody take it. */
async function included(world: Devices, [host, ...others]: readonly Device[], entries: readonly Uint8Array[]) {
  const batch = await anyBatch(host!.node, { hostKey: world.hostKey, entries })
  for (const { node } of [host!, ...others]) {
    await world.until(
      'it has what came before',
      () => node.replica.head.sealed.header.height >= batch.sealed.header.height - 1n,
    )
    await node.replica.accept(batch)
  }
}

const ownOf = ({ wallet }: Device) => wallet.own[0]!
const balanceOf = async ({ mailbox }: Device) => BigInt((await mailbox.pseudonyms())[0]!.balance)

type Wish = {
  readonly action: Action
  readonly lines: readonly Payment[]
  readonly after?: bigint
  readonly expiry?: bigint
  /** What stands where it says what it says as mail. */
  readonly mail?: Uint8Array
}

/** Sign what pays these lines and burns nothing, after so many others of its author's. */
async function paying(by: Device, { action, lines, after = 0n, expiry, mail }: Wish): Promise<Uint8Array> {
  const { context, replica, seams } = by.node
  const { address: account } = ownOf(by)
  const { nonce } = (await replica.view([{ table: 'accounts', key: account }])).read('accounts', account)!
  const head = { account, nonce: nonce + after, expiry: expiry ?? BigInt(seams.clock.now() + 60_000) }
  const op: Op = { ...head, burn: 0n, share: undefined, lines, action }
  const part = { ...partOfOp(op), ...(mail && { mail }) }
  const id = opIdOfSigned(context.network, SignedPart.encode({ part, signature: unsigned }))
  return SignedPart.encode({ part, signature: by.wallet.signWith(ownOf(by), id) })
}

/** A letter to somebody under keepers that there are not. */
const letter = (by: Device, to: Device, amount: bigint, more: Pick<Wish, 'after' | 'mail'> = {}) =>
  paying(by, {
    lines: [{ address: ownOf(to).address, amount, from: 'funds' }],
    action: {
      TAG: 'send',
      data: {
        recipients: [ownOf(to).address],
        envelopeHash: seedOf(`${amount}`),
        sizeClass: 0,
        lifetimeDays: 30,
        keeperSet: 99,
        epochKey: undefined,
        automatic: false,
      },
    },
    ...more,
  })

/** What the log has of payments from one to another. */
async function payments({ node: { store } }: Device, from: Device, to: Device): Promise<bigint[]> {
  const amounts: bigint[] = []
  for await (const { ops } of store.batches(1n))
    for (const bytes of ops) {
      const { part } = SignedPart.decode(bytes)
      if (part.kind !== operationOf({ TAG: 'transfer' } as Action).number) continue
      const { account, lines } = SignedOp.decode(bytes).op
      const [line] = lines
      if (equalBytes(account, ownOf(from).address) && equalBytes(line!.address, ownOf(to).address))
        amounts.push(line!.amount)
    }
  return amounts.sort((a, b) => Number(a - b))
}

test('what undelivered letters paid goes back, out of what they brought, and once over restarts and on a new device', async (t) => {
  const { world, host, ada, bob, entries, fee } = await meeting(t)
  const before = [await balanceOf(ada), await balanceOf(bob)] as const
  await entries(
    await letter(ada, bob, 5_000n),
    await letter(ada, bob, 3_000n, { after: 1n, mail: new Uint8Array(7) }),
    await letter(ada, bob, 2n * fee, { after: 2n }),
    await letter(ada, bob, 2n * fee - 1n, { after: 3n }),
  )
  await world.until('what was paid is there', async () => (await balanceOf(bob)) === before[1] + 8_000n + 4n * fee - 1n)
  const given = [fee, 3_000n - fee, 5_000n - fee]
  await world.until('it is given back', async () => (await payments(host, bob, ada)).length === given.length, longMs)
  t.strictSame(await payments(host, bob, ada), given)
  await world.pass(longMs)
  t.strictSame(await payments(host, bob, ada), given, 'once')
  t.equal(await balanceOf(bob), before[1] + 2n * fee - 1n, 'all of it came out of what they brought')
  t.equal(await balanceOf(ada), before[0] - 3n * fee - (2n * fee - 1n))
  t.strictSame(await bob.mailbox.messages({ folder: 'inbox' }), [], 'and nothing of it is a letter')

  world.simulation.crash('bob')
  const restarted = await world.start('bob', { of: 'bob' })
  await world.pass(longMs)
  await restarted.node.store.write([readLogAgain])
  await world.pass(longMs)
  const another = await world.start('bob, with the phrase alone', { of: 'bob' })
  await world.until('it has the log', () => another.node.synced())
  await world.pass(longMs)
  t.strictSame(await payments(host, bob, ada), given, 'no restart gives it back again, nor does another device')
})

test('what is given back is signed once, though the daemon is killed before a batch has it', async (t) => {
  const { world, host, ada, bob, entries, fee } = await meeting(t)
  await entries(await letter(ada, bob, 5_000n), await letter(ada, bob, 5_000n, { after: 1n }))
  world.simulation.cut(['ada', 'bob'])
  await world.until('it is signed', () => bob.node.pending.of(ownOf(bob).address).length > 0, longMs)
  world.simulation.crash('bob')
  await world.start('bob', { of: 'bob' })
  await world.pass(longMs)
  world.simulation.heal()
  await world.pass(2 * longMs)
  t.strictSame(await payments(host, bob, ada), [5_000n - fee, 5_000n - fee], 'for each of two that paid alike')
})

test('a payment that was meant as one is kept, though it does not count', async (t) => {
  const { world, host, ada, bob, entries } = await meeting(t)
  const { address } = ownOf(bob)
  const expiry = BigInt(ada.node.seams.clock.now() + 2 * ada.node.context.rules.expiryMaxMs)
  const data = { to: address, amount: 5_000n }
  const lines = [{ address, amount: 5_000n, from: 'funds' }] as const
  const before = await balanceOf(bob)
  await entries(await paying(ada, { action: { TAG: 'transfer', data }, lines, expiry }))
  await world.until('it is there', async () => (await balanceOf(bob)) === before + 5_000n)
  await world.pass(longMs)
  t.strictSame(await payments(host, bob, ada), [])
})
