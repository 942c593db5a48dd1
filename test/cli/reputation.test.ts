/** Reputation, stamps and what ties pseudonyms together, as people see them: before a daemon whose mailbox is in memory. */
import { test } from 'tap'
import { Refusal } from '../../node/service.ts'
import { mailboxHome } from '../kit/command.ts'
import { other, own, plain, received, reputation, shop, stamps } from '../kit/service-fixture.ts'

test('commands about reputation and stamps answer in JSON what the daemon says', async (t) => {
  const { run, service } = await mailboxHome(t)
  service.put(received, plain)
  const cases: [args: string[], name: string, request: unknown, value: unknown][] = [
    [['reputation'], 'reputation', {}, reputation],
    [['stamps'], 'stamps', {}, stamps],
    [['stamps', 'list'], 'stamps', {}, stamps],
    [['reputation', 'enroll', '--as', 'shop', '--yes'], 'enroll', { from: shop.address }, { state: 'settled' }],
    [
      ['endorse', received.id.slice(0, 62), '2', '--yes'],
      'endorse',
      { message: received.id.slice(0, 62), amount: '2' },
      {},
    ],
    [['stamps', 'buy', '100,000', '--yes'], 'buyStamp', { from: own, denomination: '100000' }, { state: 'settled' }],
    [
      ['stamps', 'redeem', '1', '--to', 'shop', '--yes'],
      'redeemStamp',
      { number: 1, to: shop.address },
      { note: /Stamp 1/ },
    ],
    [
      ['pseudonym', 'retire', 'shop', '--yes'],
      'retirePseudonym',
      { address: shop.address },
      { label: 'shop', retired: true },
    ],
  ]
  const shopsHabit = { warm: true, skipPercent: 25, show: 'at-most', tier: 1 }
  const habits: [args: string[], changed: object][] = [
    [['--no-warm'], { warm: false }],
    [['--warm', '--skip', '0'], { skipPercent: 0 }],
    [['--best'], { show: 'best', tier: 0 }],
    [['--at-most', '3'], { tier: 3 }],
    [['--exactly', '0', '--skip', '100'], { show: 'exactly', tier: 0, skipPercent: 100 }],
  ]
  for (const [args, changed] of habits) {
    const habit = { ...shopsHabit, ...changed }
    const request = { address: shop.address, ...habit }
    cases.push([['pseudonym', 'habit', 'shop', ...args], 'changeHabit', request, { ...habit, address: shop.address }])
  }
  cases.push([['pseudonym', 'pass', 'shop'], 'takePass', { address: shop.address }, { state: 'taken', at: null }])
  for (const [args, name, request, value] of cases) {
    const { code, stdout, stderr, json } = await run([...args, '--json'])
    t.equal(code, 0, `${args.join(' ')} ${stderr}`)
    t.match(json(), value as object, args.join(' '))
    t.equal(stdout.trimEnd().split('\n').length, 1, 'one line')
    t.equal(stderr, '', 'and nothing beside it')
    t.same(service.calls.findLast((call) => call.name === name)?.request, request)
  }
})

test('reputation shows the score, what each tier is worth, and what is done by itself', async (t) => {
  const { run, service } = await mailboxHome(t)
  const { stdout } = await run(['reputation'])
  t.match(stdout, /reputation +renewed in epoch 6\nscore +17\.50: 18\.50 earned, 1\.00 against you\ntier +2\n/)
  t.match(
    stdout,
    /\npasses +at tier 1: at tier 2 you would have hidden among 3 .*`hideAmong`.*\na pass burns +20 coin; 812 were taken in this epoch, and from 1,000 on .*\nno pass +work: there are four/,
  )
  t.match(stdout, /\n +no pass +16,050 coin +130 coin +×0\n +0 +7,650 coin +90 coin +×0\.5 +40\n/)
  t.match(
    stdout,
    /\n→ +2 +16 +48 +3,200 coin +320 coin +7,650 coin +64 coin +×0\.85 +3\n +3 +48 +32/,
    'the tier that is reached is marked',
  )
  t.match(stdout, /\ndefault +6 +2 +1 +3\.00 +50\.00 +cccccccccccc\n/)
  t.match(stdout, /\ndefault +2 +what verdicts on its own letters come to, .*\nshop +no pass +it sits this epoch out\n/)
  t.match(stdout, /\n“default”: It was there in exactly the same epochs as “shop”\.\n/)
  t.match(stdout, /\nYour renewal hides among 57 of this epoch\.\n/)
  t.match(stdout, /\nlater +renew in epoch 7/)
  t.match(stdout, /\n +6 +4 +6\.25 +0\.00 +0\n +4 +none yet +0\.00 +0\.00 +2\n$/)
  Object.assign(service, {
    reputation: async () => ({
      ...reputation,
      state: 'not-enrolled',
      note: 'Nobody vouches for you: enrol.',
      tier: null,
      takes: null,
      without: [],
      passes: [],
      next: [],
      folded: [],
    }),
  })
  const before = (await run(['reputation'])).stdout
  t.match(before, /not enrolled\nnow +Nobody vouches for you: enrol\.\n/)
  t.notMatch(before, /score|renewals|→/)
  const enrolled = await run(['reputation', 'enroll', '--yes'])
  t.match(enrolled.stderr, /“default” pays 8,000 coin, which are burned.*everybody.*stamp/, 'who stands beside it')
  t.match(enrolled.stdout, /You are enrolled: settled in batch 8/)
})

