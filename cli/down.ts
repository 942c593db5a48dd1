/** `bmail down`: ask the daemon to stop, and wait until it has. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { isUp } from './client.ts'
import { type Act, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { timeoutMsOf } from './wait.ts'

const { readApiFile } = await door.home()

export function configure(command: Command, act: Act): void {
  command
    .option('--timeout <seconds>', 'how long to wait until it has stopped', '30')
    .addHelpText('after', examples('bmail down'))
    .action(
      act(async ({ home }, options: { timeout: string }) => {
        const timeoutMs = timeoutMsOf(options.timeout)
        const file = readApiFile(home)
        // Only a daemon that answers to the token is the process that the note names; the number may have been given away.
        if (!file || !(await isUp(home)))
          return { value: { stopped: false }, text: () => `No daemon answers for ${home}; there is nothing to stop.` }
        process.kill(file.pid, 'SIGTERM')
        for (const deadlineMs = Date.now() + timeoutMs; isAlive(file.pid); ) {
          if (Date.now() > deadlineMs)
            throw new CommandError(
              'timeout',
              `The daemon (process ${file.pid}) has not stopped within ${timeoutMs / 1000} s.`,
            )
          await delay(50)
        }
        return { value: { stopped: true }, text: () => 'The daemon has stopped.' }
      }),
    )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !isZombie(pid)
}

/** In a container nobody may collect a process that has ended; it is still listed, as a zombie. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false // no /proc here: not Linux
  }
}
