/**
 * `npm run test:bridge`: mail programs of others against the bridge, over a small network of daemons as processes: Python's
 * imaplib, curl, swaks, mbsync and mutt, each installed where it can be; and the same expectations against Dovecot, whose answers
 * ours are compared with. Ends with `N passed, N failed`.
 */
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { flagsOf } from '../../cli/flags.ts'
import { allRegistered, foundSmallNetwork, openStage, program, until } from '../../cli/stage.ts'
import { dovecotPassword, hasDovecot, startDovecot } from './dovecot.ts'
import { installed } from './installed.ts'
import { mutt } from './mutt.ts'
import { ordeal } from './ordeal.ts'
import { thunderbird } from './thunderbird.ts'
import {
  allSent,
  arrived,
  check,
  children,
  counts,
  endAll,
  imap,
  is,
  kill,
  patienceMs,
  type Person,
  personOf,
  randomText,
  run,
  search,
  startBridge,
  submit,
} from './programs.ts'

const help = `npm run test:bridge

Starts a small network and a bridge for each of two people, and lets mail programs at them. On Debian,
as root, those that are missing are installed; elsewhere cases of what is missing are left out, and said.`
flagsOf(help, { options: {} })

async function expectations(port: number, user: string, password: string): Promise<readonly string[]> {
  const { text } = await run('python3', [
    join(import.meta.dirname, 'expectations.py'),
    '127.0.0.1',
    String(port),
    user,
    password,
  ])
  const lines = text.split('\n')
  is(
    lines.some((line) => / passed, 0 failed$/.test(line)),
    () => lines.filter((line) => !/^(=|ok)/.test(line)),
  )
  return lines.filter((line) => line.startsWith('='))
}

/** Where Dovecot differs, and why we do not follow it. */
const dovecotDiffers: readonly RegExp[] = [
  /^= mixed \[1\]/, // the line end in front of a boundary belongs to that (RFC 2046 §5.1.1)
]

async function compareServers(alice: Person, folder: string): Promise<void> {
  let ours: readonly string[] = []
  await check('imaplib: every expectation, at the bridge', async () => {
    ours = await expectations(alice.imap, 'tester', alice.password)
  })
  if (!hasDovecot()) return console.log('# Dovecot is not here, so nothing is compared with it')
  const { port, child } = await startDovecot(folder)
  children.add(child)
  await check('imaplib: every expectation, at Dovecot, and the same answers', async () => {
    await until(
      'Dovecot answers',
      async () => (await run('curl', ['-sS', `imap://127.0.0.1:${port}/`, '-u', `a:${dovecotPassword}`])).code === 0,
    )
    const theirs = await expectations(port, 'ada', dovecotPassword)
    const other = ours.filter((line, at) => line !== theirs[at] && !dovecotDiffers.some((form) => form.test(line)))
    is(other.length === 0 && ours.length === theirs.length, () => other)
    console.log(`# ${ours.length} answers compared`)
  })
}

