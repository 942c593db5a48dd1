/** The IMAP server: connections, what is said on them, and that whatever goes wrong on one goes wrong on that one alone. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Certificate } from './certificate.ts'
import { noOf } from './daemon-api.ts'
import { commands, greeting, loggedIn } from './imap-commands.ts'
import { commandsIn } from './imap-lines.ts'
import { createSession, type Session, type Shared } from './imap-session.ts'
import { ImapNo, wordsOf } from './imap-text.ts'

type Options = Shared & {
  readonly listen: { readonly host: string; readonly port: number }
  /** The largest message that is taken, in bytes. */
  readonly sizeMax: number
  readonly certificate: Certificate
}

const connectionsMax = 50
/** Whoever says nothing for so long is hung up on: RFC 3501 §5.4 wants half an hour at least. */
const idleMs = 35 * 60_000
const strangerMs = 60_000
const wrongMax = 5

/** A server that listens; resolves to its port and how to close it. Throws where it cannot listen. */
export async function startImap({ listen, sizeMax, certificate, ...shared }: Options) {
  const secureContext = createSecureContext(certificate)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    serve(socket, shared, { sizeMax, secureContext })
      .catch((error) => shared.logger.debug({ err: error }, 'a connection of a mail program broke'))
      .finally(() => socket.destroy())
  })
  server.maxConnections = connectionsMax
  try {
    server.listen(listen.port, listen.host)
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(
      `The bridge cannot listen on ${listen.host}:${listen.port} for IMAP. Stop what listens there, or set bridgeImapListen to another port.`,
      { cause },
    )
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

type Served = { readonly sizeMax: number; readonly secureContext: SecureContext }

/** One connection, to its end: plain, and perhaps encrypted from some point on. */
async function serve(socket: Socket, shared: Shared, { sizeMax, secureContext }: Served): Promise<void> {
  let stream = socket
  const say = async (line: string): Promise<void> => {
    if (stream.destroyed) throw new Error('the connection is gone')
    // An end that comes meanwhile is seen by whoever reads.
    if (!stream.write(Buffer.from(`${line}\r\n`, 'latin1')))
      await Promise.race([once(stream, 'drain'), once(stream, 'close')])
  }
  const session = createSession(shared, say)
  let stopWaiting = shared.clock.after(strangerMs, () => void socket.destroy())
  const connection = createConnection(session)
  const limits = () => ({ literalMax: session.program === undefined ? 1_024 : sizeMax })

  async function converse(pieces: AsyncIterable<Buffer>): Promise<'over' | 'secure'> {
    const goOn = (): void => void stream.write('+ Go on\r\n')
    for await (const read of commandsIn(pieces, { goOn, limits })) {
      stopWaiting()
      if ('tooLong' in read) {
        await say(`* BYE ${read.tooLong}`)
        return 'over'
      }
      const next = await connection(read.text)
      if (next) return next
      stopWaiting = shared.clock.after(session.program === undefined ? strangerMs : idleMs, () => void socket.destroy())
    }
    return 'over'
  }

  try {
    await say(greeting(session))
    for (;;) {
      const reading = readingOf(stream)
      if ((await converse(reading.pieces)) === 'over') return
      // What was sent ahead in the clear is not read: it may be somebody else's.
      reading.stop()
      stream = new TLSSocket(stream, { isServer: true, secureContext })
      stream.on('error', () => socket.destroy())
      session.isSecure = true
    }
  } finally {
    stopWaiting()
    session.close()
  }
}

/** The bytes of a socket as they come, until it is left to somebody else to read. */
function readingOf(socket: Socket): { readonly pieces: AsyncIterable<Buffer>; readonly stop: () => void } {
  const waiting: Buffer[] = []
  let isOver = false
  let wake = (): void => undefined
  const onData = (piece: Buffer): void => {
    socket.pause()
    waiting.push(piece)
    wake()
  }
  const onEnd = (): void => {
    isOver = true
    wake()
  }
  socket.on('data', onData).on('end', onEnd).on('close', onEnd)
  async function* pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = waiting.shift()
      if (piece) yield piece
      else if (isOver) return
      else
        await new Promise<void>((resolve) => {
          wake = resolve
          socket.resume()
        })
    }
  }
  return {
    pieces: pieces(),
    stop() {
      socket.pause()
      socket.off('data', onData).off('end', onEnd).off('close', onEnd)
    },
  }
}

