/** Debian's Dovecot on a Maildir in a folder: the server whose answers ours are held to. Only where it is installed, and as root. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** What it is started with and asked by. */
export const dovecotPassword = 'secret'

/** Whether there is one that can be started. */
export const hasDovecot = (): boolean => existsSync('/usr/sbin/dovecot') && process.getuid?.() === 0

/** Start one in a folder that others may enter; resolves to its port once it answers. */
export async function startDovecot(folder: string): Promise<{ port: number; child: ChildProcess }> {
  const port = await freePort()
  for (const name of ['run', 'state', 'mail']) mkdirSync(join(folder, name), { recursive: true })
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'mail'), 0o777)
  const file = join(folder, 'dovecot.conf')
  writeFileSync(file, settings(folder, port))
  const child = spawn('/usr/sbin/dovecot', ['-F', '-c', file], { stdio: 'ignore' })
  return { port, child }
}

/** A port of loopback that nobody has now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const settings = (folder: string, port: number): string => `
protocols = imap
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
ssl = no
disable_plaintext_auth = no
default_login_user = nobody
default_internal_user = www-data
default_internal_group = www-data
mail_location = maildir:${folder}/mail
mail_max_userip_connections = 50
first_valid_uid = 1
passdb {
  driver = static
  args = password=${dovecotPassword}
}
userdb {
  driver = static
  args = uid=www-data gid=www-data home=${folder}/mail
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
namespace inbox {
  inbox = yes
  separator = /
${['Sent', 'Drafts', 'Junk', 'Archive', 'Trash'].map((name) => `  mailbox ${name} {\n    auto = subscribe\n    special_use = \\${name}\n  }`).join('\n')}
}
`