/** Letters there and back, refusals, and what a verdict is. */
async function letters(alice: Person, bob: Person): Promise<void> {
  const paidBefore = BigInt((await alice.api.pseudonyms())[0]!.balance)
  const sentBy = async (person: Person) => (await person.api.messages({ folder: 'sent' })).length
  await check('swaks: a letter goes from program to program, and says what it paid', async () => {
    const { code, text } = await submit(alice, { to: 'bob@bmail.invalid', subject: 'first' })
    is(code === 0, () => text)
    const uid = await arrived(bob, 'INBOX', 'SUBJECT first')
    const { text: bytes } = await run('curl', [
      '-sS',
      '-u',
      `tester:${bob.password}`,
      `imap://127.0.0.1:${bob.imap}/INBOX;UID=${uid}`,
    ])
    for (const wanted of [
      /^X-Bmail-Paid: \d/m,
      /^X-Bmail-Standing: correspondence/m,
      /^Authentication-Results: bmail\.invalid; x-bmail=pass/m,
    ])
      is(wanted.test(bytes), () => bytes)
    is(bytes.includes(`<${alice.address}@bmail.invalid>`), () => bytes)
    is(!bytes.includes('bob@bmail.invalid'), () => 'nobody else knows what we call people')
    is(BigInt((await alice.api.pseudonyms())[0]!.balance) < paidBefore, () => 'it was paid')
  })
  await check('swaks: who pretends to be somebody else is shown as who they are', async () => {
    const headers = [
      'From: bob <default@bmail.invalid>',
      'X-Bmail-Paid: 1000000',
      'Authentication-Results: bmail.invalid; x-bmail=pass header.from=nobody',
    ]
    is((await submit(alice, { to: 'bob@bmail.invalid', subject: 'pretender', headers })).code === 0, () => 'sent')
    const uid = await arrived(bob, 'INBOX', 'SUBJECT pretender')
    const { text } = await run('curl', [
      '-sS',
      '-u',
      `tester:${bob.password}`,
      `imap://127.0.0.1:${bob.imap}/INBOX;UID=${uid}`,
    ])
    is(
      text.match(/^X-Bmail-Paid:/gm)?.length === 1 && text.match(/^Authentication-Results:/gm)?.length === 1,
      () => text,
    )
    is(!text.includes('1000000') && !text.includes('=nobody'), () => text)
  })
  await check('swaks: a refusal is a sentence, and nothing is paid', async () => {
    await allSent(alice)
    const before = await sentBy(alice)
    const nobody = await submit(alice, { to: 'nobody@bmail.invalid', subject: 'x' })
    is(nobody.code !== 0 && /550 .*nobody: it is no valid bm1 address/.test(nobody.text), () => nobody.text)
    const outside = await submit(alice, { to: 'a@example.org', subject: 'x' })
    is(/550 .*no address of b-mail/.test(outside.text), () => outside.text)
    const large = await submit(alice, { to: 'bob@bmail.invalid', subject: 'dear', body: randomText(40_000) })
    is(/554 .*would cost .* test, which is more than the 40 test/.test(large.text), () => large.text.slice(-600))
    const wrong = await submit({ ...alice, password: 'wrong' }, { to: 'bob@bmail.invalid', subject: 'x' })
    is(/535 .*bmail bridge password/.test(wrong.text), () => wrong.text)
    is((await search(alice, 'Outbox', 'ALL')).length === 0, () => 'nothing waits')
    is((await sentBy(alice)) === before, () => 'nothing was sent')
  })
  await check('swaks: what is handed in twice is paid once, with and without an id', async () => {
    const headers = ['Message-Id: <again@example.org>', 'Date: Mon, 02 Feb 2026 10:00:00 +0000']
    const before = await sentBy(alice)
    for (let left = 2; left > 0; left--)
      is((await submit(alice, { to: 'bob@bmail.invalid', subject: 'again', headers })).code === 0, () => 'taken')
    await allSent(alice)
    is((await sentBy(alice)) === before + 1, () => 'one letter')
    await arrived(bob, 'INBOX', 'SUBJECT again')
    is((await search(alice, 'Sent', 'SUBJECT again')).length === 1, () => 'one copy')
  })
  await check('swaks: who is hidden stays hidden, and everybody gets it', async () => {
    const shop = await bob.api.createPseudonym({ label: 'shop' })
    await alice.api.sponsor({ request: shop.request, amount: '100000' })
    const isThere = async () => (await bob.api.pseudonyms()).find(({ label }) => label === 'shop')!.registered
    await until('bob’s shop is registered', isThere, { limitMs: patienceMs })
    await alice.api.setContact({ name: 'Anna Lee', address: shop.address })
    const before = await sentBy(alice)
    const headers = ['To: bob@bmail.invalid', 'Bcc: anna.lee@bmail.invalid', 'Message-Id: <hidden@example.org>']
    const to = 'bob@bmail.invalid,anna.lee@bmail.invalid,default@bmail.invalid'
    const { code, text } = await submit(alice, { to, subject: 'hidden', headers })
    is(code === 0, () => text)
    await allSent(alice)
    is((await sentBy(alice)) === before + 2, () => 'two operations, and none to oneself')
    await until('both are there', async () => (await search(bob, 'INBOX', 'SUBJECT hidden')).length === 2, {
      limitMs: patienceMs,
    })
    for (const uid of await search(bob, 'INBOX', 'SUBJECT hidden')) {
      const place = `imap://127.0.0.1:${bob.imap}/INBOX;UID=${uid}`
      const { text: bytes } = await run('curl', ['-sS', '-u', `tester:${bob.password}`, place])
      is(!/^bcc:/im.test(bytes), () => bytes)
    }
    const those = (await bob.api.messages({ folder: 'inbox' })).filter(({ subject }) => subject === 'hidden')
    is(
      those.every(({ to: named }) => named.length === 1),
      () => those,
    )
    is((await search(alice, 'Sent', 'SUBJECT hidden')).length === 1, () => 'one copy of both')
  })
  await check('curl: the copy that a program puts into Sent is there already', async () => {
    const file = join(alice.home, 'bridge', 'copy.eml')
    writeFileSync(file, 'Message-ID: <again@example.org>\r\nSubject: again\r\n\r\nmine\r\n')
    const { code } = await run('curl', [
      '-sS',
      '-u',
      `tester:${alice.password}`,
      '-T',
      file,
      `imap://127.0.0.1:${alice.imap}/Sent`,
    ])
    is(code === 0 && (await search(alice, 'Sent', 'SUBJECT again')).length === 1, () => 'one copy')
  })
  await check('curl: an answer is one for the daemon, and its reader’s verdict is not touched', async () => {
    const [letter] = (await bob.api.messages({ folder: 'inbox' })).filter(({ subject }) => subject === 'again')
    const headers = ['In-Reply-To: <again@example.org>']
    const { code, text } = await submit(bob, { to: 'alice@bmail.invalid', subject: 'Re: again', headers })
    is(code === 0, () => text)
    await arrived(alice, 'INBOX', 'SUBJECT "Re: again"')
    is((await bob.api.summary({ id: letter!.id })).verdict === null, () => 'no verdict')
  })
}

