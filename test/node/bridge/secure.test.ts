/** STARTTLS at both servers, by a certificate that the bridge made for itself. */
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { createTransport } from 'nodemailer'
import { test } from 'tap'
import { other } from '../../kit/service-fixture.ts'
import { bridgeHome } from './bridge-fixture.ts'

/** What is said until a line is there. */
async function heard(socket: NodeJS.ReadableStream, wanted: RegExp): Promise<string> {
  let text = ''
  while (!wanted.test(text)) text += (await once(socket, 'data'))[0]
  return text
}

/** A connection to IMAP that was encrypted by STARTTLS, with what is sent ahead in the clear. */
async function secured(port: number, ca: string, ahead = ''): Promise<TLSSocket> {
  const plain = connectPlain(port, '127.0.0.1')
  await heard(plain, /CAPABILITY [^\]]* STARTTLS\]/)
  plain.write(`a STARTTLS\r\n${ahead}`)
  await heard(plain, /^a OK/m)
  const socket = connect({ socket: plain, ca, host: '127.0.0.1', servername: 'localhost' })
  await once(socket, 'secureConnect')
  return socket
}

test('both servers speak TLS with the certificate whose fingerprint is shown, and keep it', async (t) => {
  const { home, password, start } = bridgeHome(t)
  const first = await start()
  const { cert, fingerprint } = first.certificate
  const socket = await secured(first.imapPort, cert)
  t.equal(socket.getPeerX509Certificate()!.fingerprint256, fingerprint)
  socket.write(`b CAPABILITY\r\nc LOGIN tester ${password}\r\n`)
  const said = await heard(socket, /^c /m)
  t.match(said, /^c OK/m)
  t.notMatch(said, 'STARTTLS')
  socket.destroy()
  const transport = createTransport({
    ...{ host: '127.0.0.1', port: first.smtpPort, requireTLS: true, tls: { ca: cert } },
    auth: { user: 'tester', pass: password },
  })
  await transport.sendMail({ from: 'default@bmail.invalid', to: `${other}@bmail.invalid`, subject: 'a', text: 'a' })
  t.equal(statSync(join(home, 'bridge', 'certificate.key')).mode & 0o777, 0o600)
  await first.close()
  t.equal((await start()).certificate.fingerprint, fingerprint)
})

test('what was sent ahead of the encryption is not taken', async (t) => {
  const { password, start } = bridgeHome(t)
  const { imapPort, certificate } = await start()
  const socket = await secured(imapPort, certificate.cert, `x LOGIN tester ${password}\r\n`)
  socket.write('y SELECT INBOX\r\n')
  t.match(await heard(socket, /^y /m), /^y NO Say your password first/m)
  socket.destroy()
})

test('a certificate that does not go with its key, or is nearly over, is made anew', async (t) => {
  const { home, shift, start } = bridgeHome(t)
  const first = await start()
  await first.close()
  writeFileSync(join(home, 'bridge', 'certificate.key'), 'half')
  const second = await start()
  t.not(second.certificate.fingerprint, first.certificate.fingerprint)
  await second.close()
  shift.ms += 9.5 * 365 * 86_400_000
  t.not((await start()).certificate.fingerprint, second.certificate.fingerprint)
})
