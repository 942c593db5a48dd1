/** No attacker but whoever has power over somebody's machine: it stands still for a while (`--stop-seconds`, 20 where nothing is said), and goes on. */
import type { Attack } from './attack.ts'
import { pause } from './measure.ts'

const stopped = (name: string, what: string, victim: Attack['victim']): Attack => ({
  name,
  what,
  victim,
  async strike({ begin }) {
    await begin()
  },
  async meanwhile(stage, { seconds, stopSeconds }) {
    const daemon = stage.daemon(victim)
    daemon.signal('SIGSTOP')
    await pause(stopSeconds * 1_000)
    daemon.signal('SIGCONT')
    await pause(seconds * 1_000)
  },
})

export const stoppedHost = stopped('stopped-host', 'the host stands still for a while and goes on', 'relay1')

export const stoppedRelay = stopped(
  'stopped-relay',
  'a relay that is a keeper stands still for a while and goes on',
  'relay3',
)
