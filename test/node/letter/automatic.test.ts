/** Which messages say themselves that a program wrote them. */
import { test } from 'tap'
import { isAutomatic } from '../../../node/letter/automatic.ts'

const says = (...head: readonly string[]): boolean =>
  isAutomatic(new TextEncoder().encode([...head, '', 'Precedence: bulk', 'List-Id: in the text'].join('\r\n')))

test('a message is automatic where it answers by itself, is sent in bulk, or comes from a list', async (t) => {
  const automatic = [
    ['Auto-Submitted: auto-replied'],
    ['Subject: away', 'auto-submitted:auto-generated; owner-email="a@b.example"'],
    ['Auto-Submitted: (by a program) auto-notified'],
    ['Auto-Submitted:', '\tauto-replied (vacation)'],
    ['Precedence: bulk'],
    ['Precedence : Junk '],
    ['PRECEDENCE: list'],
    ['X-Autoreply: yes'],
    ['X-Auto-Response: 1', 'X-Autorespond: Re: hello'],
    ['X-Vacation: 1'],
    ['List-Id: News <news.example>'],
    ['Received: from a', ' by b', 'List-Unsubscribe: <https://a.example/off>'],
    ['List-Post: NO'],
  ]
  for (const head of automatic) t.ok(says(...head), head.join(' | '))
})

test('what a person wrote is not, whatever else it says', async (t) => {
  const byHand = [
    ['Subject: Precedence: bulk'],
    ['Auto-Submitted: no'],
    ['Auto-Submitted: No (by hand); x=y'],
    ['Precedence: first-class'],
    ['X-Autoreply: no'],
    ['Subject: a', ' List-Id: folded into the subject'],
    ['X-List-Id: a', 'Listing: b', 'List-Price: 7'],
  ]
  for (const head of byHand) t.notOk(says(...head), head.join(' | '))
  t.notOk(isAutomatic(new Uint8Array()))
  t.notOk(isAutomatic(new Uint8Array(1_000_000).fill(58)))
})

test('fields behind blank lines are the head, where no field stands before them', async (t) => {
  const isOf = (...lines: readonly string[]): boolean => isAutomatic(new TextEncoder().encode(lines.join('\r\n')))
  for (const blank of [[''], ['', '', '']]) {
    const before = `${blank.length} blank`
    t.ok(isOf(...blank, 'Precedence: bulk', '', 'text'), `${before}, then a field`)
    t.notOk(isOf(...blank, 'Subject: a', '', 'Precedence: bulk'), `${before}, then another, and this one in the text`)
    t.notOk(isOf(...blank, 'Dear Anna,', 'Precedence: bulk', '', 'text'), `${before}, then text`)
    t.notOk(isOf('Subject: a', ...blank, 'Precedence: bulk', '', 'text'), `a field, then ${before}`)
  }
})
