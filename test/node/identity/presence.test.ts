/** Among whom a pseudonym is over all of its epochs: what is counted as the epochs go by is what the definition says. */
import { createHash } from 'node:crypto'
import { test } from 'tap'
import { createPresence } from '../../../node/identity/presence.ts'
import { usualHabit } from '../../../node/keys/keystore.ts'
import type { Own } from '../../../node/keys/wallet.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { encodeAddress } from '../../../protocol/address.ts'
import { drawing } from '../../kit/drawing.ts'
import { rules } from '../../kit/fixtures.ts'
import { addressOfName, createPassLog, type PassMade } from '../../kit/pass-log.ts'

const ownOf = (label: string, index = 0): Own => {
  const address = addressOfName(label)
  return { index, label, address, text: encodeAddress(address), generation: 0, retired: false, habit: usualHabit }
}

type Epoch = { readonly epoch: number; readonly passes: readonly PassMade[]; readonly renewals: number }

/** The definition, word by word. */
function definition(name: string, ours: readonly string[], log: readonly Epoch[]) {
  const passOf = (of: string, { passes }: Epoch) => passes.find(({ pseudonym }) => pseudonym === of)
  const there = log.filter((one) => passOf(name, one))
  const since = there[0]?.epoch
  const everybody = [...new Set(log.flatMap(({ passes }) => passes.map(({ pseudonym }) => pseudonym)))]
  const present = there.length === 0 ? [] : everybody.filter((other) => there.every((one) => passOf(other, one)))
  const alike = present.filter((other) =>
    there.every((one) => {
      const [mine, theirs] = [passOf(name, one)!, passOf(other, one)!]
      return mine.tier === theirs.tier && mine.checkpoint === theirs.checkpoint
    }),
  )
  const exactly = present.filter((other) =>
    log
      .filter(({ epoch }) => epoch >= since!)
      .every((one) => Boolean(passOf(other, one)) === Boolean(passOf(name, one))),
  )
  return {
    epochs: there.length,
    since: since ?? null,
    present: present.length,
    alike: alike.length,
    exactly: exactly.length,
    twins: ours.filter((other) => other !== name && exactly.includes(other)),
    identitiesLeast: Math.ceil(present.length / 4),
    identitiesMost: there.length === 0 ? 0 : Math.min(...there.map(({ renewals }) => renewals)),
  }
}

for (const seed of ['one', 'two', 'three'])
  test(`presence: as the definition says, after each epoch and from the beginning (${seed})`, async (t) => {
    const { percent, number, pick } = drawing(seededRandom(createHash('sha256').update(seed).digest(), 'presence'))
    const names = Array.from({ length: 24 }, (_, at) => `name ${at}`)
    const ours = ['name 0', 'name 1', 'name 2', 'nobody yet']
    const wallet = { own: ours.map(ownOf) }
    const { store, replica, begin, take } = createPassLog()
    const node = { context: { rules }, store, replica }
    const inSteps = createPresence({ node, wallet })
    const log: Epoch[] = []
    for (let epoch = 1; epoch <= 9; epoch++) {
      await begin(epoch)
      const asItIs = createPresence({ node, wallet })
      for (const presence of [await inSteps(), await asItIs()])
        for (const own of wallet.own)
          t.match(presence(own), definition(own.label, ours, log), `${own.label} in ${epoch}`)
      // The second of ours is there whenever the first is; everybody else comes and goes.
      const away = new Set(names.filter(() => percent(25)))
      if (away.has('name 0')) away.add('name 1')
      else away.delete('name 1')
      const passes = names
        .filter((name) => !away.has(name))
        .map((pseudonym) => ({ pseudonym, tier: percent(80) ? 0 : 1, checkpoint: pick([1, 1, 1, 2]) }))
      const renewals = number(10, 40)
      await take(epoch, passes, renewals)
      log.push({ epoch, passes, renewals })
    }
    const [first, second, , never] = (() => wallet.own)()
    const presence = await inSteps()
    t.same(presence(first!).twins, ['name 1'], 'they come and go together')
    t.match(presence(second!).advice, /same epochs as “name 0”, and .*--skip/)
    t.match(presence(never!).advice, /nothing can be said yet/)
    // A pseudonym that is taken up again after a recovery has epochs that were counted without it.
    const again = { own: wallet.own.slice(0, 1) }
    const later = createPresence({ node, wallet: again })
    await later()
    again.own = wallet.own
    const counted = await later()
    for (const own of wallet.own) t.match(counted(own), definition(own.label, ours, log.slice(0, 8)))
  })

test('presence: what whoever keeps one apart should do follows from what was counted', async (t) => {
  const { store, replica, begin, take } = createPassLog()
  const wallet: { own: Own[] } = { own: [ownOf('shop'), ownOf('club', 1)] }
  const node = { context: { rules }, store, replica }
  const strangers = (count: number, tier = 0) =>
    Array.from({ length: count }, (_, at) => ({ pseudonym: `stranger ${tier} ${at}`, tier }))
  await take(1, [{ pseudonym: 'shop', tier: 1 }, ...strangers(20), ...strangers(3, 1)])
  await begin(2)
  const adviceOf = async () => (await createPresence({ node, wallet })())(wallet.own[0]!).advice
  t.match(await adviceOf(), /Only 4 showed its tier .*`bmail pseudonym habit shop --at-most 0`/)
  await take(1, [{ pseudonym: 'shop', tier: 0 }, ...strangers(20)])
  t.match(await adviceOf(), /Enough others were there each time so far/)
  wallet.own = [{ ...wallet.own[0]!, label: 'my shop', habit: { ...usualHabit, warm: true } }, wallet.own[1]!]
  t.match(await adviceOf(), /kept warm, so it is seen whenever you are there/)
  await take(2, [{ pseudonym: 'shop', tier: 0 }, ...strangers(3)])
  await begin(3)
  t.match(await adviceOf(), /Only 4 had a pass in each of the 2 epochs.*habit 'my shop' --skip 30.*warm no more/)
})
