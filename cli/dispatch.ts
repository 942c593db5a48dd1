/** From a message that is composed to one that is on its way: price, consent, submission, and following it. */
import { type Command, Option } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Quote, Sent } from '../node/service.ts'
import type { SendRequest } from '../node/sending.ts'
import { amountHelp, type Money, moneyOf } from './amount.ts'
import type { Client } from './client.ts'
import type { Answer, Invocation } from './command.ts'
import type { Composed } from './compose.ts'
import { CommandError } from './errors.ts'
import { alreadySentText, quoteText } from './price.ts'
import { say, shortId, when } from './print.ts'

const { letterTie } = await door.ties()

/** What `send` and `reply` take alike. */
export type DispatchOptions = {
  readonly refuseAbove?: string
  readonly askAbove?: string
  readonly dryRun?: true
  /** False with --no-pass. */
  readonly pass: boolean
  readonly yes?: true
  readonly wait?: true
  readonly until: 'settled' | 'released'
  readonly timeout: string
  readonly insist?: true
}

/** What a reply says of the letter that it answers. */
export type Answering = { readonly answers: string; readonly giveBack?: boolean }

/** Declares those options. */
export const dispatchOptions = (command: Command): Command =>
  command
    .option('--refuse-above <amount>', 'send nothing where the fee is above this (else above what was shown)')
    .addOption(
      new Option(
        '--ask-above <amount>',
        'your own limit: ask only where the fee is above it, and send nothing where nobody can be asked',
      ).env('BMAIL_ASK_ABOVE'),
    )
    .option('--dry-run', 'show the price, and send nothing')
    .option('--no-pass', 'take no pass for it first, where the pseudonym has none')
    .option('--yes', 'do not ask before paying; where nobody can be asked, this or a limit is needed')
    .option('--insist', 'also to somebody who never answered as many letters as your limit (askBefore) allows')
    .option('--wait', 'follow it until it is readable, or refused')
    .addOption(
      new Option('--until <state>', 'with --wait: how far').choices(['settled', 'released']).default('released'),
    )
    .option('--timeout <seconds>', 'how long --wait waits', '120')
    .addHelpText('after', amountHelp)

/** Quote, show, ask, send. Spends nothing where the price is above `--refuse-above`, or where the person says no. */
export async function dispatch(
  { api, context }: { api: Client; context: Invocation },
  composed: Composed,
  options: DispatchOptions,
  answering?: () => Promise<Answering>,
): Promise<Answer> {
  const money = await moneyOf(context, api)
  // What cannot be is said before anything else, also where --yes spares the question.
  if (options.askAbove !== undefined) money.read(options.askAbove, '--ask-above')
  if (options.refuseAbove !== undefined) money.read(options.refuseAbove, '--refuse-above')
  const tie = letterTie(await api.pseudonyms(), composed)
  if (tie) say(context, tie)
  const quote = await quoted({ api, context, money }, composed, options)
  const { alreadySent } = quote
  if (alreadySent && !options.dryRun) {
    // It is looked for anew, because what follows it hears only what comes from now on.
    const found = async () => ({ ...alreadySent, message: await api.summary({ id: alreadySent.message.id }) })
    const sent = await (options.wait ? follow({ api, context }, found, options) : alreadySent)
    return answerOf(sent, alreadySent.quote.feeMax, money)
  }
  const feeMax = limitOf(quote, money, options)
  if (options.dryRun) return { value: { dryRun: true, quote, feeMax }, text: () => quoteText(quote, money) }
  await consent(context, { quote, feeMax, money, options })
  const insist = await insists(context, quote, options)
  const more = { refuseAbove: feeMax, ...(insist && { insist }), ...(await answering?.()) }
  const send = () => sendQuoted(api, { prepared: quote.prepared, composed, more })
  return answerOf(await (options.wait ? follow({ api, context }, send, options) : send()), feeMax, money)
}

/** What was sent, now or before. */
const answerOf = (sent: Sent, feeMax: string, money: Money): Answer => ({
  value: { ...sent, feeMax },
  text: () => (sent.repeated ? alreadySentText(sent) : sentText(sent, money)),
})

const sentText = (sent: Sent, money: Money): string => {
  const { id, state, batchHeight } = sent.message
  return `${shortId(id)} is ${state}${batchHeight === null ? '' : ` in batch ${batchHeight}`}; ${paysText(sent, money)}`
}

/** The price, and where the pseudonym has no pass, the one with a pass that is taken first. */
async function quoted(
  told: { api: Client; context: Invocation; money: Money },
  composed: Composed,
  { dryRun, pass }: DispatchOptions,
): Promise<Quote> {
  const quote = await told.api.quote(composed)
  const isNoneToSend = quote.alreadySent !== null || quote.refusal?.code === 'key-reused'
  if (quote.tier !== null || isNoneToSend || dryRun || !pass) return quote
  const { passFirst } = await import('./pass-first.ts')
  const isThere = await passFirst(told, quote.from, `Without one this costs ${told.money.shown(quote.fee)}.`)
  return isThere ? told.api.quote(composed) : quote
}