type Next = 'over' | 'secure' | undefined

/** What takes one command after the other; `over` when the connection is to end, `secure` when it is encrypted from here on. */
function createConnection(session: Session): (text: string) => Promise<Next> {
  const { say, shared } = session
  /** The tag of a command that waits for a line of its own: IDLE for DONE, AUTHENTICATE for the password. */
  let waiting: { readonly tag: string; readonly isIdle: boolean } | undefined
  let wrong = 0
  // News come while something else is said, and are told one after the other.
  let telling: Promise<void> = Promise.resolve()
  session.onNews = () => {
    if (waiting?.isIdle) telling = telling.then(() => session.tell({ withGone: true })).catch(() => undefined)
  }

  async function answered(tag: string, work: () => Promise<string | undefined>): Promise<void> {
    try {
      await say(`${tag} OK ${(await work()) ?? 'Done'}`)
    } catch (error) {
      if (error instanceof ImapNo) return say(`${tag} ${error.kind} ${error.message}`)
      const { sentence } = noOf(error)
      shared.logger.warn({ err: error }, 'a command of a mail program failed')
      await say(`${tag} NO [UNAVAILABLE] ${sentence.replace(/[^ -~]/g, '?')}`)
    }
  }

  async function plain(tag: string, response: string): Promise<'over' | undefined> {
    const [, name = '', password = ''] = Buffer.from(response, 'base64').toString('utf8').split('\0')
    await answered(tag, () => loggedIn(session, name, password))
    if (session.program === undefined) wrong++
    return wrong >= wrongMax ? 'over' : undefined
  }

  return async (text) => {
    if (waiting) {
      const { tag, isIdle } = waiting
      waiting = undefined
      if (!isIdle) return plain(tag, text)
      await telling
      await say(text.toUpperCase() === 'DONE' ? `${tag} OK Done` : `${tag} BAD DONE is wanted`)
      return undefined
    }
    const words = wordsOf(text)
    const tag = words.match(/[!#$&',-[\]^-z|}~]{1,100}(?= )/)
    if (tag === undefined || !words.takes(' ')) {
      await say('* BAD A command begins with a tag and a space')
      return undefined
    }
    const name = (words.match(/UID [a-z]{1,20}|[a-z]{1,20}/i) ?? '').toUpperCase()
    if (name === 'LOGOUT') {
      await say('* BYE Until next time')
      await say(`${tag} OK Done`)
      return 'over'
    }
    if (name === 'STARTTLS' && session.program === undefined && !session.isSecure) {
      await say(`${tag} OK Begin`)
      return 'secure'
    }
    if (session.program !== undefined && !shared.doorkeeper.stillAdmits(session.program, session.since)) {
      await say('* BYE The password was taken back')
      return 'over'
    }
    if (name === 'AUTHENTICATE' && words.takes(' PLAIN')) {
      if (words.takes(' ')) return plain(tag, words.match(/.*/s) ?? '')
      waiting = { tag, isIdle: false }
      await say('+ ')
      return undefined
    }
    if (name === 'IDLE' && session.program !== undefined) {
      await say('+ Idling')
      waiting = { tag, isIdle: true }
      session.onNews()
      return undefined
    }
    const command = commands[name]
    await answered(tag, async () => {
      if (!command) throw new ImapNo('BAD', 'That is no command here')
      if (command.state !== 'out' && session.program === undefined) throw new ImapNo('NO', 'Say your password first')
      if (command.state === 'open' && !session.selected) throw new ImapNo('BAD', 'No folder is open')
      const said = await command.run(session, words)
      words.end()
      await session.tell({ withGone: !command.usesSequence })
      return said
    })
    if (name === 'LOGIN' && session.program === undefined) wrong++
    return wrong >= wrongMax ? 'over' : undefined
  }
}
