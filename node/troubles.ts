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
  'batches-lost': 'stops',
  'no-peers': 'stops',
  'other-wire': 'stops',
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
  'key-missing': 'hinders',
  'limit-reached': 'hinders',
} as const satisfies Record<string, Severity>

export type TroubleName = keyof typeof severities

/** Every name, the worst trouble first. */
export const troubleNames = Object.keys(severities) as TroubleName[]

/** What is said of each to whoever has no token: nothing of the home, of addresses, or of what the system said. */
const outlines = {
  halted: 'This node stopped replaying: the host of the network did what no honest host does.',
  'disk-failing': 'The database cannot be written.',
  'proofs-failing': 'Proofs cannot be verified.',
  'clock-apart': 'This machine’s clock is not that of the network.',
  'clock-ahead': 'The host signs no batches, because its clock is ahead.',
  'clock-unconfirmed': 'The host signs no batches, because nobody has said yet that its clock is right.',
  'batches-lost': 'The host signs no batches, because it lost some that it had signed.',
  'no-peers': 'No peer is connected.',
  'other-wire': 'The peers that are connected speak another version of the wire.',
  starting: 'It is starting.',
  'catching-up': 'It does not have everything yet that its peers have.',
  registering: 'An address of its mailbox is being registered.',
  'host-silent': 'The host of the network takes nothing.',
  'keepers-silent': 'Fewer keepers answer than open a lock.',
  'rounds-failing': 'Something that it does by itself failed the last time.',
  'peer-unreachable': 'A peer to stay connected to cannot be reached.',
  'announce-unresolved': 'A name under which others are told to dial it is not found.',
  'disk-low': 'The disk is soon full.',
  'few-connections': 'It may have only few files open, and takes fewer connections.',
  'host-alone': 'It is the host of the network, and nobody is connected to it.',
  'not-registered': 'No address of its mailbox is registered.',
  'key-missing': 'An address of its mailbox has no key that letters are sealed to.',
  'limit-reached': 'An address of its mailbox is registered once the limit of a day has room.',
} as const satisfies Record<TroubleName, string>

/** A trouble as it may be told to anybody. */
export const outlineOf = ({ name, severity, since }: Trouble): Trouble => ({
  name,
  severity,
  since,
  sentence: `${outlines[name]} \`bmail status\` says more.`,
})

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