test('pseudonyms are listed with what is taken for each, among whom each is, and what to do about it', async (t) => {
  const { run } = await mailboxHome(t)
  const { stdout } = await run(['pseudonym', 'list'])
  t.match(stdout, /\npasses of +taken +shows +epochs +there in all +alike in all +in no others +identities\n/)
  t.match(stdout, /\ndefault +while in use +the best tier +5 +31 +12 +3 +8 to 57\n/)
  t.match(stdout, /\nshop +in every epoch, but 25 of 100 +at most tier 1 +0\n/)
  t.match(stdout, /\n“default”: It was there in .*\n“shop”: No epoch is over/)
  t.match(stdout, /\nA pass burns 20 coin; .* twice as much\.\n$/)
  t.match((await run(['network'])).stdout, /\na pass burns 20 coin;/)
  t.match((await run(['pseudonym', 'list', '--help'])).stdout, /in the public log, as anybody can/)
  t.match(
    (await run(['pseudonym', 'habit', 'shop'])).stdout,
    /^Passes of “shop” are taken in every epoch, but 25 of 100, and show at most tier 1\.\n$/,
  )
})

test('a letter under a pseudonym without a pass takes one first, and says what it would cost without', async (t) => {
  const { run, service } = await mailboxHome(t)
  const quoted = await service.quote({ to: [other], raw: '' })
  let asked = 0
  let prices = 0
  const states = ['coming', 'coming', 'taken'] as const
  Object.assign(service, {
    quote: async () => (prices++ === 0 ? { ...quoted, tier: null, fee: '8800' } : quoted),
    takePass: async () => ({ state: states[asked++]!, note: `So far: ${states[asked - 1]}.`, at: null }),
  })
  const args = ['send', '--to', 'anna', '--text', 'x', '--yes']
  const sent = await run(args)
  t.equal(sent.code, 0, sent.stderr)
  t.match(
    sent.stderr,
    /^So far: coming\. Without one this costs 8,800 coin\. --no-pass does not wait for it\.\nSo far: taken\.\n/,
  )
  t.match(sent.stdout, /you pay 2,200 coin,/)
  t.equal(asked, 3)
  prices = 0
  t.notMatch((await run([...args, '--no-pass'])).stderr, /So far/)
  prices = 0
  t.notMatch((await run([...args, '--dry-run'])).stderr, /So far/, 'looking at a price shows nobody anything')
  t.equal(asked, 3, 'and nobody asked')
  prices = 0
  const at = Date.UTC(2030, 0, 2)
  Object.assign(service, { takePass: async () => ({ state: 'later', note: 'It is renewed first.', at }) })
  const later = await run(args)
  t.equal(later.code, 0)
  t.match(later.stderr, /no pass before 2030-01-0\d .*It is renewed first\. Without one this costs 8,800 coin\./)
  prices = 0
  Object.assign(service, {
    takePass: async () => {
      throw new Refusal('not-ready', 'All of them are taken.')
    },
  })
  const none = await run(args)
  t.equal(none.code, 0)
  t.match(none.stderr, /No pass is taken: All of them are taken\./)
  Object.assign(service, { reputation: async () => ({ ...reputation, state: 'not-enrolled', passes: [] }) })
  prices = 0
  t.notMatch((await run(args)).stderr, /No pass is taken/, 'who is not enrolled is told by the price')
})

