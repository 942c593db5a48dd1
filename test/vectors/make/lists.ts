/**
 * Everything that has a number, as one line each: where something is added, nodes that do not know it would fork, so that
 * this too is a change of what is committed.
 */
import { recipientsLimit, shareBytes, sizeClassLimit, unitBytes, wrapBytes } from '../../../protocol/envelope.ts'
import { factorNumbers } from '../../../protocol/fee.ts'
import { envelopeBytesMax, idsMax, inlineEnvelopeBytesMax } from '../../../protocol/gossip.ts'
import { tags } from '../../../protocol/hash.ts'
import { slotCount } from '../../../protocol/identity.ts'
import { signedOpBytesMax, linesMax } from '../../../protocol/money.ts'
import { operations } from '../../../protocol/operations.ts'
import { domains } from '../../../protocol/poseidon.ts'
import { shortcomings } from '../../../protocol/reason.ts'
import { tables } from '../../../protocol/state.ts'
import { proofBytes } from '../../../protocol/statement.ts'
import { trees } from '../../../protocol/tree.ts'
import { Payer, Verdict } from '../../../protocol/words.ts'

const line = (numbers: Readonly<Record<string, number | bigint>>): string =>
  Object.entries(numbers)
    .sort(([, a], [, b]) => Number(a) - Number(b))
    .map(([name, number]) => `${number} ${name}`)
    .join(', ')

const numbersOf = (rows: Readonly<Record<string, { readonly number: number }>>): string =>
  line(Object.fromEntries(Object.entries(rows).map(([name, { number }]) => [name, number])))

const wordsOf = <Word extends string>(codec: { encode: (word: Word) => Uint8Array }, words: readonly Word[]): string =>
  line(Object.fromEntries(words.map((word) => [word, codec.encode(word)[0]!])))

export const listVectors = () => ({
  operations: numbersOf(operations),
  tables: numbersOf(tables),
  trees: numbersOf(trees),
  shortcomings: line(shortcomings),
  factors: line(factorNumbers),
  verdicts: wordsOf(Verdict, ['value', 'abstain', 'spam', 'abuse']),
  payers: wordsOf(Payer, ['sender', 'recipient']),
  domains: line(domains),
  tags: Object.values(tags).sort().join(', '),
  limits: line({
    signedOpBytesMax,
    linesMax,
    recipientsLimit,
    sizeClassLimit,
    unitBytes,
    wrapBytes,
    shareBytes,
    inlineEnvelopeBytesMax,
    envelopeBytesMax,
    idsMax,
    slotCount,
    proofBytes,
  }),
})
