/** Names of contacts and pseudonyms: as they are kept, and which are refused. */
import { test } from 'tap'
import { newName } from '../../../node/mailbox/new-name.ts'
import { tidyName } from '../../../node/names.ts'
import { createWorld } from '../../kit/nodes.ts'

test('a name is kept composed and trimmed, and is found however it is typed', async (t) => {
  for (const [given, kept] of [
    ['  A\u030asa \u00a0 Berg\u3000', 'Åsa Berg'],
    ['می‌خواهم', 'می‌خواهم'],
    ['👩🏽‍💻', '👩🏽‍💻'],
    ['bmw', 'bmw'],
  ] as const) {
    t.equal(newName(given, []), kept)
    t.equal(tidyName(given), kept)
  }
})

test('what cannot be seen, and what is no name, is refused', async (t) => {
  for (const name of [
    'anna\u200b',
    'an\u{e0041}na',
    '\u202eanna',
    'an\u200dna',
    '\u2800',
    'anna\ufe0f',
    'an\x1b[2Jna',
    '\u3164',
  ])
    t.throws(() => newName(name, []), {
      code: 'bad-request',
      message: /^“(an)?(na)?” holds what cannot be seen\. Type/,
    })
  for (const name of ['', ' \u00a0', 'bm1qqqq', 'BM1qqqq', 'bmlqqqq', 'ЬМ1qq'])
    t.throws(() => newName(name, []), { code: 'bad-request', message: /is no name/ }, name)
})

test('a name that is easily taken for another is refused, and any other is not', async (t) => {
  const alike: [string, string][] = [
    ['anna', 'Anna'],
    ['anna', 'аnna'], // Cyrillic
    ['ANNA', 'ΑΝΝΑ'], // Greek
    ['Bob', 'B0b'],
    ['paypal', 'paypa1'],
    ['paypal', 'paypaI'],
    ['Ali', 'ALI'],
    ['Ilse', 'llse'],
    ['arnold', 'amold'],
    ['anna', 'ａｎｎａ'],
    ['anna', '𝐚𝐧𝐧𝐚'],
    ['Mary-Ann', 'Mary–Ann'],
    ['O’Hara', "O'Hara"],
    ['Иван', 'ИВАН'],
    ['می‌خواهم', 'میخواهم'],
    ['anna', 'anna'],
  ]
  for (const [one, other] of alike)
    for (const [name, known] of [
      [one, other],
      [other, one],
    ] as const)
      t.throws(
        () => newName(name, ['carl', known]),
        { code: 'bad-request', message: /Choose another/ },
        `${name}, ${known}`,
      )
  for (const [one, other] of [
    ['Ali', 'All'],
    ['José', 'Jose'],
    ['anna', 'anne'],
    ['Иван', 'Ivan'],
    ['bob', 'bo b'],
    ['x1', 'x2'],
  ] as const)
    t.equal(newName(one, [other]), one, `${one}, ${other}`)
})

test('a mailbox holds its names to that, and those that it has go on', async (t) => {
  const world = await createWorld(t, { people: ['ada', 'bob', 'cyd'], keepers: 1, threshold: 1 })
  await world.start('host', { hosts: true, keeps: 0 })
  const { mailbox } = await world.start('ada', { reads: world.person('ada') })
  const [bob, cyd] = [world.person('bob').text, world.person('cyd').text]
  const names = async () => (await mailbox!.contacts()).map(({ name, address }) => [name, address])
  await mailbox!.setContact({ name: ' A\u030asa', address: bob })
  t.same(await names(), [['Åsa', bob]])
  await mailbox!.setContact({ name: 'Åsa', address: cyd })
  t.same(await names(), [['Åsa', cyd]], 'the same name is given to another')
  await t.rejects(mailbox!.setContact({ name: 'ÅSA', address: bob }), /easily taken for “Åsa”/)
  await t.rejects(mailbox!.setContact({ name: 'bob\u200b', address: bob }), /cannot be seen/)
  await mailbox!.removeContact({ name: 'A\u030asa ' })
  t.same(await names(), [])

  t.equal((await mailbox!.createPseudonym({ label: ' the  shop' })).label, 'the shop')
  for (const label of ['The Shop', 'tһe shop', 'the shop', 'Default', 'shop\u200b'])
    await t.rejects(mailbox!.createPseudonym({ label }), { code: 'bad-request' }, label)
  t.equal((await mailbox!.retirePseudonym({ address: 'the  shop' })).label, 'the shop')
})
