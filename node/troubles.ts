/**
 * What can be wrong with a running daemon, or still under way: every name there is, the worst first. Programs go by the
 * names (metrics, `--json`, events), people by the sentences, which `daemon/trouble-looks.ts` finds.
 */

/**
 * `stops`: the daemon does not do its work. `waits`: not yet, and by itself it will. Either keeps it from being ready.
 * `hinders`: it works, and something of it does not, which somebody should look after.
 */
export type Severity = 'stops' | 'waits' | 'hinders'

export const severities = {
  halted: 'stops',
  'disk-failing': 'stops',
  'proofs-failing': 'stops',
  'clock-apart': 'stops',
  'clock-ahead': 'stops',
  'clock-unconfirmed': 'stops',
  'no-peers': 'stops',
  starting: 'waits',
  'catching-up': 'waits',
  registering: 'waits',
  'host-silent': 'hinders',
  'keepers-silent': 'hinders',
  'rounds-failing': 'hinders',
  'peer-unreachable': 'hinders',
  'announce-unresolved': 'hinders',
  'disk-low': 'hinders',
  'few-connections': 'hinders',
  'host-alone': 'hinders',
  'not-registered': 'hinders',
} as const satisfies Record<string, Severity>

export type TroubleName = keyof typeof severities

/** Every name, the worst trouble first. */
export const troubleNames = Object.keys(severities) as TroubleName[]

export type Trouble = {
  readonly name: TroubleName
  readonly severity: Severity
  /** Since when it is known, in milliseconds since 1970. */
  readonly since: number
  /** What is wrong and what to do, for a person. It names no pseudonym of ours: it also stands where others may read it. */
  readonly sentence: string
}

/** Whether a daemon with these troubles does its work. */
export const isReady = (troubles: readonly Trouble[]): boolean =>
  troubles.every(({ severity }) => severity === 'hinders')
