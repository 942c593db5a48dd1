/** Why an address could not be dialled, in words for whoever wrote it down. */

/** By what the system or libp2p calls it. */
const words: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'the name is not found'],
  ['EAI_AGAIN', 'the name cannot be looked up now'],
  ['ECONNREFUSED', 'nothing listens there'],
  ['EHOSTUNREACH', 'there is no way to it from here'],
  ['ENETUNREACH', 'there is no way to it from here'],
  ['ETIMEDOUT', 'it does not answer'],
  ['TimeoutError', 'it does not answer'],
  ['AbortError', 'it does not answer'],
  ['DialDeniedError', 'this node refuses it for a while'],
  ['Unexpected Peer', 'another node answers there than the peer id says'],
])

/** Why dialling failed: the first of an error and its causes for which there are words, or else the innermost's message. */
export function dialFailure(error: Error): string {
  const all = causesOf(error)
  for (const { name, message, code = '' } of all) {
    const said = words.get(code) ?? words.get(name) ?? words.get(message)
    if (said) return said
  }
  return all.at(-1)!.message
}

type Failure = Error & { readonly code?: string; readonly errors?: readonly Error[] }

function causesOf(error: Failure): readonly Failure[] {
  const { cause, errors = [] } = error
  const further = [...errors, ...(cause instanceof Error ? [cause] : [])]
  return [error, ...further.flatMap(causesOf)]
}
