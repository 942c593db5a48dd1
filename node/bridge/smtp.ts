/** SMTP submission (RFC 6409) on loopback: what a program hands in goes to `submission.ts`; a no is its sentence. */
import { SMTPServer } from 'smtp-server'
import type { Certificate } from './certificate.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { SubmissionError } from './pricing.ts'
import type { Submission } from './submission.ts'

type Options = {
  readonly listen: { readonly host: string; readonly port: number }
  readonly doorkeeper: Pick<Doorkeeper, 'admits'>
  readonly submission: Submission
  /** The largest message that is taken, in bytes. */
  readonly sizeMax: number
  readonly certificate: Certificate
}

/** A server that listens; resolves to its port and how to close it. Throws where it cannot listen. */
export async function startSmtp({ listen, doorkeeper, submission, sizeMax, certificate }: Options) {
  const server = new SMTPServer({
    name: 'bmail.invalid',
    banner: 'b-mail bridge',
    size: sizeMax,
    authMethods: ['PLAIN', 'LOGIN'],
    authOptional: false,
    // On loopback alone, where whoever could listen can read the programs’ memory too; who wants it has STARTTLS.
    allowInsecureAuth: true,
    key: certificate.key,
    cert: certificate.cert,
    disableReverseLookup: true,
    hideDSN: true,
    hideREQUIRETLS: true,
    maxClients: 50,
    closeTimeout: 1_000,
    logger: false,
    onAuth({ username = '', password }, _session, done) {
      if (doorkeeper.admits(username, password ?? '')) done(null, { user: username })
      else done(replying(535, 'That is no password of the bridge. Make one with `bmail bridge password`.'))
    },
    onRcptTo({ address }, _session, done) {
      submission.checkRecipient(address).then(
        () => done(),
        (error) => done(replyTo(error, 550)),
      )
    },
    onData(stream, { envelope }, done) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => {
        if (!stream.sizeExceeded) pieces.push(piece)
      })
      stream.on('end', () => {
        if (stream.sizeExceeded)
          return done(replying(552, `The message is larger than ${sizeMax} bytes. Nothing was sent; send less.`))
        const sender = envelope.mailFrom ? envelope.mailFrom.address : ''
        const recipients = envelope.rcptTo.map(({ address }) => address)
        submission.submit({ sender, recipients, raw: Buffer.concat(pieces) }).then(
          () => done(null, 'It is in Outbox and goes when its time has come; until then it can be taken out'),
          (error) => done(replyTo(error, 554)),
        )
      })
    },
  })
  server.on('error', () => undefined) // one bad connection never stops the bridge; whether it listens is seen below
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', (cause: Error) =>
      reject(
        new Error(
          `The bridge cannot listen on ${listen.host}:${listen.port} for SMTP. Stop what listens there, or set bridgeSmtpListen to another port.`,
          { cause },
        ),
      ),
    )
    server.listen(listen.port, listen.host, resolve)
  })
  const place = server.server.address()
  return {
    port: typeof place === 'object' && place ? place.port : listen.port,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const replying = (responseCode: number, sentence: string): Error => Object.assign(new Error(sentence), { responseCode })

/** 451 where the program may try again by itself. */
const replyTo = (error: unknown, code: number): Error =>
  error instanceof SubmissionError
    ? replying(error.isPassing ? 451 : code, ascii(error.message))
    : replying(451, 'The bridge failed. Try again; what it says in the terminal helps whoever mends it.')

/** What not every program shows right: quotes and dashes as they are typed. */
const ascii = (sentence: string): string =>
  sentence
    .replace(/[“”]/g, '"')
    .replace(/[’‘]/g, "'")
    .replace(/…/g, '...')
    .replace(/[–—]/g, '-')
    .replace(/[^ -~]/g, '?')
