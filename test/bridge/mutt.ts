/** mutt, as it is: in batch to send, and on a terminal that `script` makes, with its keys pushed, to read and to move. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../cli/stage.ts'
import { arrived, check, is, patienceMs, type Person, run, search } from './programs.ts'

/** The settings that the page for mutt gives, and none that only a test needs but those that ask nobody. */
const settings = ({ imap, smtp, password }: Person): string => `
set folder = "imap://tester@127.0.0.1:${imap}/"
set spoolfile = "+INBOX" record = "+Sent" postponed = "+Drafts" trash = "+Trash"
set imap_pass = "${password}" smtp_pass = "${password}"
set smtp_url = "smtp://tester@127.0.0.1:${smtp}/"
set from = "default@bmail.invalid" use_from = yes envelope_from = yes
set ssl_starttls = no ssl_force_tls = no
set confirmappend = no delete = yes quit = yes wait_key = no
`

export async function mutt(alice: Person, bob: Person, folder: string): Promise<void> {
  const fileOf = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  await check('mutt: sends, reads, and moves to Junk, which is spam on the ledger', async () => {
    const words = fileOf('mutt.txt', 'Hello from mutt\n')
    const aliceRc = fileOf('alice.muttrc', settings(alice))
    const { code, text } = await run('sh', ['-c', `mutt -n -F ${aliceRc} -s from-mutt -- bob@bmail.invalid < ${words}`])
    is(code === 0, () => text)
    await arrived(bob, 'INBOX', 'SUBJECT from-mutt')
    await until('its copy is in Sent once', async () => (await search(alice, 'Sent', 'SUBJECT from-mutt')).length === 1)
    const read = join(folder, 'read.eml')
    const keys = `<limit>~s from-mutt<enter><pipe-message>cat > ${read}<enter><save-message>=Junk<enter><sync-mailbox><quit>`
    const bobRc = fileOf('bob.muttrc', `${settings(bob)}\npush "${keys}"\n`)
    const seen = await run('env', ['TERM=xterm', 'script', '-qefc', `mutt -n -F ${bobRc}`, '/dev/null'])
    is(readFileSync(read, 'utf8').includes('Hello from mutt'), () => seen.text)
    await arrived(bob, 'Junk', 'SUBJECT from-mutt')
    const letter = (await bob.api.messages({ folder: 'inbox' })).find(({ subject }) => subject === 'from-mutt')!
    await until('spam', async () => (await bob.api.summary({ id: letter.id })).verdict === 'spam', {
      limitMs: patienceMs,
    })
  })
}