test('a verdict under a pseudonym without a pass takes one first, unless it is said otherwise or weighs nothing', async (t) => {
  const { run, service } = await mailboxHome(t)
  service.put(received, plain)
  const id = received.id.slice(0, 62)
  const taken = () => service.calls.filter(({ name }) => name === 'takePass').length
  await run(['ack', id, 'value'])
  t.equal(taken(), 0, 'it has one')
  Object.assign(service, { reputation: async () => ({ ...reputation, passes: [] }) })
  await run(['ack', id, 'value', '--no-pass'])
  await run(['ack', id, 'abstain'])
  t.equal(taken(), 0)
  const { code, stderr } = await run(['ack', id, 'spam'])
  t.equal(code, 0, stderr)
  t.equal(taken(), 1)
  t.match(stderr, /It has its pass of epoch 6\./)
})

test('the set that one hides in is shown before one acts', async (t) => {
  const { run, service } = await mailboxHome(t)
  service.put(received, plain)
  const many = await run(['stamps', 'buy', '100000', '--yes'])
  t.match(many.stderr, /Stamps of 100,000 coin that were sold so far: 42\. Yours hides among them\.\n/)
  t.match(many.stdout, /A stamp of 100,000 coin, paid by “default”: settled in batch 8/)
  const few = await run(['stamps', 'buy', '1000000', '--as', 'shop', '--yes'])
  t.match(few.stderr, /Stamps of 1,000,000 coin that were sold so far: 3\. .* That is few/)
  const redeemed = await run(['stamps', 'redeem', '1', '--to', 'shop', '--yes'])
  t.match(redeemed.stderr, /Stamps of 1,000,000 coin that were sold so far: 3\. .* That is few/)
  t.match(redeemed.stdout, /^Stamp 1 is redeemed within/)
  const endorsed = await run(['endorse', received.id.slice(0, 62), '2', '--yes'])
  t.match(endorsed.stderr, /had 57 so far/)
  t.match(endorsed.stdout, /next renewal/)
  const list = (await run(['stamps'])).stdout
  t.match(list, /0 +100,000 coin +redeemed +42\n +1 +1,000,000 coin +held +3\n +2 +100,000 coin +on its way/)
  t.match(list, /stamps of 100,000 coin \(42 sold\), 1,000,000 coin \(3 sold\)\.\n$/)
  Object.assign(service, { stamps: async () => [] })
  t.match((await run(['stamps'])).stdout, /^No stamps yet\. This network has/)
})

test('what ties one’s pseudonyms together is told', async (t) => {
  const { run, service } = await mailboxHome(t)
  const transfer = await run(['transfer', shop.address, '5', '--as', 'default', '--yes'])
  t.match(transfer.stderr, /Everybody can see “default” pay “shop”.*stamp/)
  t.equal(transfer.code, 0)
  const sponsor = await run(['pseudonym', 'sponsor', shop.request, '--amount', '7', '--yes'])
  t.match(sponsor.stderr, /Everybody can see “default” pay “shop”/)
  const letter = ['send', '--as', 'default', '--text', 'Hello.', '--yes', '--to', 'anna']
  t.match((await run([...letter, '--to', shop.address])).stderr, /Everybody can see that “default” writes to “shop”/)
  t.notMatch((await run(letter)).stderr, /Everybody can see/)
  const grant = await run(['contacts', 'grant', 'anna', '--as', 'shop', '--yes'])
  t.match(grant.stderr, /where anna has one with each of “default” and “shop”, these look like one person/)
  for (const args of [
    ['transfer', 'anna', '5'],
    ['pseudonym', 'sponsor', 'cafe', '--amount', '7'],
    ['contacts', 'grant', 'anna'],
    ['contacts', 'grant', own, '--as', 'shop'],
  ]) {
    const { code, stderr } = await run([...args, '--yes'])
    t.equal(code, 0)
    t.equal(stderr, '', args.join(' '))
  }
  t.notMatch((await run(['contacts'])).stdout, /tie/)
  const [anna] = await service.contacts()
  Object.assign(service, { contacts: async () => [{ ...anna, pseudonyms: ['default', 'shop', 'work'] }] })
  t.match((await run(['contacts'])).stdout, /Grants tie “default”, “shop” and “work” together through anna/)
})

