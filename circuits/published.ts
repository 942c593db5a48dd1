/** What people publish of their steps, a line for each circuit: the name, the circuit, and the hash of the contribution. */
import { circuits } from '../node/proofs/artifacts.ts'
import type { Hashes, Step } from './set-up.ts'

/** The lines of one step. */
export const publishedLines = (name: string, hashes: Hashes): string[] =>
  circuits.flatMap((circuit) => (hashes[circuit] ? [`${name} ${circuit} ${hashes[circuit]}`] : []))

/** What differs between a transcript and a list of what people published, as sentences. Empty lines, and those that begin with #, are skipped. */
export function faultsOfPublished(transcript: readonly Step[], list: string, file: string): string[] {
  const recorded = transcript
    .flatMap((step) => (step.kind === 'powers' ? [] : publishedLines(step.name, step.hashes)))
    .map(tidy)
  const published = list
    .split('\n')
    .map(tidy)
    .filter((line) => line !== '' && !line.startsWith('#'))
  const unreadable = published.filter((line) => !form.test(line))
  const [isRecorded, isPublished] = [new Set(recorded), new Set(published)]
  const other = (line: string, among: readonly string[]) => among.find((one) => stepIn(one) === stepIn(line))
  // Those of which it is said that they are another than was published.
  const isTold = (line: string) => published.some((one) => stepIn(one) === stepIn(line) && !isRecorded.has(one))
  return [
    ...unreadable.map((line) => `${file} has a line that is not NAME CIRCUIT HASH: ${line}`),
    ...published
      .filter((line) => form.test(line) && !isRecorded.has(line))
      .map((line) =>
        other(line, recorded)
          ? `${stepIn(line)} is another contribution in the transcript than the one that was published: ${hashIn(line)}.`
          : `${stepIn(line)} was published and is missing from the transcript: somebody took it out, or the list is of another ceremony.`,
      ),
    ...recorded
      .filter((line) => !isPublished.has(line) && !isTold(line))
      .map(
        (line) => `${stepIn(line)} is in the transcript, and ${file} does not have it: nobody says that they made it.`,
      ),
  ]
}

const form = /^.+ (pass|renew|stamp) [0-9a-f]{128}$/

const tidy = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')

/** Whose step it is, and of which circuit. */
const stepIn = (line: string): string => line.slice(0, line.lastIndexOf(' '))
const hashIn = (line: string): string => line.slice(line.lastIndexOf(' ') + 1)