/** Moving to Junk is spam, a star is value, and both can be undone for a minute. */
async function verdicts(bob: Person): Promise<void> {
  bob.undoSeconds = 60
  await kill(bob)
  bob.child = await startBridge(bob.home, bob)
  await check('curl: moved to Junk and back is nothing; Junk is spam, a star is value, on the ledger', async () => {
    const idOf = async (subject: string) =>
      (await bob.api.messages({ folder: 'inbox' })).find((letter) => letter.subject === subject)!.id
    const [undone, spam, value] = [await idOf('first'), await idOf('pretender'), await idOf('again')]
    const uidOf = async (subject: string, folder = 'INBOX') => (await search(bob, folder, `SUBJECT ${subject}`))[0]
    await imap(bob, 'INBOX', `UID MOVE ${await uidOf('first')} Junk`)
    await imap(bob, 'Junk', `UID MOVE ${await uidOf('first', 'Junk')} INBOX`)
    await imap(bob, 'INBOX', `UID MOVE ${await uidOf('pretender')} Junk`)
    await imap(bob, 'INBOX', `UID STORE ${await uidOf('again')} +FLAGS (\\Flagged)`)
    is((await bob.api.summary({ id: spam })).verdict === null, () => 'not at once')
    // Killed meanwhile, it still knows what is to be said.
    await kill(bob)
    bob.child = await startBridge(bob.home, bob)
    const verdictOf = async (id: string) => (await bob.api.summary({ id })).verdict
    await until('spam', async () => (await verdictOf(spam)) === 'spam', { limitMs: patienceMs })
    await until('value', async () => (await verdictOf(value)) === 'value', { limitMs: patienceMs })
    is((await verdictOf(undone)) === null, () => 'what was undone was not said')
  })
}

async function sameAfterKill(bob: Person): Promise<void> {
  await check('curl: UIDs are the same after the bridge was killed', async () => {
    const state = async () =>
      `${await search(bob, 'INBOX', 'ALL')} ${/UIDVALIDITY (\d+)/.exec(await imap(bob, '', 'STATUS INBOX (UIDVALIDITY)'))?.[1]}`
    const first = await state()
    await kill(bob)
    bob.child = await startBridge(bob.home, bob)
    is((await state()) === first, () => first)
  })
}

/** STARTTLS at both servers, by other people's libraries. */
async function encrypted(alice: Person, bob: Person): Promise<void> {
  await check('swaks and curl: both servers speak TLS with the certificate that lies in the home', async () => {
    const { code, text } = await submit(alice, { to: 'bob@bmail.invalid', subject: 'over-tls', tls: true })
    is(code === 0 && /TLS started/i.test(text), () => text)
    await arrived(bob, 'INBOX', 'SUBJECT over-tls')
    const trusted = ['--ssl-reqd', '--cacert', join(bob.home, 'bridge', 'certificate.pem')]
    const place = `imap://127.0.0.1:${bob.imap}/INBOX`
    const known = await run('curl', ['-sS', ...trusted, '-u', `tester:${bob.password}`, place, '-X', 'NOOP'])
    is(known.code === 0, () => known.text)
    const unknown = await run('curl', ['-sS', '--ssl-reqd', '-u', `tester:${bob.password}`, place, '-X', 'NOOP'])
    is(unknown.code !== 0, () => 'who was not told to trust it does not')
  })
}

