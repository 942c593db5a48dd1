/** `bmail open`: a link that opens the page of one's daemon, once. */
import { test } from 'tap'
import { mailboxHome } from '../kit/command.ts'

test('open: says where the page is, by a link that works once', async (t) => {
  const { run } = await mailboxHome(t)
  const { code, stdout } = await run(['open', '--no-browser'])
  t.equal(code, 0)
  const [link] = /http:\/\/127\.0\.0\.1:\d+\/#ticket=[0-9a-f]{32}$/m.exec(stdout)!
  const asJson = await run(['open', '--json'])
  const { url, opened } = asJson.json() as { url: string; opened: boolean }
  t.equal(opened, false, 'a program is given the link, and no browser starts')
  t.not(url, link, 'each link is another')
  for (const one of [link, url]) {
    const { origin, hash } = new URL(one)
    const enter = () =>
      fetch(`${origin}/page/entries`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ticket: hash.replace('#ticket=', '') }),
      })
    t.equal((await enter()).status, 200)
    t.equal((await enter()).status, 404)
  }
})

test('open: a relay has no mailbox to show', async (t) => {
  const { run, service } = await mailboxHome(t)
  const { status } = service
  service.status = async () => ({ ...(await status()), role: 'relay' })
  const { code, stderr } = await run(['open'])
  t.equal(code, 1)
  t.match(stderr, /relay/)
})

test('open: without a screen no browser is started', async (t) => {
  const { run } = await mailboxHome(t)
  const { code, stdout } = await run(['open'])
  t.equal(code, 0)
  t.match(stdout, /works once/)
})
