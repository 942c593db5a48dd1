/** Writing in the person's own editor. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandError } from './errors.ts'

/** What the person makes of a text. The file lies in a folder that only they can enter, and is gone afterwards. */
export async function edit(editor: string, text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-'))
  const file = join(folder, 'message.txt')
  try {
    writeFileSync(file, text, { mode: 0o600 })
    await run(editor, file)
    return readFileSync(file, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An editor may come with arguments of its own, so a shell takes it apart; the file is passed beside it. */
function run(editor: string, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
    const failed = (what: string) =>
      reject(new CommandError('editor', `The editor “${editor}” ${what}; nothing was sent. Set EDITOR to another one.`))
    child.on('error', () => failed('could not be started'))
    child.on('exit', (code) => (code === 0 ? resolve() : failed('ended with an error')))
  })
}
