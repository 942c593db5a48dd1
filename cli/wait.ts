/** Waiting for what becomes of an operation or a message, bounded by a deadline. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Event, MessageState, Submitted, Summary } from '../node/service.ts'
import type { Client } from './client.ts'
import type { Answer, Invocation } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { say } from './print.ts'

export type WaitOptions = { readonly wait?: true; readonly timeout: string }

const pollMs = 200
/** After this long a person is told what it waits for. */
const quietMs = 1_000

/** Declares the options of a command that may wait for its operation. */
export const waits = (command: Command): Command =>
  command
    .option('--wait', 'wait until it is settled or refused')
    .option('--timeout <seconds>', 'how long --wait waits', '120')

/** What an operation came to, waited for if that was asked. Throws where it was refused. */
export async function operationAnswer(
  { api, context, what }: { api: Client; context: Invocation; what: string },
  submitted: Submitted,
  { wait, timeout }: WaitOptions,
): Promise<Answer> {
  const last =
    wait && submitted.state === 'submitted'
      ? await settled({ api, context }, submitted, timeoutMsOf(timeout))
      : submitted
  if (last.state === 'refused') throw new CommandError('refused', last.note)
  if (last.state === 'submitted') say(context, 'It is on its way; --wait would wait until it is settled.')
  return {
    value: last,
    text: () => (last.state === 'settled' ? `${what}: settled in batch ${last.batchHeight}.` : `${what}: ${last.note}`),
  }
}

/** Send a message and follow it. Listens before it sends, so that nothing is missed. */
export async function followMessage<Sent extends { readonly message: Summary }>(
  { api, context }: { api: Client; context: Invocation },
  send: () => Promise<Sent>,
  { until, timeout }: { until: 'settled' | 'released'; timeout: string },
): Promise<Sent> {
  const timeoutMs = timeoutMsOf(timeout)
  return withEvents(api, timeoutMs, async (events) => {
    const sent = await send()
    let last = sent.message
    say(context, lineOf(last))
    while (!reached(last, until)) {
      const event = await events.next()
      if (!event) throw overdue(`The message is ${last.state}: ${last.note}.`, timeoutMs)
      if (event.type === 'halted') throw new CommandError('halted', event.why)
      if (event.type !== 'message' || event.message.id !== last.id) continue
      const { folder, state, amount } = event.message
      if (folder !== 'sent' || (state === last.state && amount === last.amount)) continue
      last = event.message
      say(context, lineOf(last))
    }
    if (last.state === 'refused') throw new CommandError('refused', last.note)
    return { ...sent, message: last }
  })
}

/** Whole seconds as milliseconds. */
export function timeoutMsOf(seconds: string): number {
  const whole = Number(seconds)
  if (!Number.isInteger(whole) || whole < 1 || whole > 86_400)
    throw new UsageError(`--timeout is a number of seconds between 1 and 86400, and not “${seconds}”.`)
  return whole * 1000
}

/** Asks again and again: the daemon learns what became of an operation a little after the batch that it tells of. */
async function settled(
  { api, context }: { api: Client; context: Invocation },
  { opId, note }: Submitted,
  timeoutMs: number,
): Promise<Submitted> {
  let told = note
  for (const begunMs = Date.now(); ; ) {
    const now = await api.operation({ opId })
    if (now.state !== 'submitted') return now
    const waitedMs = Date.now() - begunMs
    if (waitedMs > timeoutMs) throw overdue(`The operation waits: ${now.note}.`, timeoutMs)
    if (waitedMs > quietMs && now.note !== told) say(context, (told = now.note))
    await delay(pollMs)
  }
}

type Events = { next(): Promise<Event | undefined> }

async function withEvents<T>(api: Client, timeoutMs: number, work: (events: Events) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const late = setTimeout(() => stop.abort(), timeoutMs)
  try {
    const events = (await api.events(stop.signal))[Symbol.asyncIterator]()
    const next = async (): Promise<Event | undefined> => {
      const { done, value } = await events.next()
      if (done && !stop.signal.aborted)
        throw new CommandError('no-answer', 'The daemon stopped. Start it again with `bmail up`; nothing is lost.')
      return value
    }
    return await work({ next })
  } finally {
    clearTimeout(late)
    stop.abort()
  }
}

const overdue = (how: string, timeoutMs: number): CommandError =>
  new CommandError(
    'timeout',
    `${how} This command waited ${timeoutMs / 1000} s; the daemon goes on by itself. See \`bmail inbox --sent\`.`,
  )

const order: readonly MessageState[] = ['submitted', 'settled', 'released', 'opened', 'acknowledged']

const reached = ({ state }: Summary, until: MessageState): boolean =>
  state === 'refused' || order.indexOf(state) >= order.indexOf(until)

const lineOf = ({ state, note }: Summary): string => (note ? `${state}: ${note}` : state)