async function synchronised(bob: Person, folder: string): Promise<void> {
  await check('mbsync: both ways, and nothing the second time', async () => {
    const mail = join(folder, 'mbsync')
    mkdirSync(mail)
    const file = join(folder, 'mbsyncrc')
    writeFileSync(
      file,
      `IMAPStore far\nHost 127.0.0.1\nPort ${bob.imap}\nUser tester\nPass ${bob.password}\nSSLType None\nAuthMechs LOGIN\n\n` +
        `MaildirStore near\nPath ${mail}/\nInbox ${mail}/INBOX\nSubFolders Verbatim\n\n` +
        `Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nExpunge Both\nSyncState *\n`,
    )
    const sync = async () => {
      const { code, text } = await run('mbsync', ['-c', file, '-a'])
      is(code === 0, () => text)
    }
    const count = (name: string) =>
      ['cur', 'new'].reduce((sum, part) => sum + readdirSync(join(mail, name, part)).length, 0)
    await sync()
    const inInbox = (await search(bob, 'INBOX', 'ALL')).length
    is(inInbox > 3 && count('INBOX') === inInbox, () => [inInbox, count('INBOX')])
    writeFileSync(join(mail, 'Drafts', 'cur', '1.mine:2,DS'), 'Subject: from here\n\nA draft\n')
    await sync()
    const draft = await arrived(bob, 'Drafts', 'SUBJECT "from here"')
    is(/\\Draft/.test(await imap(bob, 'Drafts', `UID FETCH ${draft} (FLAGS)`)), () => 'its flags came along')
    const before = await imap(bob, 'INBOX', 'UID SEARCH ALL')
    await sync()
    is((await imap(bob, 'INBOX', 'UID SEARCH ALL')) === before && count('INBOX') === inInbox, () => before)
  })
}

async function takenBack(bob: Person): Promise<void> {
  await check('a password that is taken back opens nothing, and a copied disk shows nothing', async () => {
    const folder = join(bob.home, 'bridge', 'data')
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name)).toString('latin1')
      is(!/killed-a|bm1|INBOX|Drafts/.test(text), () => name)
    }
    await run(process.execPath, [program, 'bridge', 'revoke', 'tester', '--home', bob.home])
    const { code, text } = await run('curl', [
      '-sS',
      '-u',
      `tester:${bob.password}`,
      `imap://127.0.0.1:${bob.imap}/INBOX`,
    ])
    is(code !== 0, () => text)
  })
}

const stage = openStage({ isJson: true, keep: false })
try {
  const programs = await installed()
  for (const name of ['python3', 'curl', 'swaks'] as const)
    if (!programs.has(name)) throw new Error(`${name} is not installed, and most cases need it`)
  const testnet = await foundSmallNetwork(stage.folder)
  const [, ...clients] = stage.startAll(testnet)
  await allRegistered(clients, { limitMs: patienceMs })
  const [alice, bob] = (await Promise.all(
    testnet.people.map(({ home }, index) => personOf(home, clients[index]!, { undoSeconds: 1 })),
  )) as [Person, Person]
  await alice.api.setContact({ name: 'bob', address: bob.address })
  await bob.api.setContact({ name: 'alice', address: alice.address })
  chmodSync(stage.folder, 0o755)
  mkdirSync(join(stage.folder, 'dovecot'))
  await compareServers(alice, join(stage.folder, 'dovecot'))
  await letters(alice, bob)
  await encrypted(alice, bob)
  await ordeal(alice, bob)
  await sameAfterKill(bob)
  if (programs.has('mutt')) await mutt(alice, bob, stage.folder)
  if (programs.has('thunderbird')) await thunderbird(alice, bob, stage.folder)
  if (programs.has('mbsync')) await synchronised(bob, stage.folder)
  await verdicts(bob)
  await takenBack(bob)
} finally {
  await endAll()
  await stage.close()
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed > 0 ? 1 : 0
