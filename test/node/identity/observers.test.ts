// Slow: it plays the lives of whole daemons through, four times over.
/**
 * The harness of `npm run observers`, on few people: whoever looks on finds each planted leak, by the fields that it shows in,
 * and on the public log, once people have arrived, nothing but what they are told of. With fewer people, chance hides leaks.
 */
import { test } from 'tap'
import { live, type Lived } from '../../observers/days.ts'
import { linkedBy, observers, sceneOf, toldOf } from '../../observers/observers.ts'
import { type Plant, plantings } from '../../observers/plants.ts'
import { SignedOp } from '../../../protocol/wire.ts'
import '../../kit/patience.ts'

const seed = process.env.SEED ?? 'observers'
const size = { seed, people: 9, pseudonyms: 3, awayFrom: Number.POSITIVE_INFINITY, progress: () => undefined }

const lived = (folder: string, plants: readonly Plant[]): Promise<Lived> => live({ ...size, folder, plants, epochs: 1 })

for (const plants of plantings)
  test(`observers: ${plants.map(({ leak }) => leak).join(', and ')}`, async (t) => {
    const scene = await sceneOf(await lived(t.testdir({}), plants))
    for (const observer of observers)
      for (const { leak, shownBy } of plants.filter((plant) => observer.finds.includes(plant))) {
        const { advantage, low, high, by, telling } = await linkedBy(observer, scene, seed)
        t.comment(
          `${observer.name}: ${advantage.toFixed(2)}, ${low.toFixed(2)} to ${high.toFixed(2)}, by ${by.join('; ')}`,
        )
        t.ok(advantage > 0.3, `${observer.name} finds ${leak}`)
        t.ok(
          telling.some((name) => shownBy.test(name)),
          'by what shows it',
        )
      }
  })

test('observers: on the public log nothing that people are not told of', async (t) => {
  const scene = await sceneOf(await lived(t.testdir({}), []))
  const log = observers[0]!
  const { advantage, low, high, by } = await linkedBy(log, scene, seed)
  const told = toldOf(log, scene, seed)
  t.comment(
    `${advantage.toFixed(2)}, ${low.toFixed(2)} to ${high.toFixed(2)}, by ${by.join('; ')}; told ${told.toFixed(2)}`,
  )
  t.ok(low <= Math.max(0, told), 'the interval begins at what is told, or below')

  // Nobody here writes or pays to a pseudonym of their own, so where two are named a daemon did it by itself.
  const { known, search } = scene
  const ops = known.log.map(({ bytes }) => ({
    kind: SignedOp.decode(bytes).op.action.TAG,
    owners: [...new Set(search.inBytes(bytes).map(({ pseudonym }) => known.pseudonyms[pseudonym]!))].map(
      (address) => scene.lived.owners.get(address)!,
    ),
  }))
  for (const kind of ['register', 'enroll', 'send', 'ack', 'giveBack', 'renew', 'pass'])
    t.ok(
      ops.some((op) => op.kind === kind),
      `there is ${kind}`,
    )
  const tying = ops.filter(({ owners }) => new Set(owners).size < owners.length)
  t.strictSame(tying, [], 'no operation names two pseudonyms of one person')
})
