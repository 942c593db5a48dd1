/** What commands say of what a letter brings: who gets what, what usually comes back, and what goes back by itself. */
import { type Test, test } from 'tap'
import type { SendRequest } from '../../node/sending.ts'
import type { Quote, Summary } from '../../node/service.ts'
import { atTerminal, mailboxHome } from '../kit/command.ts'
import { quote, received } from '../kit/service-fixture.ts'

const raw = Buffer.from('Subject: hello\r\nMessage-ID: <a@b.example>\r\n\r\nIt is me.\r\n')

/** A home with a letter that came, and a price. */
async function homeWith(
  t: Test,
  { came = {}, priced = {} }: { came?: Partial<Summary>; priced?: Partial<Quote> } = {},
) {
  const made = await mailboxHome(t)
  const { service } = made
  service.put({ ...received, amount: '1650', ...came }, raw)
  const { quote: quoting } = service
  Object.assign(service, { quote: async (asked: never) => ({ ...(await quoting(asked)), ...priced }) })
  const sends = () => service.calls.filter(({ name }) => name === 'send').map(({ request }) => request as SendRequest)
  return { ...made, sends }
}

test('a price says in one line each what is paid, who gets what, what usually comes back, and what would lower it', async (t) => {
  const { run } = await homeWith(t)
  const { stdout } = await run(['quote', '--to', 'anna', '--text', 'Hello'])
  t.match(stdout, 'you pay 2,200 coin, and 10 coin that carrying it burns: 2,210 coin, of 100,000 coin you have\n')
  const usually = 'of 7 strangers’ letters 2 answered, 3 valued, 1 flagged, 1 given back'
  t.match(stdout, `\nanna gets 1,650 coin; ${usually}; of yours 2 went unanswered so far\n`)
  t.match(stdout, /\nsize ×2\.00: a smaller message costs less/)
  t.match(stdout, /\nrecipients ×1\.10: each recipient more makes all of them dearer/)
  t.notMatch(stdout, /inclusion|correspondence|would not be sent|a program wrote/)
  const factors = [
    { name: 'correspondence', basisPoints: '80000', times: '×8' },
    { name: 'reputation', basisPoints: '20000', times: '×2' },
    { name: 'lifetime', basisPoints: '10000', times: '×1' },
  ]
  const readers = [{ ...quote.readers[0]!, unanswered: 0, strangersLetters: { ...noLetters } }]
  const priced = { lines: [{ ...quote.lines[0]!, factors }], readers, tier: null, automatic: true }
  const other = await (await homeWith(t, { priced })).run(['quote', '--to', 'anna', '--text', 'Hello'])
  t.match(other.stdout, /\ncorrespondence ×8: a first letter to somebody; once they write back/)
  t.match(other.stdout, /\nreputation ×2: you show no pass, and any pass lowers it/)
  t.match(other.stdout, '\nanna gets 1,650 coin; no stranger wrote to them yet\n')
  const one = [{ ...readers[0]!, strangersLetters: { ...noLetters, received: 1, answered: 1 } }]
  const single = await (await homeWith(t, { priced: { readers: one } })).run([
    'quote',
    '--to',
    'anna',
    '--text',
    'Hello',
  ])
  t.match(single.stdout, 'coin; of one stranger’s letter 1 answered, 0 valued, 0 flagged, 0 given back\n')
  t.match(other.stdout, '\nit goes as one that a program wrote')
  t.notMatch(other.stdout, 'lifetime ×1:')
})

const noLetters = { received: 0, answered: 0, valued: 0, flagged: 0, givenBack: 0 }

test('what would be refused is said with the price, and nothing is sent', async (t) => {
  const refusal = {
    code: 'funds-short',
    sentence: 'It takes 2210 in all. 10 more would be enough; receive them first.',
  }
  const { run, sends } = await homeWith(t, { priced: { refusal } })
  const args = ['--to', 'anna', '--text', 'Hello']
  t.match((await run(['quote', ...args])).stdout, `it would not be sent now: ${refusal.sentence}\n`)
  const refused = await run(['send', ...args, '--yes', '--insist'])
  t.equal(refused.code, 1)
  t.match(refused.stderr, `bmail: ${refusal.sentence}\n`)
  t.equal(refused.stderr.split(refusal.sentence).length, 2, 'once')
  t.match(refused.stderr, '\nyou pay 2,200 coin')
  t.match((await run(['send', ...args, '--yes', '--json'])).json(), { error: refusal })
  t.same(sends(), [])
})

