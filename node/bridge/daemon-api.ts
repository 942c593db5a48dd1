/**
 * The bridge: SMTP and IMAP on loopback for any mail program, in a process of its own beside the daemon, which it asks over
 * the local API alone. It may crash without the daemon, and whatever it keeps is its own (`store.ts`). This room imports from
 * ground, and for messages from `letter`, for sealing from `seal`, for files of the home from `settings`.
 *
 * Here: what it asks of a daemon, and what a no of one means.
 */
import type { Event, Service } from '../service.ts'

/** What the bridge asks of a daemon, and what happens there. */
export type DaemonApi = Pick<
  Service,
  | 'status'
  | 'pseudonyms'
  | 'contacts'
  | 'messages'
  | 'summary'
  | 'raw'
  | 'receipt'
  | 'ack'
  | 'quote'
  | 'send'
  | 'reputation'
  | 'bridgeKey'
> & {
  /** Everything that happens from now on; resolves once it listens. */
  events(signal: AbortSignal): Promise<AsyncIterable<Event>>
}

/** A no, or a failure, as a mail program is told it. */
type No = {
  readonly sentence: string
  /** Whether it may be yes later without anybody changing something: the daemon is away, or not ready. */
  readonly isPassing: boolean
}

/** What somebody reads of what the daemon refused, or why it could not be asked. */
export function noOf(error: unknown): No {
  const { code = '', message = String(error) } = error as { code?: string; message?: string }
  return { sentence: message.replace(/\s+/g, ' '), isPassing: passing.has(code) }
}

/** Codes of what goes over. */
export const passing: ReadonlySet<string> = new Set([
  'no-daemon',
  'no-answer',
  'not-ready',
  'queue-full',
  'clock-apart',
  'disk-failing',
  'in-doubt',
  'failure',
])
