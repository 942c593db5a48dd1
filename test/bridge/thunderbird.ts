/**
 * Thunderbird, as it is, without a screen: a profile with one account, driven over Marionette's socket, by which the same
 * parts of it are asked for as its windows ask for.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { until } from '../../cli/stage.ts'
import { freePort } from './dovecot.ts'
import { arrived, check, children, is, patienceMs, type Person } from './programs.ts'

/** The account that the page for Thunderbird has people set up, as its profile keeps it; and that nobody is asked anything. */
const profile = ({ imap, smtp }: Person, marionette: number): string =>
  Object.entries({
    'mail.accountmanager.accounts': 'account1',
    'mail.accountmanager.defaultaccount': 'account1',
    'mail.account.account1.server': 'server1',
    'mail.account.account1.identities': 'id1',
    'mail.identity.id1.useremail': 'default@bmail.invalid',
    'mail.identity.id1.fullName': 'Bob',
    'mail.identity.id1.smtpServer': 'smtp1',
    'mail.identity.id1.valid': true,
    'mail.server.server1.type': 'imap',
    'mail.server.server1.hostname': '127.0.0.1',
    'mail.server.server1.port': imap,
    'mail.server.server1.userName': 'tester',
    'mail.server.server1.socketType': 0,
    'mail.server.server1.authMethod': 3,
    'mail.server.server1.login_at_startup': false,
    'mail.server.server1.check_new_mail': false,
    'mail.smtpservers': 'smtp1',
    'mail.smtp.defaultserver': 'smtp1',
    'mail.smtpserver.smtp1.hostname': '127.0.0.1',
    'mail.smtpserver.smtp1.port': smtp,
    'mail.smtpserver.smtp1.username': 'tester',
    'mail.smtpserver.smtp1.try_ssl': 0,
    'mail.smtpserver.smtp1.authMethod': 3,
    'mailnews.start_page.enabled': false,
    'app.update.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'marionette.port': marionette,
  })
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`)
    .join('\n')

/** A line to Marionette: each message is its length in bytes, a colon, and JSON. */
async function openLine(port: number) {
  const socket = await until('Marionette listens', () => connected(port), { limitMs: patienceMs })
  let rest = Buffer.alloc(0)
  let wake = (): void => undefined
  socket.on('data', (piece: Buffer) => {
    rest = Buffer.concat([rest, piece])
    wake()
  })
  const next = async (): Promise<unknown> => {
    for (;;) {
      const colon = rest.indexOf(':')
      const length = Number(rest.toString('latin1', 0, Math.max(colon, 0)))
      if (colon > 0 && rest.length > colon + length) {
        const text = rest.toString('utf8', colon + 1, colon + 1 + length)
        rest = rest.subarray(colon + 1 + length)
        return JSON.parse(text)
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  await next() // what it says of itself
  let count = 0
  return {
    async ask(name: string, parameters: object = {}): Promise<unknown> {
      const text = JSON.stringify([0, ++count, name, parameters])
      socket.write(`${Buffer.byteLength(text)}:${text}`)
      const [, , error, value] = (await next()) as [number, number, { message: string } | null, { value: unknown }]
      if (error) throw new Error(`Thunderbird: ${error.message}`)
      return value?.value
    },
    close: () => socket.destroy(),
  }
}

const connected = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(socket)).once('error', reject)
  })

/** What runs in Thunderbird before each script: names for its parts, and an account that knows its password. */
const prelude = `
const [password, subject, other, done] = [...arguments];
const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs');
const server = MailServices.accounts.accounts[0].incomingServer;
server.password = password;
const named = (name) => server.rootFolder.subFolders.find((folder) => folder.name.toLowerCase() === name);
const listener = (resolve, reject) => ({
  OnStartRunningUrl() {}, OnStopRunningUrl(url, code) { Components.isSuccessCode(code) ? resolve() : reject(new Error('code ' + code)) },
});
const refreshed = (name) => new Promise((resolve, reject) => {
  named(name).QueryInterface(Ci.nsIMsgImapMailFolder);
  named(name).updateFolderWithListener(null, listener(resolve, reject));
});
const found = (name) => [...named(name).messages].find((header) => header.mime2DecodedSubject === subject);
const run = (work) => work().then((value) => done({ value: value ?? null }), (error) => done({ error: String(error) }));
`

const scripts = {
  folders: `run(async () => {
    await new Promise((resolve, reject) => { server.performExpand(null); resolve() });
    return server.rootFolder.subFolders.map((folder) => folder.name + ' ' + folder.flags);
  })`,
  read: `run(async () => {
    await refreshed('inbox');
    const header = found('inbox');
    if (!header) return null;
    const stream = await new Promise((resolve, reject) => {
      let text = '';
      const sink = { QueryInterface: ChromeUtils.generateQI(['nsIStreamListener']), onStartRequest() {},
        onDataAvailable(request, input, offset, count) {
          const reader = Cc['@mozilla.org/scriptableinputstream;1'].createInstance(Ci.nsIScriptableInputStream);
          reader.init(input); text += reader.read(count) },
        onStopRequest(request, code) { Components.isSuccessCode(code) ? resolve(text) : reject(new Error('code ' + code)) } };
      const uri = header.folder.getUriForMsg(header);
      MailServices.messageServiceFromURI(uri).streamMessage(uri, sink, null, null, false, '');
    });
    return stream;
  })`,
  junk: `run(async () => {
    const header = found('inbox');
    await new Promise((resolve, reject) => MailServices.copy.copyMessages(named('inbox'), [header], named('junk'), true, {
      onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() {},
      onStopCopy(code) { Components.isSuccessCode(code) ? resolve() : reject(new Error('code ' + code)) },
    }, null, false));
  })`,
  send: `run(async () => {
    const identity = MailServices.accounts.accounts[0].defaultIdentity;
    const smtp = MailServices.outgoingServer.defaultServer; smtp.password = password;
    const fields = Cc['@mozilla.org/messengercompose/composefields;1'].createInstance(Ci.nsIMsgCompFields);
    fields.from = identity.fullAddress; fields.to = other; fields.subject = subject; fields.body = 'Hello from Thunderbird';
    const params = Cc['@mozilla.org/messengercompose/composeparams;1'].createInstance(Ci.nsIMsgComposeParams);
    params.composeFields = fields; params.identity = identity; params.format = Ci.nsIMsgCompFormat.PlainText;
    const compose = MailServices.compose.initCompose(params);
    await new Promise((resolve, reject) => {
      compose.addMsgSendListener({ onStartSending() {}, onSendProgress() {}, onStatus() {}, onGetDraftFolderURI() {},
        onSendNotPerformed() {}, onTransportSecurityError() {},
        onStopSending(id, code) { Components.isSuccessCode(code) ? resolve() : reject(new Error('code ' + code)) } });
      compose.sendMsg(Ci.nsIMsgCompDeliverMode.Now, identity, 'account1', null, null).catch(reject);
    });
  })`,
} as const

export async function thunderbird(alice: Person, bob: Person, folder: string): Promise<void> {
  const home = join(folder, 'thunderbird')
  mkdirSync(home)
  const port = await freePort()
  writeFileSync(join(home, 'user.js'), `${profile(bob, port)}\n`)
  const words = ['--headless', '--marionette', '-remote-allow-system-access', '--no-remote', '--profile', home]
  const child: ChildProcess = spawn('thunderbird', words, { stdio: 'ignore', env: { ...process.env, HOME: home } })
  children.add(child)
  const line = await openLine(port)
  await line.ask('WebDriver:NewSession', { capabilities: {} })
  await line.ask('Marionette:SetContext', { value: 'chrome' })
  await line.ask('WebDriver:SetTimeouts', { script: patienceMs })
  const act = async (name: keyof typeof scripts, subject: string): Promise<string | null> => {
    const args = [bob.password, subject, 'alice@bmail.invalid']
    const answer = await line.ask('WebDriver:ExecuteAsyncScript', { script: prelude + scripts[name], args })
    const { value, error } = answer as { value: string | null; error?: string }
    if (error) throw new Error(`Thunderbird could not ${name}: ${error}`)
    return value
  }
  await check('Thunderbird: reads a letter and moves it to Junk, which is spam on the ledger', async () => {
    const subject = 'moved-by-thunderbird'
    await alice.api.send({
      to: ['bob'],
      raw: Buffer.from(`Subject: ${subject}\r\n\r\nHello\r\n`).toString('base64'),
      insist: true,
    })
    await arrived(bob, 'INBOX', `SUBJECT ${subject}`)
    await act('folders', '')
    const text = await until('it is in the list', () => act('read', subject).then((read) => read ?? false), {
      limitMs: patienceMs,
    })
    is(text.includes('X-Bmail-Paid:') && text.includes('Hello'), () => text)
    await act('junk', subject)
    await arrived(bob, 'Junk', `SUBJECT ${subject}`)
    const letter = (await bob.api.messages({ folder: 'inbox' })).find((one) => one.subject === subject)!
    await until('spam', async () => (await bob.api.summary({ id: letter.id })).verdict === 'spam', {
      limitMs: patienceMs,
    })
  })
  await check('Thunderbird: writes a letter, which is paid and arrives', async () => {
    await act('send', 'from-thunderbird')
    await arrived(alice, 'INBOX', 'SUBJECT from-thunderbird')
  })
  line.close()
}
