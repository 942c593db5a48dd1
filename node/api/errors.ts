/** Every no of the local API as `{ error: { code, sentence } }`, and the HTTP status that goes with it. */
import { gossipAnswers } from '../gossip-answers.ts'
import { Refusal } from '../service.ts'

/** A no that only HTTP knows. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly code: string
  constructor({ status, code, sentence }: { status: number; code: string; sentence: string }) {
    super(sentence)
    this.name = 'HttpRefusal'
    this.status = status
    this.code = code
  }
}

type Failure = {
  readonly status: number
  readonly body: { readonly error: { readonly code: string; readonly sentence: string } }
}

/** What to answer to something thrown. Status 500 means that it is our own failure, and belongs into the log. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return failure(statusOf(error.code), error.code, error.message)
  if (error instanceof HttpRefusal) return failure(error.status, error.code, error.message)
  const { code = '', statusCode = 500, message, validation } = error as FastifyFailure
  if (validation)
    return failure(
      400,
      'bad-request',
      `${formSentence(validation, message)} The form of every request is in /v1/openapi.json.`,
    )
  const known = sentences[code]
  if (known) return failure(known.status, known.code, known.sentence)
  if (statusCode >= 400 && statusCode < 500)
    return failure(statusCode, 'bad-request', `${firstUp(message).replace(/\.$/, '')}. Correct the request.`)
  return failure(500, 'failure', `The daemon failed: ${message.replace(/\.$/, '')}. Its log says more.`)
}

type FastifyFailure = {
  readonly code?: string
  readonly statusCode?: number
  readonly message: string
  readonly validation?: readonly Misfit[]
}

/** Where a request does not fit its schema, as the validator says it. */
type Misfit = {
  readonly keyword: string
  readonly instancePath: string
  readonly params: { readonly additionalProperty?: string; readonly allowedValues?: readonly unknown[] }
  readonly parentSchema?: { readonly description?: string }
}

/** What a form is told of by, where it has words of its own. */
const formKeywords: ReadonlySet<string | undefined> = new Set(['pattern', 'minItems', 'maxItems'])

/** What has not its form is told of by the words for that form: a regular expression says nothing to people. */
function formSentence([misfit]: readonly Misfit[], message: string): string {
  const { additionalProperty, allowedValues } = misfit?.params ?? {}
  if (additionalProperty !== undefined)
    return `${firstUp(message)}, and “${additionalProperty.slice(0, nameMax)}” is one.`
  if (allowedValues) return `${firstUp(message)}: ${allowedValues.join(', ')}.`
  const form = formKeywords.has(misfit?.keyword) ? misfit?.parentSchema?.description : undefined
  return form === undefined
    ? `${firstUp(message)}.`
    : `What is given as ${misfit!.instancePath.slice(1)} is not this: ${form}.`
}

/** No property that is known is longer. */
const nameMax = 100

const failure = (status: number, code: string, sentence: string): Failure => ({
  status,
  body: { error: { code, sentence } },
})

/** Of a protocol's reasons, those that gossip ignores depend on the state (409); the others are wrong in themselves (422). */
function statusOf(code: Refusal['code']): number {
  if (code in own) return own[code as keyof typeof own]
  return gossipAnswers[code as keyof typeof gossipAnswers] === 'ignore' ? 409 : 422
}

const own = {
  'not-found': 404,
  'not-ready': 503,
  'not-personal': 409,
  'bad-request': 400,
  empty: 400,
  'over-daily-limit': 409,
  unanswered: 409,
  'in-doubt': 409,
  'key-reused': 422,
  halted: 503,
  'clock-apart': 503,
  'queue-full': 503,
}

const diskSentence =
  'The disk of this daemon takes nothing, so nothing was sent or changed. Free some space, make its folder writable, or lift the limit of file size (`ulimit -f`), and ask again; `bmail status` says what is wrong.'

const sentences: Readonly<Record<string, { status: number; code: string; sentence: string }>> = {
  LEVEL_IO_ERROR: { status: 503, code: 'disk-failing', sentence: diskSentence },
  LEVEL_DATABASE_NOT_OPEN: { status: 503, code: 'disk-failing', sentence: diskSentence },
  LEVEL_CORRUPTION: {
    status: 500,
    code: 'damaged',
    sentence:
      'The database of this daemon is damaged. Stop it with `bmail down`, and run `bmail doctor --repair`: it throws nothing away.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'too-large',
    sentence: 'The request is larger than this daemon takes: a message may have 16 MiB. Send less.',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: 'bad-request', sentence: 'The body is not JSON. Send JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, code: 'bad-request', sentence: 'The body is empty. Send JSON.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'bad-request',
    sentence: 'The body is not called JSON. Send it with content-type application/json.',
  },
}

const firstUp = (sentence: string): string => `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`
