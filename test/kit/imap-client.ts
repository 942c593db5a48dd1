/** A mail program of a few lines. */
import { connect } from 'node:net'

/** A program that speaks IMAP: `ask` resolves to all that was said until the command was answered. */
export async function imapClient(port: number, login?: { readonly name: string; readonly password: string }) {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  let wake = () => {}
  const ended = { is: false }
  socket.setEncoding('latin1')
  socket.on('data', (piece: string) => {
    text += piece
    wake()
  })
  socket.on('close', () => {
    ended.is = true
    wake()
  })
  socket.on('error', () => undefined)
  const heard = async (wanted: RegExp): Promise<string> => {
    // What is waited for is the last that is said, and the rest may be megabytes.
    while (!wanted.test(text.slice(-2_000))) {
      if (ended.is) return `${text}(closed)`
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const said = text
    text = ''
    return said
  }
  let tags = 0
  const ask = (command: string): Promise<string> => {
    const tag = `t${++tags}`
    socket.write(`${tag} ${command}\r\n`, 'latin1')
    return heard(new RegExp(`^${tag} (OK|NO|BAD).*\\r\\n`, 'm'))
  }
  await heard(/^\* OK/)
  if (login) await ask(`LOGIN ${login.name} ${login.password}`)
  return { socket, ask, heard, close: () => socket.destroy() }
}
