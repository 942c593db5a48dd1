/** Bridges and a daemon killed at random moments, while programs hand in, move, mark and put away: nothing lost, nothing twice. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../cli/stage.ts'
import {
  allSent,
  arrived,
  check,
  imap,
  is,
  kill,
  patienceMs,
  type Person,
  restartDaemon,
  run,
  search,
  startBridge,
  submit,
} from './programs.ts'

const rounds = 8
/** The latest moment of a kill, counted from when the programs begin. */
const killedWithinMs = 1_500

/** Something a program does; whether it was told that it is done. */
type Deed = () => Promise<boolean>

const done = (task: Promise<unknown>): Promise<boolean> =>
  task.then(
    () => true,
    () => false,
  )

/** Put a draft where there is none of its name, as a program does that was not answered. */
async function draft(bob: Person, name: string): Promise<void> {
  if ((await search(bob, 'Drafts', `HEADER Message-ID ${name}`)).length > 0) return
  const file = join(bob.home, 'bridge', `${name}.eml`)
  writeFileSync(file, `Message-ID: <${name}@example.org>\r\nSubject: ${name}\r\n\r\nA draft\r\n`)
  const place = `imap://127.0.0.1:${bob.imap}/Drafts`
  const { code, text } = await run('curl', ['-sS', '-u', `tester:${bob.password}`, '-T', file, place])
  is(code === 0, () => text)
}

async function move(bob: Person, subject: string): Promise<void> {
  const [uid] = await search(bob, 'INBOX', `SUBJECT ${subject}`)
  if (uid !== undefined) await imap(bob, 'INBOX', `UID MOVE ${uid} Junk`)
}

async function mark(bob: Person, subject: string): Promise<void> {
  const [uid] = await search(bob, 'INBOX', `SUBJECT ${subject}`)
  if (uid !== undefined) await imap(bob, 'INBOX', `UID STORE ${uid} +FLAGS ($Ordeal)`)
}

async function hand(alice: Person, name: string): Promise<void> {
  const headers = [`Message-Id: <${name}@example.org>`, 'Date: Mon, 02 Feb 2026 10:00:00 +0000']
  const { code, text } = await submit(alice, { to: 'bob@bmail.invalid', subject: name, headers })
  is(code === 0, () => text)
}

/** What happens in a round, with the bridges killed meanwhile; what nobody was told of is done again. */
async function round(alice: Person, bob: Person, { number, moved }: { number: number; moved: string }): Promise<void> {
  const deeds: readonly Deed[] = [
    () => done(hand(alice, `ordeal-${number}`)),
    () => done(move(bob, moved)),
    () => done(mark(bob, `killed-${number}`)),
    () => done(draft(bob, `draft-${number}`)),
  ]
  const under = Promise.all(deeds.map((deed) => deed()))
  await new Promise((resolve) => setTimeout(resolve, Math.random() * killedWithinMs))
  await Promise.all([kill(alice), kill(bob)])
  const told = await under
  if (number % 3 === 2) await restartDaemon(alice)
  for (const person of [alice, bob]) person.child = await startBridge(person.home, person)
  for (const [at, deed] of deeds.entries())
    if (!told[at]) is(await deed(), () => `deed ${at} of round ${number} is done the second time`)
}

export async function ordeal(alice: Person, bob: Person): Promise<void> {
  const numbers = Array.from({ length: rounds }, (_, number) => number)
  await check('bridges and a daemon killed in the middle of everything: nothing lost, nothing twice', async () => {
    for (const number of numbers) await hand(alice, `killed-${number}`)
    for (const number of numbers) await hand(alice, `moved-${number}`)
    await allSent(alice)
    for (const number of numbers) await arrived(bob, 'INBOX', `SUBJECT moved-${number}`)
    for (const number of numbers) await arrived(bob, 'INBOX', `SUBJECT killed-${number}`)
    const before = (await alice.api.messages({ folder: 'sent' })).length
    for (const number of numbers) await round(alice, bob, { number, moved: `moved-${number}` })
    await allSent(alice)
    for (const number of numbers) {
      await arrived(bob, 'INBOX', `SUBJECT ordeal-${number}`)
      const found = async (person: Person, folder: string, question: string) =>
        (await search(person, folder, question)).length
      is((await found(bob, 'INBOX', `SUBJECT ordeal-${number}`)) === 1, () => `letter ${number} is there once`)
      is((await found(alice, 'Sent', `SUBJECT ordeal-${number}`)) === 1, () => `letter ${number} was sent once`)
      is((await found(bob, 'Drafts', `SUBJECT draft-${number}`)) === 1, () => `draft ${number} is there once`)
      is((await found(bob, 'Junk', `SUBJECT moved-${number}`)) === 1, () => `letter ${number} was moved`)
      is((await found(bob, 'INBOX', `SUBJECT killed-${number} KEYWORD $Ordeal`)) === 1, () => `${number} is marked`)
    }
    const sent = (await alice.api.messages({ folder: 'sent' })).slice(0, -before)
    is(sent.length === rounds && sent.every(({ state }) => state !== 'refused'), () => [sent.length, sent])
    const judged = (await bob.api.messages({ folder: 'inbox' })).filter(({ subject }) => subject.startsWith('moved-'))
    for (const { id } of judged)
      await until('spam', async () => (await bob.api.summary({ id })).verdict === 'spam', { limitMs: patienceMs })
    is((await search(bob, 'INBOX', 'SUBJECT "Not judged"')).length === 0, () => 'no verdict was said twice')
    is((await search(alice, 'INBOX', 'SUBJECT "Not sent"')).length === 0, () => 'nothing was refused')
  })
}
