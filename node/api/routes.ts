/**
 * The one table of the local API: which method and path carries which method of `Service`. The server, the OpenAPI
 * document and the client are made from it, so that they cannot differ. Names after a colon are taken from the request;
 * what is left of it travels as query (GET, DELETE) or as JSON body (POST, PUT), but for a key, which has a header.
 */
import type { Service } from '../service.ts'

export type RouteName = Exclude<keyof Service, 'subscribe'>

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: `/v1/${string}`
  /** What it does, for the document. */
  readonly summary: string
  /** How long a caller waits for the answer, or for its beginning where it comes piece by piece. */
  readonly timeoutMs: number
  /** What kind of bytes it answers, where that is no JSON. */
  readonly streams?: string
  /** Whether a request can have a key in a header, so that it is done once (`idempotency-key.ts`). */
  readonly takesKey?: true
}

const soon = { timeoutMs: 15_000 }
/** Sealing, compressing, signing, or foreign messages that are slow to read stand before the answer. */
const later = { timeoutMs: 60_000 }

export const routes = {
  status: { method: 'GET', path: '/v1/status', summary: 'What this daemon is and where it stands', ...soon },
  network: { method: 'GET', path: '/v1/network', summary: 'The network: rules, genesis, totals, evidence', ...soon },
  confirmClock: {
    method: 'POST',
    path: '/v1/host/clock',
    summary: 'Say that the clock of this host is right',
    ...soon,
  },
  pseudonyms: { method: 'GET', path: '/v1/pseudonyms', summary: 'Our own addresses and what they hold', ...soon },
  createPseudonym: { method: 'POST', path: '/v1/pseudonyms', summary: 'Make another address', ...later },
  register: {
    method: 'POST',
    path: '/v1/pseudonyms/:address/register',
    summary: 'Register one of our addresses that has funds',
    ...later,
  },
  rekey: {
    method: 'POST',
    path: '/v1/pseudonyms/:address/rekey',
    summary: 'Give one of our addresses new keys',
    ...later,
  },
  retirePseudonym: {
    method: 'POST',
    path: '/v1/pseudonyms/:address/retire',
    summary: 'Write no more under one of our addresses, and keep its mail',
    ...later,
  },
  takePass: {
    method: 'POST',
    path: '/v1/pseudonyms/:address/pass',
    summary: 'Have a pass taken for one of our addresses at once, or as soon as that can be',
    ...later,
  },
  changeHabit: {
    method: 'PUT',
    path: '/v1/pseudonyms/:address/habit',
    summary: 'Say which passes are taken for one of our addresses',
    ...later,
  },
  sponsor: { method: 'POST', path: '/v1/sponsorships', summary: 'Register the address of somebody else', ...later },
  policy: { method: 'POST', path: '/v1/policy', summary: 'Say what strangers must bring', ...later },
  transfer: { method: 'POST', path: '/v1/transfers', summary: 'Pay somebody', ...later },
  quote: {
    method: 'POST',
    path: '/v1/quotes',
    summary: 'What a message would cost, and why',
    takesKey: true,
    ...later,
  },
  send: {
    method: 'POST',
    path: '/v1/messages',
    summary: 'Seal, sign and submit a message, once',
    takesKey: true,
    ...later,
  },
  messages: { method: 'GET', path: '/v1/messages', summary: 'The messages in a folder', ...soon },
  summary: { method: 'GET', path: '/v1/messages/:id/summary', summary: 'One message as it is listed', ...soon },
  message: { method: 'GET', path: '/v1/messages/:id', summary: 'One message, which counts as opened then', ...later },
  raw: {
    method: 'GET',
    path: '/v1/messages/:id/raw',
    summary: 'The bytes of a message, piece by piece',
    streams: 'message/rfc822',
    ...later,
  },
  shown: { method: 'GET', path: '/v1/messages/:id/shown', summary: 'A message as people read it', ...later },
  ack: { method: 'POST', path: '/v1/messages/:id/verdict', summary: 'Say what a message was worth', ...later },
  giveBack: {
    method: 'POST',
    path: '/v1/messages/:id/giving-back',
    summary: 'Give back what a message brought us',
    ...later,
  },
  receipt: {
    method: 'GET',
    path: '/v1/messages/:id/receipt',
    summary: 'What a message cost, with the proof',
    ...soon,
  },
  contacts: { method: 'GET', path: '/v1/contacts', summary: 'People we know, and the grants between us', ...soon },
  setContact: { method: 'PUT', path: '/v1/contacts/:name', summary: 'Give an address a name', ...soon },
  removeContact: { method: 'DELETE', path: '/v1/contacts/:name', summary: 'Forget a name', ...soon },
  grant: { method: 'POST', path: '/v1/grants', summary: 'Let somebody write without paying us', ...later },
  revoke: { method: 'POST', path: '/v1/grants/revocations', summary: 'End a grant', ...later },
  reputation: {
    method: 'GET',
    path: '/v1/reputation',
    summary: 'Our one reputation, what each tier is worth, and what the daemon does about it',
    ...soon,
  },
  enroll: { method: 'POST', path: '/v1/enrolments', summary: 'Enrol our identity', ...later },
  endorse: {
    method: 'POST',
    path: '/v1/endorsements',
    summary: 'Give a part of our score to whoever sent a message',
    ...later,
  },
  stamps: { method: 'GET', path: '/v1/stamps', summary: 'The stamps that we bought', ...later },
  buyStamp: { method: 'POST', path: '/v1/stamps', summary: 'Buy a stamp', ...later },
  redeemStamp: {
    method: 'POST',
    path: '/v1/stamps/:number/redemptions',
    summary: 'Redeem a stamp to one of our addresses',
    ...later,
  },
  operation: { method: 'GET', path: '/v1/operations/:opId', summary: 'What became of an operation of ours', ...soon },
  doctor: {
    method: 'GET',
    path: '/v1/doctor',
    summary: 'Check everything stored against its hashes',
    timeoutMs: 600_000,
  },
  backup: {
    method: 'GET',
    path: '/v1/backup',
    summary: 'The whole database as it is at one moment, sealed as it lies there, for a back-up',
    streams: 'application/octet-stream',
    ...later,
  },
} as const satisfies Record<RouteName, Route>

/** The header that a key stands in, and what `Service` calls it. */
export const keyHeader = 'idempotency-key'
export const keyProperty = 'idempotencyKey'

/** Where server-sent events come from, and where the OpenAPI document is. Both need the token too. */
export const eventsPath = '/v1/events'
export const documentPath = '/v1/openapi.json'

/** The names after colons in a path. */
export const pathNames = (path: string): readonly string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!)
