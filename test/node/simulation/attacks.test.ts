/** The library of attacks: that each does what it says, and so shows what the rules make of it. */
import { test } from 'tap'
import { presets } from '../../../node/settings/presets.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import type { Attack, Scene } from '../../../node/simulation/attack.ts'
import { library } from '../../../node/simulation/attacks.ts'
import type { SimulatedLetter } from '../../../node/simulation/books.ts'
import { chanceOf } from '../../../node/simulation/chance.ts'
import { type Pressed, pressuresOf } from '../../../node/simulation/pressures.ts'
import type { Person } from '../../../node/simulation/person.ts'
import { simulate } from '../../../node/simulation/simulate.ts'
import { makeTrace } from '../../../node/simulation/trace.ts'

const numbers = presets.personal!
const trace = makeTrace(chanceOf(seededRandom(new TextEncoder().encode('town'), 'trace')), {
  people: 60,
  messages: 600,
  days: 42,
  circle: 6,
  answered: 0.6,
})

/** A letter that an attack sent, where the network stood then, and the tier of the pass it was sent under. */
type Noted = SimulatedLetter & { readonly atMs: bigint; readonly height: bigint; readonly tier: number | undefined }

/** One attack alone among people: what it sent, and its scene. */
function watched(name: string) {
  const attack = library.find((row) => row.name === name)!
  const letters: Noted[] = []
  const tries: { readonly from: string; readonly to: string; readonly atMs: bigint }[] = []
  let seen: Scene | undefined
  const watching: Attack = {
    ...attack,
    begin(scene) {
      seen = scene
      const { view, meta } = scene.world
      return attack.begin({
        ...scene,
        send(posted) {
          const letter = scene.send(posted)
          tries.push({ from: posted.from.name, to: posted.to.name, atMs: meta().time })
          const { time, height } = meta()
          const pass = letter?.fromKey && view.read('passes', letter.fromKey)
          if (letter) letters.push({ ...letter, atMs: time, height, tier: pass?.tier })
          return letter
        },
      })
    },
  }
  const outcome = simulate({ trace, numbers, seed: '1', attacks: [watching] })
  return { letters, tries, scene: seen!, side: outcome.books.side(name), outcome }
}

test('attacks: the library is a table of rows with a name and a sentence each', async (t) => {
  t.ok(library.length >= 18)
  t.equal(new Set(library.map(({ name }) => name)).size, library.length)
  for (const { name, about } of library) t.match(about, /^[A-Z].{20,}\.$/, name)
})

test('attacks: who buys a tier has it when it writes, under each of eight keys', async (t) => {
  for (const [name, keys] of [
    ['tier-buyer', 8],
    ['burst', 4],
  ] as const) {
    const { letters } = watched(name)
    const spam = letters.filter(({ kind }) => kind === 'spam')
    t.equal(letters.length - spam.length, 4, `${name}: four letters to itself make the name`)
    t.ok(spam.length > 0 && spam.every(({ tier }) => tier! >= 1), `${name} writes under it alone`)
    t.equal(new Set(spam.map(({ fromKey }) => String(fromKey))).size, keys)
    t.equal(new Set(spam.map(({ height }) => height)).size === 1, name === 'burst', 'a burst is one batch')
  }
})

test('attacks: an address that answers by itself does it once a week, and says that a program wrote it', async (t) => {
  const name = 'automatic-answers'
  type Sent = { readonly account: Uint8Array; readonly recipients: readonly Uint8Array[]; readonly automatic?: boolean }
  const sent: Sent[] = []
  let address = ''
  const attack = library.find((row) => row.name === name)!
  let known: readonly string[] = []
  const watching: Attack = {
    ...attack,
    begin(scene) {
      address = String(scene.members[0]!.address)
      known = scene.people.filter(scene.answersItself).map(({ address }) => String(address))
      const world = scene.world as { submit: Scene['world']['submit'] }
      const { submit } = world
      world.submit = (account, action) => {
        if (action.TAG === 'send') sent.push({ ...action.data, account })
        return submit(account, action)
      }
      return attack.begin(scene)
    },
  }
  const habits = { answersItself: 0.2 }
  const { books } = simulate({ trace, numbers, seed: '1', attacks: [watching], habits })
  // The newsletter that is always there writes to them, too.
  const automatic = sent.filter(({ automatic, recipients }) => automatic && String(recipients[0]) === address)
  t.ok(automatic.length > 0)
  const byAddress = Map.groupBy(automatic, ({ account }) => String(account))
  for (const answers of byAddress.values()) t.ok(answers.length <= 4 + 1, 'in four weeks')
  t.equal(books.side(name).deliveries, known.length, 'and after that nothing is cheaper, so each is written to once')
  t.ok(
    [...byAddress.keys()].every((address) => known.includes(address)),
    'others do not',
  )
})