test('a retired pseudonym is listed as such, and another is taken where none is named', async (t) => {
  const { run, service } = await mailboxHome(t)
  const retired = await run(['pseudonym', 'retire', 'shop', '--yes'])
  t.match(retired.stdout, /“shop” is retired: .*It still holds 5,000 coin; stamps/)
  const [first] = await service.pseudonyms()
  Object.assign(service, { pseudonyms: async () => [{ ...first, retired: true, registered: false }, shop] })
  const listed = (await run(['whoami'])).stdout
  t.match(listed, /default +bm1\w+ +retired/)
  t.notMatch(listed, /hand this to/, 'nobody is asked to sponsor it')
  t.equal((await run(['quote', '--to', 'anna', '--text', 'x'])).code, 0)
  t.match(service.calls.findLast(({ name }) => name === 'quote')!.request, { from: shop.address, to: [other] })
  Object.assign(service, { pseudonyms: async () => [{ ...first, retired: true }] })
  const none = await run(['quote', '--to', 'anna', '--text', 'x'])
  t.equal(none.code, 1)
  t.match(none.stderr, /All of your pseudonyms are retired.*pseudonym new/)
})

test('a price says under which tier it is', async (t) => {
  const { run, service } = await mailboxHome(t)
  const args = ['quote', '--to', 'anna', '--text', 'x']
  t.match((await run(args)).stdout, /\npriced under a pass of tier 2\nyou pay /)
  const quote = await service.quote({ to: [other], raw: '' })
  Object.assign(service, { quote: async () => ({ ...quote, tier: null }) })
  t.match((await run(args)).stdout, /\npriced without a pass; `bmail reputation`/)
})

test('what cannot be is refused with a sentence', async (t) => {
  const { run } = await mailboxHome(t)
  const cases: [args: string[], code: number, error: { code: string; sentence: RegExp }][] = [
    [
      ['stamps', 'buy', '5'],
      1,
      { code: 'denomination-unknown', sentence: /no stamps of 5 coin .*100,000 coin \(42 sold\)/ },
    ],
    [['stamps', 'buy', 'one'], 2, { code: 'usage', sentence: /denomination.*“one”/ }],
    [['stamps', 'redeem', 'x', '--to', 'shop'], 2, { code: 'usage', sentence: /by its number.*“x”/ }],
    [['stamps', 'redeem', '1'], 2, { code: 'usage', sentence: /--to/ }],
    [['stamps', 'redeem', '1', '--to', 'ghost'], 1, { code: 'not-found', sentence: /default, shop/ }],
    [['endorse', 'abc', '1.5'], 2, { code: 'usage', sentence: /whole number.*“1\.5”/ }],
    [['endorse', 'abc'], 2, { code: 'usage', sentence: /amount/ }],
    [
      ['pseudonym', 'habit', 'shop', '--best', '--exactly', '1'],
      2,
      { code: 'usage', sentence: /one of --best, --at-most/ },
    ],
    [['pseudonym', 'habit', 'shop', '--skip', '101'], 2, { code: 'usage', sentence: /--skip .* 0 to 100.*“101”/ }],
    [['pseudonym', 'habit', 'shop', '--at-most', '5'], 2, { code: 'usage', sentence: /--at-most .* 0 to 4/ }],
    [['pseudonym', 'habit', 'ghost', '--warm'], 1, { code: 'not-found', sentence: /ghost/ }],
    [['pseudonym', 'retire'], 2, { code: 'usage', sentence: /pseudonym/ }],
    [['reputation', 'enroll', '--as', 'ghost'], 1, { code: 'not-found', sentence: /ghost/ }],
  ]
  const answers = await Promise.all(cases.map(([args]) => run([...args, '--json'])))
  for (const [index, [args, code, error]] of cases.entries()) {
    t.equal(answers[index]!.code, code, args.join(' '))
    t.match(answers[index]!.json(), { error }, args.join(' '))
  }
})

test('a network shows its stamps and the set-up of its proofs', async (t) => {
  const { run } = await mailboxHome(t)
  const raw = (await run(['network', '--raw'])).stdout
  t.match(raw, /identity\.setUp +(fe){32}/)
  t.match(raw, /identity\.stamps +100,000, 1,000,000, 10,000,000\n/)
  const { stdout } = await run(['network'])
  t.match(stdout, /stamps sold: 42 of 100,000 coin, 3 of 1,000,000 coin\n/)
})
