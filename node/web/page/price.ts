/** The price of what is being written, found anew a moment after each change. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { WholeMessage } from '../../sending.ts'
import type { Quote } from '../../service.ts'
import { ApiError, type Api } from './api.ts'
import { useDesk } from './desk.ts'
import { addressesNamed } from './recipients.ts'
import type { Written } from './views/draft.ts'

/** A message that is priced. It has the draft's key, under which it is sent once, however often that is tried. */
type Priced = {
  readonly written: Written
  readonly quote: Quote
  readonly message: WholeMessage & { readonly idempotencyKey: string }
}

export type Pricing =
  | { readonly state: 'nothing' }
  | { readonly state: 'asking'; readonly before: Priced | undefined }
  | { readonly state: 'priced'; readonly priced: Priced }
  | { readonly state: 'refused'; readonly sentence: string }

/** Somebody who types is not asked after every letter. */
const calmMs = 350

/** What it costs now. Written anew whenever the draft differs. */
export function usePrice(written: Written): Pricing {
  const { api, now } = useDesk()
  const [pricing, set] = useState<Pricing>({ state: 'nothing' })
  const last = useRef<Priced | undefined>(undefined)
  const { contacts, lost } = now
  useEffect(() => {
    if (written.to.trim() === '' || isEmpty(written)) return set({ state: 'nothing' })
    let isCurrent = true
    set({ state: 'asking', before: last.current })
    const timer = setTimeout(async () => {
      try {
        const to = addressesNamed(written.to, contacts)
        const priced = await price(api, written, to)
        last.current = priced
        if (isCurrent) set({ state: 'priced', priced })
      } catch (error) {
        if (isCurrent) set({ state: 'refused', sentence: (error as Error).message })
      }
    }, calmMs)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [written, contacts, lost])
  return pricing
}

const isEmpty = ({ subject, text, attachments }: Written): boolean =>
  subject.trim() === '' && text.trim() === '' && attachments.length === 0

async function price(api: Api, written: Written, to: readonly string[]): Promise<Priced> {
  const { from, subject, text, attachments, lifetimeDays, thread, key } = written
  const sender = from === '' ? {} : { from }
  const attached = attachments.map(({ filename, mimeType, content }) => ({ filename, mimeType, content }))
  const { raw } = await api.compose({ ...sender, to, subject, text, attachments: attached, ...thread })
  const message = { ...sender, to, raw, idempotencyKey: key, ...(lifetimeDays !== undefined && { lifetimeDays }) }
  return { written, quote: await api.quote(message), message }
}

/**
 * Send what was priced, for what was shown and no more. Where the daemon no longer has what it sealed for the price, the
 * message itself goes.
 */
export async function sendPriced(
  api: Api,
  { quote, message }: Priced,
  more: { readonly answers?: string; readonly giveBack?: boolean; readonly insist?: boolean },
): ReturnType<Api['send']> {
  const given = { ...more, refuseAbove: quote.fee, idempotencyKey: message.idempotencyKey }
  try {
    return await api.send({ prepared: quote.prepared, ...given })
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'not-found') throw error
    return api.send({ ...message, ...given })
  }
}
