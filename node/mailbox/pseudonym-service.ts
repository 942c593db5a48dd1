/** What people can ask about their pseudonyms: to make, register, sponsor, renew and retire them, and what strangers must bring. */
import type { Context } from '../../protocol/context.ts'
import type { Action } from '../../protocol/operations.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { readingOfReader } from '../../protocol/reader.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Outbox } from './outbox.ts'
import type { Relay } from '../peers/relay.ts'
import type { Clock } from '../seams.ts'
import type { Habit, Presence } from '../habit.ts'
import { type Pseudonym, Refusal, type Service, type Submitted } from '../service.ts'
import { newName } from './new-name.ts'
import { type Lack, lackOf } from './lack.ts'
import { accountOf } from './signing.ts'
import { readRequest, requestOf } from './sponsorship.ts'
import { pseudonymOf, submittedOf } from './views.ts'

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view' | 'head'>
    readonly relay: Pick<Relay, 'followShards'>
    readonly seams: { readonly clock: Pick<Clock, 'now'> }
  }
  readonly wallet: Wallet
  readonly outbox: Pick<Outbox, 'submit' | 'act'>
  /** Gives what the log says of one of ours over all of its epochs. */
  readonly presence: () => Promise<(own: Own) => Presence>
}

export function createPseudonymService({ node, wallet, outbox, presence }: Options) {
  const { context, replica, relay, seams } = node

  async function viewOf(own: Own): Promise<Pseudonym> {
    const [now, headTime] = [BigInt(seams.clock.now()), replica.head.sealed.header.time]
    const key = own.address
    const view = await replica.view([
      { table: 'policies', key },
      { table: 'readers', key },
    ])
    return pseudonymOf(context.rules, own, await accountOf(replica, key), {
      policy: view.read('policies', key),
      strangersLetters: readingOfReader(view, key),
      time: now > headTime ? now : headTime,
      request: await requestOf(context.network, wallet, own),
      presence: (await presence())(own),
    })
  }

  /** A habit that can be lived by. Throws Refusal. */
  function habitOf({ warm, skipPercent, show, tier }: Habit): Habit {
    const { scores } = context.rules.reputation
    if (show === 'best' && tier !== 0)
      throw new Refusal('bad-request', `The best tier is to be shown, and tier ${tier} is named. Give one of the two.`)
    if (tier > scores.length)
      throw new Refusal('tier-unknown', `This network has no tier ${tier}. Name one from 0 to ${scores.length}.`)
    if (warm && skipPercent === 100)
      throw new Refusal('bad-request', 'It is to be kept warm, and to sit out every epoch. Give one of the two.')
    return { warm, skipPercent, show, tier }
  }

  /** Move a pseudonym to its next keys. The op proves that we have the new signing key, so it is made for its nonce. */
  async function rekey(own: Own): Promise<Submitted> {
    await wallet.renew(own)
    const renewed = wallet.pick(own.text)
    const { signingKey, sealKey } = await wallet.keys(renewed)
    const { outgoing } = await outbox.submit(renewed, (nonce) => {
      const signature = wallet.signWith(renewed, rekeyHash(context.network, { account: own.address, nonce }))
      return { action: { TAG: 'rekey', data: { signing: { key: signingKey, signature }, sealKey } } }
    })
    return submittedOf(outgoing)
  }

  return {
    pseudonyms: () => Promise.all(wallet.own.map(viewOf)),
    async createPseudonym({ label }) {
      const labels = wallet.own.map((own) => own.label)
      const own = await wallet.create(newName(label, labels))
      relay.followShards()
      return viewOf(own)
    },
    async retirePseudonym({ address }) {
      await wallet.retire(wallet.pick(address))
      return viewOf(wallet.pick(address))
    },
    async changeHabit({ address, ...habit }) {
      const own = wallet.pick(address)
      await wallet.changeHabit(own, habitOf(habit))
      return viewOf(wallet.pick(own.text))
    },
    async register({ address }) {
      const own = wallet.pick(address)
      return outbox.act(own, await registrationOf(wallet, own, await lackOf(replica, own.address)))
    },
    async sponsor({ from, request, amount }) {
      const { consent, ...keys } = readRequest(request)
      const sponsorship = { amount: BigInt(amount), consent }
      return outbox.act(wallet.pick(from), { TAG: 'register', data: { ...keys, sponsorship } })
    },
    rekey: async ({ address }) => rekey(wallet.pick(address)),
    policy: async ({ address, leastFee, leastTier }) =>
      outbox.act(wallet.pick(address), { TAG: 'policy', data: { leastFee: BigInt(leastFee), leastTier } }),
  } satisfies Partial<Service>
}

/** The op by which one of our addresses registers itself, with its first keys; or what it lacks of them alone. */
export async function registrationOf(
  wallet: Pick<Wallet, 'keys'>,
  { index, generation }: Pick<Own, 'index' | 'generation'>,
  lack?: Lack,
): Promise<Action> {
  if (lack === 'seal key') {
    const { sealKey } = await wallet.keys({ index, generation })
    return { TAG: 'rekey', data: { signing: undefined, sealKey } }
  }
  const keys = await wallet.keys({ index, generation: 0 })
  return { TAG: 'register', data: { ...keys, sponsorship: undefined } }
}