test('attacks: what people answer late, and by themselves, comes to an end', async (t) => {
  const name = 'lures'
  const yearsMs = 3n * 365n * 86_400_000n
  let heard = 0
  const attack: Attack = {
    name,
    about: 'Writes again to whoever answers, without end.',
    members: () => 1,
    begin: ({ members, victims, random, send, world }) => {
      const start = world.meta().time
      const lure = (to: Person) => void send({ from: members[0]!, to, kind: 'lure' })
      return {
        day: () => lure(random.pick(victims())),
        received({ from }) {
          heard++
          if (world.meta().time > start + yearsMs) throw new Error('it goes on for ever')
          lure(from)
        },
      }
    },
  }
  const habits = { answersLate: 1, answersItself: 1 }
  simulate({ trace, numbers, seed: '1', attacks: [attack], habits })
  t.ok(heard > 100)
})

test('attacks: a list sleeps for a year, and again', async (t) => {
  const { letters, tries } = watched('sleeping-list')
  const yearsMs = 365n * 86_400_000n
  const yearOf = ({ atMs }: { readonly atMs: bigint }) => (atMs - letters[0]!.atMs + yearsMs / 2n) / yearsMs
  const years = Map.groupBy(tries, yearOf)
  t.strictSame([...years.keys()], [0n, 1n, 2n, 3n, 4n])
  const known = new Set(years.get(0n)!.map(({ from, to }) => `${from} ${to}`))
  for (const { from, to } of tries) t.ok(known.has(`${from} ${to}`), 'nobody new')
  t.ok(
    letters.length > 0 && letters.every((letter) => yearOf(letter) === 0n),
    'as nobody answered, it is as dear as before',
  )
})

test('attacks: who goes by records writes to those first who stand best in them', async (t) => {
  for (const [name, count] of [
    ['advertise-to-answerers', 'answered'],
    ['advertise-to-givers', 'givenBack'],
  ] as const) {
    const { letters, scene } = watched(name)
    const pitched = letters.filter(({ kind }) => kind === 'pitch').map(({ to }) => to)
    t.equal(new Set(pitched).size, pitched.length, 'each once')
    const share = (people: readonly SimulatedLetter['to'][]): number => {
      const records = people.map(scene.record)
      const sum = (of: 'received' | typeof count) => records.reduce((all, record) => all + record[of], 0)
      return sum(count) / Math.max(1, sum('received'))
    }
    t.ok(share(pitched.slice(0, 10)) > share(scene.people), `${name}: the first ten are better than most`)
  }
})

test('attacks: who extorts flags what it lured out, and lives on what is paid', async (t) => {
  const { side, scene, outcome } = watched('flag-extortion')
  const flagged = scene.record(scene.members[0]!)
  t.equal(flagged.answered, 0, 'its readers are no strangers to it')
  t.ok(outcome.books.side('honest').negative > 0n, 'honest names are hurt')
  t.ok(side.earnedOutside > 0n)
})

test('attacks: a profile is written to by people, and a forged one as long as its record promises', async (t) => {
  const plain = watched('fake-profile')
  t.equal(plain.letters.length, 0)
  const visited = plain.scene.record(plain.scene.members[0]!).received
  t.ok(visited > 28 * 4 && visited <= 28 * 5, 'by five a day, but for those to whom it is too dear by now')
  const forged = watched('fake-profile-forged')
  const { received, givenBack } = forged.scene.record(forged.scene.members[0]!)
  const visits = received - forged.letters.length
  t.ok(visits > 0 && visits < visited, 'by fewer')
  t.equal(givenBack, forged.letters.length, 'who wrote to itself got it back, and nobody else')
  t.ok(givenBack / received > 0.85)
})

