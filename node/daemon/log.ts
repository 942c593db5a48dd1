/**
 * The log of a daemon: lines of JSON in which nothing is but text. A person's is read by others (whoever helps, whatever
 * collects logs), so from `info` on it names nothing of theirs: what the mailbox and the identity do is written at `debug`, and
 * whatever comes into a line all the same, in an error's message or a path, is left out here.
 */
import pino from 'pino'
import { printableJson } from '../letter/printable.ts'

type Options = {
  readonly level: string
  readonly role: 'relay' | 'personal'
  /** The network's id, in hex: everybody's, so it may be named. */
  readonly network: string
}

/** Make it; `lines` takes one line after the other. */
export function createLog({ level, role, network }: Options, lines: pino.DestinationStream): pino.Logger {
  const write = role === 'personal' ? (line: string) => withoutNames(printableJson(line), network) : printableJson
  return pino({ level, base: { role }, hooks: { streamWrite: write } }, lines)
}

/** What names something in a line: addresses, names that people gave (sentences quote them), ids and keys; not the time. */
const named = /bm1[02-9ac-hj-np-z]{6,}|“[^”]*”|(?<!"time":)(?<![0-9a-f])[0-9a-f]{12,}/gi

const withoutNames = (line: string, network: string): string =>
  isForDebugging(line)
    ? line
    : line.replace(named, (found) => (found === network ? found : found.startsWith('“') ? '“…”' : '…'))

/** `trace` and `debug` have their numbers in front; who asks for them wants to know. */
const isForDebugging = (line: string): boolean => /^\{"level":[12]0,/.test(line)
