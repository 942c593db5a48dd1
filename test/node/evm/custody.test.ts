// Slow: it runs a chain.
/**
 * The contract on a real chain: what comes in and goes out, by whom, what it refuses, and that it holds, word by word, what
 * `custody.ts` says. The long part is `npm run test:chain`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { type Abi, bytesToHex, encodeFunctionData, type Hex } from 'viem'
import { action, network, seedOf } from '../../kit/fixtures.ts'
import { batchOf, type Chain, type Deployed, deployCustody, postData, startChain } from '../../kit/evm/chain.ts'
import { type Count, followLog } from '../../kit/evm/follow.ts'
import { frameBy, people, registration } from '../../kit/evm/logs.ts'
import { accountSlotOf } from '../../kit/evm/model.ts'
import { compile } from './compile.ts'

const [ada, bob, cyd] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
const chain = await startChain()
const [, stranger] = chain.accounts as [Hex, Hex]
const troubleSource = readFileSync(join(import.meta.dirname, '../../kit/evm/Trouble.sol'), 'utf8')
const trouble = compileAll(['Token', 'Refuser', 'Returner', 'Relay'])

function compileAll<Name extends string>(names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, compile(troubleSource, name)])) as Record<
    Name,
    ReturnType<typeof compile>
  >
}
const make = (name: keyof typeof trouble, ...args: unknown[]): Promise<Hex> =>
  chain.deploy(trouble[name].abi as Abi, trouble[name].bytecode, args)
const callOf = (name: keyof typeof trouble, functionName: string, ...args: unknown[]): Hex =>
  encodeFunctionData({ abi: trouble[name].abi as Abi, functionName, args })

const hexOf = (text: string): Hex => bytesToHex(seedOf(text).slice(0, 20))
const balance = async (of: Hex): Promise<bigint> => BigInt(await chain.rpc<Hex>('eth_getBalance', of, 'latest'))
const fundsOf = async ({ address }: Deployed, who: { address: Uint8Array }): Promise<bigint> =>
  (await chain.words(address, [accountSlotOf(who.address)]))[0]! & (2n ** 56n - 1n)
const isDone = ({ status }: { status: Hex }): boolean => status === '0x1'
const why = (transaction: Parameters<Chain['call']>[0]): Promise<string> =>
  chain.call(transaction).then(
    () => 'it is done',
    ({ message }: Error) => message,
  )
const withdrawal = (to: Hex, amount: bigint, nonce: bigint) =>
  frameBy(ada, action('withdraw', { to: Uint8Array.from(Buffer.from(to.slice(2), 'hex')), amount }), { nonce })

/** A contract at which Ada is registered, with 1,000 units, and took out so many to an address. */
async function withAda(to: Hex, amount: bigint, terms: Partial<Parameters<typeof deployCustody>[1]> = {}) {
  const custody = await deployCustody(chain, { network, ...terms })
  const value = terms.token ? 0n : undefined
  if (!isDone(await custody.deposit(ada.address, 1_000n, value))) throw new Error('nothing is deposited')
  const posted = await custody.post(batchOf([registration(ada), withdrawal(to, amount, 1n)]))
  if (!isDone(posted)) throw new Error('nothing is posted')
  return custody
}

test('custody on a chain: a deposit is for an address, known or not, in whole units, and counted', async (t) => {
  const custody = await deployCustody(chain, { network, unit: 7n })
  t.ok(isDone(await custody.deposit(ada.address, 5n)))
  t.ok(
    isDone(
      await chain.send({ from: stranger, to: custody.address, data: custody.depositData(ada.address, 3n), value: 21n }),
    ),
  )
  t.equal(await fundsOf(custody, ada), 8n)
  t.equal(await balance(custody.address), 56n)
  for (const [amount, value, reason] of [
    [5n, 34n, /Send as many units/],
    [5n, 36n, /Send as many units/],
    [0n, 0n, /at least 1 unit/],
    [2n ** 255n, 0n, /no more than the cap/],
  ] as const) {
    t.notOk(isDone(await custody.deposit(ada.address, amount, value)))
    t.match(await why({ to: custody.address, data: custody.depositData(ada.address, amount), value }), reason)
  }
  t.match(await why({ to: custody.address, data: custody.depositData(new Uint8Array(20), 1n), value: 7n }), /nobody/)
  t.notOk(isDone(await chain.send({ to: custody.address, value: 7n })), 'coins alone belong to nobody')
  t.equal(await fundsOf(custody, ada), 8n)
})

