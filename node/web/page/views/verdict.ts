/** What a letter was worth, said with one key; and giving back what it brought. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { Verdict } from '../../../../protocol/words.ts'
import type { Summary } from '../../../service.ts'
import { amountOf, amountText } from '../amount.ts'
import { undoMs, useAnswer, useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { useKeys } from '../keys.ts'
import { Act, AmountField, Form } from '../parts.ts'
import { verdictNames, verdicts } from '../words.ts'

/** What may still be said of a letter that came, and what was said. */
export function VerdictPanel({ message }: { message: Summary }): VNode {
  const { now, judge } = useDesk()
  const [givesBack, setGivesBack] = useState(false)
  const canBeSaid = message.verdict === null
  const canGoBack = message.amount !== '0' && message.givenBack.length === 0 && message.goesBack === null
  const isFlag = (verdict: Verdict): boolean => verdict === 'spam' || verdict === 'abuse'
  const say = (verdict: Verdict): void =>
    judge({ message, verdict, giveBack: givesBack && canGoBack && !isFlag(verdict) ? message.amount : undefined })
  const isWaiting = now.judging?.message.id === message.id
  useKeys(
    canBeSaid && !isWaiting
      ? Object.fromEntries(verdictNames.map((name) => [verdicts[name].key, () => say(name)]))
      : {},
  )
  return html`<section class="verdict" aria-label="What was it worth?"><h2>What was it worth to you?</h2>
    ${message.verdict && html`<p>You said: <strong>${verdicts[message.verdict].name}</strong>. A verdict is final.</p>`}
    ${
      canBeSaid &&
      html`<div class="verdicts">
      ${verdictNames.map(
        (
          name,
        ) => html`<button key=${name} type="button" class=${`verdict-${name}`} disabled=${isWaiting} aria-keyshortcuts=${verdicts[name].key}
        onClick=${() => say(name)}><span class="verdict-name">${verdicts[name].name}</span> <span class="aside">${verdicts[name].means}</span> <kbd aria-hidden="true">${verdicts[name].key}</kbd></button>`,
      )}</div>
      <p class="aside">It is final, and can be taken back for ${undoMs / 1_000} seconds. It moves no money.</p>
      <${Standing} own=${message.own} />
      ${canGoBack && html`<label class="check"><input type="checkbox" checked=${givesBack} onChange=${() => setGivesBack(!givesBack)} /> Give back the ${amountText(message.amount)} that it brought me, with “${verdicts.value.name}” or “${verdicts.abstain.name}”</label>`}`
    }
    ${canGoBack && message.verdict !== 'spam' && message.verdict !== 'abuse' && html`<${GiveBack} message=${message} />`}
  </section>`
}

/** A verdict weighs nothing without a pass. */
function Standing({ own }: { own: string }): VNode | null {
  const { api, say } = useDesk()
  const reputation = useAnswer((asked) => asked.reputation())
  if (!reputation || reputation.state === 'not-enrolled' || reputation.passes.some(({ address }) => address === own))
    return null
  return html`<p class="aside">Without a pass a verdict weighs nothing.
    <${Act} what="Take a pass first" doing="Asking for a pass" class="quiet" act=${async () => say((await api.takePass({ address: own })).note)} /></p>`
}

function GiveBack({ message: { id, amount } }: { message: Summary }): VNode {
  const { api, follow } = useDesk()
  return html`<details><summary>Give back another amount</summary>
    <${Form} action="Give back" doing="Giving back" onSend=${async ({ amount: given = '' }: Record<string, string>) =>
      follow('Giving back', await api.giveBack({ id, amount: amountOf(given) }))}>
      <${AmountField} name="amount" label="Amount" hint=${`up to ${amountText(amount)}, once`} isNeeded /></${Form}></details>`
}