/** Send what was sealed for the quote; where the daemon does not have it any more, the message itself. */
async function sendQuoted(
  api: Client,
  { prepared, composed, more }: { prepared: string; composed: Composed; more: Omit<SendRequest, keyof Composed> },
): Promise<Sent> {
  const { idempotencyKey, again } = composed
  try {
    return await api.send({ prepared, ...(idempotencyKey && { idempotencyKey }), ...(again && { again }), ...more })
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'not-found') throw error
    return api.send({ ...composed, ...more })
  }
}

async function follow(
  told: { api: Client; context: Invocation },
  send: () => Promise<Sent>,
  { until, timeout }: DispatchOptions,
): Promise<Sent> {
  const { followMessage } = await import('./wait.ts')
  return followMessage(told, send, { until, timeout })
}

/** What was signed, perhaps anew: how much, and what comes of it where no batch takes it in time. */
function paysText({ message, quote }: Sent, { shown }: Money): string {
  const amounts = `${shown(message.amount)}, and ${shown(quote.inclusionFee)} that carrying it burns`
  if (message.batchHeight !== null) return `you paid ${amounts}.`
  return `you pay ${amounts}. Where no batch has it by ${when(quote.holdsUntil)}, it is priced and signed again, within that limit.`
}

/**
 * Above what it is not sent, should it cost more by the time it is signed, or signed again because of what else they
 * send: what the person named, or what they were shown.
 * Throws where the price that is shown is above what they named.
 */
function limitOf(quote: Quote, { read, shown }: Money, { refuseAbove }: DispatchOptions): string {
  if (refuseAbove === undefined) return quote.fee
  const limit = read(refuseAbove, '--refuse-above')
  if (BigInt(quote.fee) <= BigInt(limit)) return limit
  const sentence = `The fee is ${shown(quote.fee)}, above the ${shown(limit)} of --refuse-above. Nothing was sent; raise it or write less.`
  throw new CommandError('over-maximum', sentence)
}

function consentMissing(fee: string, { shown }: Money): CommandError {
  const sentence = `The fee is ${shown(fee)}, and nobody is at a terminal to be asked. Nothing was sent; say --yes, or set a limit with --refuse-above or --ask-above.`
  return new CommandError('consent-missing', sentence)
}

/** Have the person agree to the price. Where nobody can be asked, what they said beforehand decides: yes, or a limit. */
async function consent(
  context: Invocation,
  { quote, feeMax, money, options }: { quote: Quote; feeMax: string; money: Money; options: DispatchOptions },
): Promise<void> {
  const { shown } = money
  const { refusal } = quote
  if (refusal && refusal.code !== 'unanswered') {
    // It is the last that they read, and stands there once.
    say(context, await quoteText({ ...quote, refusal: null }, money))
    throw new CommandError(refusal.code, refusal.sentence)
  }
  say(context, await quoteText(quote, money))
  say(
    context,
    `the fee is no more than ${shown(feeMax)}: should it be more when this is signed, or signed again, nothing is sent`,
  )
  if (options.yes) return
  const limit = options.askAbove === undefined ? undefined : money.read(options.askAbove, '--ask-above')
  if (limit !== undefined && BigInt(quote.fee) <= BigInt(limit)) return
  const { canAsk, confirm } = await import('./terminal.ts')
  if (!canAsk(context)) {
    if (limit === undefined && options.refuseAbove !== undefined) return
    if (limit === undefined) throw consentMissing(quote.fee, money)
    const sentence = `The fee is ${shown(quote.fee)}, above your own limit of ${shown(limit)}. Nothing was sent; say --yes to pay it, or raise the limit.`
    throw new CommandError('above-limit', sentence)
  }
  if (!(await confirm(`Send it, for a fee of no more than ${shown(feeMax)}?`)))
    throw new CommandError('cancelled', 'Cancelled; nothing was sent and nothing was paid.')
}

/** Whether it goes to somebody who never answered: they were asked, or said so beforehand, also beside --yes. */
async function insists(context: Invocation, { refusal }: Quote, options: DispatchOptions): Promise<boolean> {
  if (refusal?.code !== 'unanswered') return false
  if (options.insist) return true
  const { canAsk, confirm } = await import('./terminal.ts')
  if (!canAsk(context)) throw new CommandError(refusal.code, refusal.sentence)
  if (await confirm('They never answered as many as your limit (askBefore) allows. Write all the same?')) return true
  throw new CommandError('cancelled', 'Cancelled; nothing was sent and nothing was paid.')
}
