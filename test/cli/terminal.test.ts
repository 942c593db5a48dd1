/** Commands at a terminal: what they write there, and what they ask. The terminal is a real one, of Python’s `pty`. */
import { test } from 'tap'
import { atTerminal, mailboxHome } from '../kit/command.ts'
import { received } from '../kit/service-fixture.ts'

test('a whole message at a terminal is without what that obeys; in a file it is as it came', async (t) => {
  const { home, service, run } = await mailboxHome(t)
  const raw = Buffer.from('Subject: x\r\n\r\n\x1b[2J\x1b]0;owned\x07\u009b31m\u202eevil\u200b\u{e0041} Grüße\r\n')
  service.put(received, raw)
  const args = ['read', received.id, '--raw']
  const { code, screen } = await atTerminal(home, args)
  t.equal(code, 0)
  t.match(screen, 'Subject: x\r\n\r\nevil Grüße\r\n')
  t.match(screen, /byte for byte/)
  t.notMatch(screen, /[[\p{Cc}\p{Default_Ignorable_Code_Point}]--[\r\n]]/v)
  t.equal((await run(args)).stdout, raw.toString(), 'into a pipe')
})

test('at a terminal a person is asked, and no is no', async (t) => {
  const { home, service } = await mailboxHome(t)
  const no = await atTerminal(home, ['transfer', 'anna', '5'], { typed: 'n\n' })
  t.equal(no.code, 1)
  t.match(no.screen, /Pay 5 coin to bm1\w+\? \[y\/N\].*Cancelled; nothing was paid\./s)
  t.notOk(service.calls.some(({ name }) => name === 'transfer'))
  const yes = await atTerminal(home, ['transfer', 'anna', '5'], { typed: 'y\n' })
  t.equal(yes.code, 0, yes.screen)
  t.ok(service.calls.some(({ name }) => name === 'transfer'))
})
