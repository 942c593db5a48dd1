/**
 * What a sender may expect of a reader: what they did with letters of strangers, and with ours. How often somebody who never
 * answered is written to all the same is the sender's to say, before anything is signed.
 */
import { encodeAddress } from '../../protocol/address.ts'
import { pairIn, pairKey } from '../../protocol/pair.ts'
import { readingOfReader } from '../../protocol/reader.ts'
import type { Rules } from '../../protocol/rules.ts'
import { metaOf, type View } from '../../protocol/state.ts'
import type { Price, ReaderView } from '../priced.ts'
import { Refusal } from '../service.ts'

/** A reader as the ledger has them. Reads their record, the pair, and the totals. */
export function readerView(
  rules: Rules,
  view: View,
  { sender, recipient }: { readonly sender: Uint8Array; readonly recipient: Uint8Array },
): ReaderView {
  const seen = { epoch: metaOf(view).epoch, me: sender, other: recipient }
  const { mine } = pairIn(rules, view.read('pairs', pairKey(sender, recipient)), seen)
  return {
    recipient: encodeAddress(recipient),
    strangersLetters: readingOfReader(view, recipient),
    unanswered: mine.asStranger,
  }
}

/** The no to a letter that is the `askBefore`th, or a later one, to somebody who never answered; nothing where it is none. */
export function tooManyUnanswered(
  { readers, lines }: Pick<Price, 'readers' | 'lines'>,
  askBefore: number,
): Refusal | undefined {
  const at = readers.findIndex(({ unanswered }) => unanswered > 0 && unanswered + 1 >= askBefore)
  if (at < 0) return undefined
  const { recipient, unanswered, strangersLetters } = readers[at]!
  const who = lines[at]?.contact ?? recipient
  const before = unanswered === 1 ? 'a letter' : `${unanswered} letters`
  const wrote = `You wrote ${before} to ${who} as a stranger, and nothing ever came back`
  const others = `of ${strangersLetters.received} strangers’ letters ${strangersLetters.answered} were answered there`
  return new Refusal(
    'unanswered',
    `${wrote}; ${others}. Nothing was paid. Say --insist to write all the same, or raise askBefore, which is ${askBefore}.`,
  )
}