test('to somebody who never answered it is asked, and where nobody is there it takes --insist', async (t) => {
  const refusal = { code: 'unanswered', sentence: 'You wrote 10 letters to anna. Say --insist to write all the same.' }
  const { home, run, sends } = await homeWith(t, { priced: { refusal } })
  const args = ['send', '--to', 'anna', '--text', 'Hello', '--yes']
  t.match((await run([...args, '--json'])).json(), { error: refusal })
  const no = await atTerminal(home, args, { typed: 'n\n' })
  t.equal(no.code, 1)
  t.match(no.screen, /You wrote 10 letters to anna.*Write all the same\? \[y\/N\].*Cancelled/s)
  t.same(sends(), [])
  const yes = await atTerminal(home, args, { typed: 'y\n' })
  t.equal(yes.code, 0, yes.screen)
  t.equal((await run([...args, '--insist'])).code, 0)
  t.same(
    sends().map(({ insist }) => insist),
    [true, true],
  )
  const { run: runs, sends: sent } = await homeWith(t)
  t.equal((await runs([...args, '--insist'])).code, 0)
  t.equal(sent()[0]!.insist, undefined, 'nothing is insisted on that nobody refuses')
})

test('a reply asks whether what the letter brought goes back, or is told, or leaves it to the setting', async (t) => {
  const { home, run, sends } = await homeWith(t)
  const args = ['reply', received.id, '--text', 'Gladly.', '--ask-above', '5000']
  const asked = await atTerminal(home, args, { typed: 'y\n' })
  t.equal(asked.code, 0, asked.screen)
  t.match(asked.screen, /Give back the 1,650 coin that their message brought you\? \[y\/N\]/)
  await atTerminal(home, args, { typed: 'n\n' })
  for (const more of [['--give-back'], ['--no-give-back'], ['--yes']]) await run([...args, ...more])
  t.same(
    sends().map(({ answers, giveBack }) => [answers, giveBack]),
    [true, false, true, false, undefined].map((giveBack) => [received.id, giveBack]),
  )
  const cannot: Partial<Summary>[] = [
    { amount: '0' },
    { verdict: 'spam' },
    { givenBack: [{ by: received.own, amount: '1' }] },
  ]
  for (const came of cannot) {
    const other = await homeWith(t, { came })
    const refused = await other.run([...args, '--give-back', '--json'])
    t.match(refused.json(), { error: { code: 'give-back-over' } })
    t.same(other.sends(), [])
  }
  const planned = await homeWith(t, { came: { goesBack: 1_800_000_000_000 } })
  const silent = await atTerminal(planned.home, args)
  t.equal(silent.code, 0, silent.screen)
  t.notMatch(silent.screen, 'Give back the')
})

test('what a program wrote, and what goes back by itself, is told in the inbox and with the message', async (t) => {
  const { run } = await homeWith(t, { came: { automatic: true, goesBack: 1_800_000_000_000 } })
  for (const args of [['inbox'], ['read', received.id]]) {
    const { stdout } = await run(args)
    t.match(stdout, /a program/)
    t.match(stdout, /what it brought goes back by itself about 2027-01-15/)
  }
  t.match((await run(['inbox', '--json'])).json(), [{ automatic: true, goesBack: 1_800_000_000_000 }])
  const plain = await homeWith(t)
  for (const args of [['inbox'], ['read', received.id]])
    t.notMatch((await plain.run(args)).stdout, /a program|goes back/)
  await plain.run(['send', '--to', 'anna', '--text', 'Hello', '--yes', '--automatic'])
  t.match(plain.service.calls.findLast(({ name }) => name === 'quote')!.request, { automatic: true })
})
