/** Addresses are taken as people paste them, and only where there is no doubt which one is meant. */
import { test } from 'tap'
import { resolveAddress } from '../../node/keys/wallet.ts'
import { pastedAddress } from '../../node/pasted.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { other, own } from '../kit/service-fixture.ts'

const taken: Readonly<Record<string, string>> = {
  'as it is': own,
  'in capitals': own.toUpperCase(),
  'blanks around it': ` \t${own}\u00a0\n`,
  'what cannot be seen in it': `\ufeff${own.slice(0, 9)}\u200b${own.slice(9)}\u00ad`,
  'broken over two lines': `${own.slice(0, 20)}\r\n  ${own.slice(20)}`,
  'a name before it': `Anna Ö. <${own}>`,
  'a quoted name': `"Ö., Anna" <${own}>`,
  'a name and a blank': `Anna < ${own} >`,
  'brackets alone': `<${own}>`,
  'a link': `mailto:${own}`,
  'a link in capitals': `MAILTO:${own}`,
  'a link with more': `mailto:${own}?subject=Hi&cc=${other}`,
  'a name and a link': `Anna <mailto:${own}>`,
  'a link in brackets': `<mailto:${own}?subject=x>`,
  quotes: `"${own}"`,
  'other quotes': `„${own}“`,
  'still others': `‘${own}’`,
  'the end of a sentence': `Write to ${own}.`,
  'a list': `${own},`,
  'words without brackets': `Anna: ${own}`,
  'a bracket behind a name': `Anna (${own})`,
  'the same twice': `${own} <${own}>`,
  markdown: `[${own}](mailto:${own})`,
}

test('pasted: the address is found in what stands around it', async (t) => {
  for (const [what, text] of Object.entries(taken)) t.equal(pastedAddress(text)?.toLowerCase(), own, what)
})

test('pasted: its letters stay as they are, so that a mixed case is seen', async (t) => {
  const mixed = `${own.slice(0, 12)}${own.slice(12).toUpperCase()}`
  t.equal(pastedAddress(`Anna <${mixed}>`), mixed)
})

test('pasted: a damaged one is given whole, so that it can be said what is wrong with it', async (t) => {
  for (const damaged of [
    own.slice(0, -1),
    `${own}q`,
    `${own.slice(0, 10)}b${own.slice(11)}`,
    'bm1',
    `${own.slice(0, 20)}е${own.slice(21)}`,
  ])
    t.equal(pastedAddress(`<${damaged}>`), damaged)
})

test('pasted: where none is, or more than one, nothing is guessed', async (t) => {
  for (const none of [
    '',
    'anna',
    'Anna Ö.',
    'anna@example.org',
    `${own}@example.org`,
    `x${own}`,
    'mailto:',
    '<>',
    `http://x/?to=x${own}`,
  ])
    t.equal(pastedAddress(none) === own, false, none)
  t.throws(() => pastedAddress(`${own}, ${other}`), {
    name: 'AddressError',
    message: /holds 2 addresses\. Give each of them by itself/,
  })
})

test('pasted: a mailbox takes what is pasted, a name longer than any contact’s included, and says so where there is nothing', async (t) => {
  for (const text of [...Object.values(taken), `${'Anna '.repeat(100)}<${own}>`])
    t.equal(encodeAddress(resolveAddress(text, new Map())), own, text)
  for (const empty of ['', ' \n', '\u200b']) {
    t.equal(pastedAddress(empty), '')
    t.throws(() => resolveAddress(empty, new Map()), {
      code: 'bad-request',
      message: /The address is empty\. An address/,
    })
  }
})