test('custody on a chain: a withdrawal is paid once, whoever asks, and to nobody else', async (t) => {
  const to = hexOf('somebody outside')
  const custody = await withAda(to, 400n)
  t.equal(await fundsOf(custody, ada), 600n)
  t.equal(await balance(to), 0n)
  t.ok(isDone(await custody.collect(to, stranger)), 'by another')
  t.equal(await balance(to), 400_000n)
  t.notOk(isDone(await custody.collect(to)), 'twice')
  t.match(await why({ to: custody.address, data: custody.collectData(to) }), /Nothing waits/)
  t.notOk(isDone(await custody.collect(stranger)), 'to another')
  const again = await custody.post(batchOf([withdrawal(to, 400n, 1n)]))
  t.ok(isDone(again), 'the same operation is void, and posted all the same')
  t.equal(await fundsOf(custody, ada), 600n)
  t.notOk(isDone(await custody.collect(to)))
  t.strictSame([await balance(to), await balance(custody.address)], [400_000n, 600_000n])
})

test('custody on a chain: a receiver that reverts harms itself alone', async (t) => {
  const refuser = await make('Refuser')
  const custody = await withAda(refuser, 400n)
  const other = hexOf('another outside')
  t.ok(isDone(await custody.post(batchOf([withdrawal(other, 50n, 2n)]))))
  t.notOk(isDone(await custody.collect(refuser)))
  t.match(await why({ to: custody.address, data: custody.collectData(refuser) }), /refuses to be paid/)
  t.ok(isDone(await custody.collect(other)), 'others are paid')
  t.ok(isDone(await chain.send({ to: refuser, data: callOf('Refuser', 'relent') })))
  t.ok(isDone(await custody.collect(refuser)), 'and it is, once it takes it')
  t.equal(await balance(refuser), 400_000n)
})

test('custody on a chain: a receiver that comes back gets nothing for it', async (t) => {
  for (const deposits of [false, true]) {
    const custody = await deployCustody(chain, { network, unit: 1n })
    const returner = await make('Returner', custody.address, deposits)
    await custody.deposit(ada.address, 1_000n)
    await custody.post(batchOf([registration(ada), withdrawal(returner, 1n, 1n)]))
    t.notOk(isDone(await custody.collect(returner)), deposits ? 'and deposits' : 'and collects')
    t.strictSame([await balance(returner), await balance(custody.address)], [0n, 1_000n])
  }
})

test('custody on a chain: of a token what arrives counts, and what it refuses is not done', async (t) => {
  for (const [fee, isSilent, arrives] of [
    [0n, false, 1_000n],
    [0n, true, 1_000n],
    [10n, false, 900n],
    [100n, false, 0n],
  ] as const) {
    const token = await make('Token', fee, isSilent)
    const custody = await deployCustody(chain, { network, token, unit: 3n })
    const mint = callOf('Token', 'mint', chain.accounts[0], 3_000n)
    await chain.send({ to: token, data: mint })
    t.equal(isDone(await custody.deposit(ada.address, 1_000n, 0n)), arrives > 0n, `a fee of ${fee} of a hundred`)
    t.equal(await fundsOf(custody, ada), arrives)
    await chain.send({ to: token, data: mint })
    t.notOk(isDone(await custody.deposit(ada.address, 1_000n, 1n)), 'no coins besides')
    await chain.send({ to: token, data: callOf('Token', 'stop', true) })
    t.notOk(isDone(await custody.deposit(ada.address, 1_000n, 0n)), 'it refuses')
    t.equal(await fundsOf(custody, ada), arrives)
    await chain.send({ to: token, data: callOf('Token', 'stop', false) })
    if (arrives === 0n) continue
    const to = hexOf(`outside, of ${fee} ${isSilent}`)
    await custody.post(batchOf([registration(ada), withdrawal(to, 100n, 1n)]))
    t.ok(isDone(await custody.collect(to)))
    const held = await chain.call({ to: token, data: callOf('Token', 'balanceOf', to) })
    t.equal(BigInt(held), 300n - (300n * fee) / 100n)
    t.notOk(isDone(await custody.collect(to)))
  }
})

test('custody on a chain: a token that comes back counts nothing twice', async (t) => {
  const token = await make('Token', 0n, true)
  const custody = await deployCustody(chain, { network, token, unit: 1n })
  await chain.send({ to: token, data: callOf('Token', 'mint', chain.accounts[0], 100n) })
  await chain.send({ to: token, data: callOf('Token', 'mint', token, 40n) })
  await chain.send({ to: token, data: callOf('Token', 'callBack', custody.depositData(bob.address, 40n)) })
  t.notOk(isDone(await custody.deposit(ada.address, 100n, 0n)))
  t.strictSame([await fundsOf(custody, ada), await fundsOf(custody, bob)], [0n, 0n])
})