test('attacks: who is answered on a letter that is marked automatic is paid for an answer, and no more', async (t) => {
  const { side, scene, letters } = watched('lures-marked-automatic')
  t.ok(letters.length > 0 && letters.every(({ kind }) => kind === 'lure'))
  t.ok(letters.some(({ automatic }) => automatic) && letters.some(({ automatic }) => !automatic))
  t.ok(side.answers > 10, 'people answer')
  const givenBack = letters.reduce((sum, { credit }) => sum + credit, 0n)
  t.ok(side.earnedOutside < givenBack + (BigInt(side.answers) * scene.firstLetter) / 50n)
  t.equal(scene.record(scene.members[0]!).received, 0, 'none of them is a stranger’s letter')
})

test('attacks: who talks for three weeks spends at once what the answers paid for, which is two letters each', async (t) => {
  const { letters, scene } = watched('patient-friend')
  const spam = letters.filter(({ kind }) => kind === 'spam')
  t.ok(spam.length > 0)
  t.equal(new Set(spam.map(({ atMs }) => atMs)).size, 1, 'all at once')
  t.ok(
    letters.every(({ kind, atMs }) => kind === 'spam' || atMs < spam[0]!.atMs),
    'and had talked before',
  )
  // Whoever grants what writes to them is sent as many as it likes, until they take that back.
  const each = Map.groupBy(
    spam.filter(({ credit }) => credit > 0n),
    ({ to }) => to.name,
  )
  const { patience } = numbers.correspondence
  t.same(
    [...each.values()].map(({ length }) => length).filter((length) => length > patience + 1),
    [],
  )
  t.ok(
    spam.every(({ paid }) => paid < scene.firstLetter / 4n),
    'cheaply',
  )
})

test('attacks: who talks with the few who stand best in their record leaves all others alone', async (t) => {
  const { letters, scene } = watched('patient-friend-by-record')
  for (const { received, answered, givenBack } of letters.map(({ to }) => scene.record(to)))
    t.ok(received >= 3 && answered + givenBack > 0)
})

test('attacks: what goes to who wrote first to a profile was asked for, and is no delivery', async (t) => {
  const { letters, side } = watched('fake-profile-that-spams')
  t.ok(letters.length > 10)
  t.equal(side.deliveries, 0)
})

test('attacks: a policy is raised towards those who were lured, and spam goes out free where it was granted', async (t) => {
  const { scene } = watched('policy-raised')
  const { address } = scene.members[0]!
  const { next } = scene.world.view.read('policies', address)!
  t.ok(next!.leastFee > scene.firstLetter)
  const { letters } = watched('free-list-launderer')
  t.ok(letters.some(({ kind }) => kind === 'lure'))
})

test('attacks: on the network itself, what comes back to own inboxes is no cost, and what is burned is', async (t) => {
  // Fewer places and a lower target for them, so that it takes a moment.
  const small = { ...numbers, batchOpsMax: 4, price: { ...numbers.price, target: 12n } }
  const [storage, blocks, day] = pressuresOf(small)
  const letters = 4_096
  t.equal(storage!.figures.letters, letters, 'a GiB of 256 KiB')
  t.equal(blocks!.figures['letters an interval'], (4 * 60_000) / small.batchIntervalMs)
  // Letters that cost nearly nothing are demand by what it takes to carry them: twice the target asks for twice the price.
  t.ok(blocks!.figures['price after 60']! > 2 && blocks!.figures['price after 1']! < 1.1)
  t.equal(day!.figures['intervals tenfold'], 1_440)
  const { floor } = numbers.price
  const lost = ({ burnShare, operatorsShare }: typeof numbers): number => Number(burnShare + operatorsShare) / 10_000
  // Of a price that is tenfold no more than what is asked at the floor is anybody's: the rest is burned.
  const share = ({ spent, paid }: Pressed): number => spent / paid!
  t.ok(share(day!) > 1 - (1 - lost(small)) / 9, 'of what is above the floor nothing comes back')
  t.ok(storage!.spent > letters * (1.325 * Number(floor)), 'what carrying it takes is burned, whoever it is for')
  // Without carriage letters that cost nearly nothing are no demand; and where more is burned, less comes back.
  const resources = { letter: 0n, recipient: 0n, unit: 0n }
  const other = {
    ...small,
    inclusionFee: 0n,
    resources,
    correspondence: { ...numbers.correspondence, exchange: 1n },
    burnShare: 4_000n,
  }
  const [cheaper, crowded, burning] = pressuresOf(other)
  t.ok(cheaper!.spent < storage!.spent / 10, 'then storing costs nearly nothing')
  t.ok(crowded!.figures['price after 60']! < 1.1)
  t.ok(share(burning!) > share(day!))
})
