/** No attacker but whoever has power over the host's machine: it stands still for a while, and goes on. */
import type { Attack } from './attack.ts'
import { pause } from './measure.ts'

export const stoppedHost: Attack = {
  name: 'stopped-host',
  what: 'the host stands still for a while (`--stop-seconds`, 20 where nothing is said) and goes on',
  victim: 'relay1',
  async strike({ begin }) {
    await begin()
  },
  async meanwhile(stage, { seconds, stopSeconds }) {
    const host = stage.daemon('relay1')
    host.signal('SIGSTOP')
    await pause(stopSeconds * 1_000)
    host.signal('SIGCONT')
    await pause(seconds * 1_000)
  },
}
