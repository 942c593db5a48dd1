/** Following one random log with a contract and with `custody.ts`, word by word after each entry. */
import { type Hex, numberToHex } from 'viem'
import { bytesToHex } from 'viem'
import { network } from '../fixtures.ts'
import { batchOf, type Chain, deployCustody, type Frame } from './chain.ts'
import { diceOf, frameOf, outside, people, registration } from './logs.ts'
import { accountSlotOf, allowanceSlotOf, createModel } from './model.ts'

/** How often what became of something. */
export type Count = Map<string, number>

/** Follow one log; throws where the two differ, with the seed and the entry. */
export async function followLog(chain: Chain, seed: string, count: Count, bytecode?: Hex): Promise<void> {
  const dice = diceOf(seed)
  const { number, pick, percent } = dice
  const payees = [people[4]!.address]
  const custody = await deployCustody(chain, { network, payees }, bytecode)
  const model = createModel(payees)
  const past: Frame[] = []
  const note = (name: string): void => void count.set(name, (count.get(name) ?? 0) + 1)
  let seconds = Number((await chain.rpc<{ timestamp: Hex }>('eth_getBlockByNumber', 'latest', false)).timestamp)

  for (const { address } of people.slice(0, 3)) await into(address, BigInt(number(1_000, 9_000)))
  await postAll(people.slice(0, 3).map(registration))
  for (let left = number(12, 24); left > 0; left--) {
    if (percent(6)) await into(pick(people).address, BigInt(number(1, 5_000)))
    else if (percent(4)) await collect(bytesToHex(pick(outside)))
    else await post(percent(80) ? 1 : number(2, 5))
  }

  async function into(to: Uint8Array, amount: bigint): Promise<void> {
    const { status } = await custody.deposit(to, amount)
    model.deposit(to, amount)
    await hold(status === '0x1', 'a deposit')
    note('deposit')
  }

  async function collect(to: Hex): Promise<void> {
    const amount = model.collect(to)
    const before = BigInt(await chain.rpc<Hex>('eth_getBalance', to, 'latest'))
    const { status } = await custody.collect(to)
    const after = BigInt(await chain.rpc<Hex>('eth_getBalance', to, 'latest'))
    await hold((status === '0x1') === amount > 0n && after - before === amount * custody.unit, 'a collection')
    note(amount > 0n ? 'collected' : 'nothing to collect')
  }

  async function post(length: number): Promise<void> {
    const time = BigInt(seconds + 1) * 1_000n
    const frames: Frame[] = []
    // Those behind the first are wished for by what was before it, and may be void for that.
    while (frames.length < length) frames.push(frameOf({ ...dice, view: model.view, past, time }))
    await postAll(frames)
  }

  async function postAll(frames: readonly Frame[]): Promise<void> {
    past.push(...frames)
    seconds += number(1, 60)
    const time = BigInt(seconds) * 1_000n
    await chain.rpc('evm_setNextBlockTimestamp', seconds)
    const { status, logs } = await custody.post(batchOf(frames))
    const became = model.post(frames, time)
    for (const name of became) note(name)
    await hold(
      status === '0x1' && logs.length > 0,
      `${became.join(', ')}: ${frames.map(({ bytes }) => bytesToHex(bytes)).join(' ')}`,
    )
  }

  /** Throws unless it holds, and each word is as it should be. */
  async function hold(holds: boolean, what: string): Promise<void> {
    const where = `${seed}, entry ${model.entries}, ${what}`
    if (!holds) throw new Error(`the contract does something else: ${where}`)
    const words = model.words()
    // Also of what there is nothing of.
    const all = [...people.map(({ address }) => address), ...payees]
    for (const address of all) words.set(accountSlotOf(address), words.get(accountSlotOf(address)) ?? 0n)
    for (const granter of all)
      for (const sender of all) {
        const slot = allowanceSlotOf(granter, sender)
        words.set(slot, words.get(slot) ?? 0n)
      }
    const slots = [...words.keys()]
    const found = await chain.words(custody.address, slots)
    for (const [at, slot] of slots.entries())
      if (found[at] !== words.get(slot))
        throw new Error(
          `word ${slot} is ${numberToHex(found[at]!)}, and should be ${numberToHex(words.get(slot)!)}: ${where}`,
        )
  }
}