test('custody on a chain: there is never more than the cap, and what leaves makes room', async (t) => {
  const custody = await deployCustody(chain, { network, cap: 1_000n })
  t.notOk(isDone(await custody.deposit(ada.address, 1_001n)))
  t.ok(isDone(await custody.deposit(ada.address, 999n)))
  t.ok(isDone(await custody.deposit(bob.address, 1n)))
  t.notOk(isDone(await custody.deposit(bob.address, 1n)))
  t.match(await why({ to: custody.address, data: custody.depositData(bob.address, 1n), value: 1_000n }), /the cap/)
  const to = hexOf('outside the cap')
  await custody.post(batchOf([registration(ada), withdrawal(to, 300n, 1n)]))
  t.notOk(isDone(await custody.deposit(bob.address, 301n)))
  t.ok(isDone(await custody.deposit(bob.address, 300n)))
})

test('custody on a chain: what is wrong with a contract’s terms is said, and there is none', async (t) => {
  const token = hexOf('no token')
  for (const [terms, reason] of [
    [{ unit: 0n }, /A unit is at least 1/],
    [{ unit: 2n ** 128n }, /A unit is at least 1/],
    [{ cap: 0n }, /The cap is at least 1/],
    [{ cap: 2n ** 56n }, /The cap is at least 1/],
    [{ token }, /There is no token/],
    [{ payees: [ada.address, ada.address] }, /named twice/],
    [{ payees: [new Uint8Array(20)] }, /nobody/],
  ] as const)
    await t.rejects(deployCustody(chain, { network, ...terms }), reason)
})

test('custody on a chain: a chain without the precompile is refused in a sentence', async (t) => {
  const before = await startChain({ hardfork: 'prague' })
  t.teardown(() => before.stop())
  await t.rejects(
    deployCustody(before, { network }),
    /This chain cannot check signatures by P-256.*Choose one that has/,
  )
})

test('custody on a chain: a post stands in a transaction, in one form', async (t) => {
  const custody = await withAda(hexOf('nobody waits'), 1n)
  const batch = batchOf([withdrawal(hexOf('by way of another'), 1n, 2n)])
  const relay = await make('Relay')
  const relayed = callOf('Relay', 'post', custody.address, bytesToHex(batch))
  t.match(await why({ to: relay, data: relayed }), /daemons read the log there/)
  t.notOk(isDone(await chain.send({ to: relay, data: relayed })))
  // An account with code can call from within a transaction that is its own.
  await chain.rpc('anvil_setCode', stranger, `0xef0100${relay.slice(2)}`)
  t.notOk(isDone(await chain.send({ from: stranger, to: stranger, data: relayed })))
  t.notOk(isDone(await custody.post(batch, stranger)))
  await chain.rpc('anvil_setCode', stranger, '0x')
  t.notOk(isDone(await chain.send({ to: custody.address, data: elsewhere(batch) })), 'the ABI can say it otherwise')
  t.match(await why({ to: custody.address, data: elsewhere(batch) }), /Encode the batch/)
  for (const broken of [new Uint8Array(0), batch.slice(0, -1), batch.slice(0, 1), Uint8Array.of(...batch, 0)]) {
    t.notOk(isDone(await custody.post(broken)), `${broken.length} bytes`)
    t.match(await why({ to: custody.address, data: postData(broken) }), /each whole, and nothing behind/)
  }
  t.equal(await custody.simulate(batch), '0x01')
  t.ok(isDone(await custody.post(batch, stranger)), 'anybody may')
})

/** The call with its bytes a word further on. */
function elsewhere(batch: Uint8Array): Hex {
  const [selector, rest] = [postData(batch).slice(0, 10), postData(batch).slice(74)]
  return `${selector}${'40'.padStart(64, '0')}${'0'.repeat(64)}${rest}` as Hex
}

test('custody on a chain: without gas for a signature nothing becomes void', async (t) => {
  const custody = await withAda(hexOf('nobody waits'), 1n)
  const batch = batchOf([withdrawal(hexOf('with little gas'), 1n, 2n)])
  const used = Number(
    await chain.rpc<Hex>('eth_estimateGas', {
      from: stranger,
      to: custody.address,
      data: postData(batch),
      gas: '0xf42400',
    }),
  )
  let refused = 0
  for (let gas = Math.floor(used / 3); gas < used; gas += Math.floor(used / 150)) {
    const answer = await chain
      .rpc<Hex>(
        'eth_call',
        { from: stranger, to: custody.address, data: postData(batch), gas: `0x${gas.toString(16)}` },
        'latest',
      )
      .catch(() => undefined)
    if (answer === undefined) refused++
    else t.match(answer, /01(00)*$/, `${gas} gas`)
  }
  t.ok(refused > 50)
})

test('custody on a chain: over random logs it holds, word by word, what custody.ts says', async (t) => {
  const count: Count = new Map()
  for (let log = 0; log < 6; log++) await followLog(chain, `log ${log}`, count)
  t.ok((count.get('settled') ?? 0) > 40, JSON.stringify([...count]))
})

test('custody on a chain: it ends', async () => chain.stop())
