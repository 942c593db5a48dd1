/** The one table of views: where each is found, what it is called, the key that leads to it, and what shows it. */
import type { VNode } from 'preact'
import { Addresses } from './views/addresses.ts'
import { Health } from './views/health.ts'
import { Inbox, Sent } from './views/mail.ts'
import { Money } from './views/money.ts'
import { Network } from './views/network.ts'
import { People } from './views/people.ts'
import { Receipt } from './views/receipt.ts'
import { Reputation } from './views/reputation.ts'
import { Write } from './views/write.ts'

type View = {
  readonly title: string
  /** What is pressed after g; empty where it is reached from elsewhere only. */
  readonly key: string
  readonly show: (props: { about: string }) => VNode
}

export const views = {
  inbox: { title: 'Inbox', key: 'i', show: Inbox },
  sent: { title: 'Sent', key: 's', show: Sent },
  write: { title: 'Write', key: 'w', show: Write },
  people: { title: 'People', key: 'p', show: People },
  addresses: { title: 'Addresses', key: 'a', show: Addresses },
  reputation: { title: 'Reputation', key: 'r', show: Reputation },
  money: { title: 'Money', key: 'm', show: Money },
  network: { title: 'Network', key: 'n', show: Network },
  state: { title: 'State', key: 't', show: Health },
  receipt: { title: 'Receipt', key: '', show: Receipt },
} as const satisfies Readonly<Record<string, View>>

export type ViewName = keyof typeof views

export const viewNames = Object.keys(views) as ViewName[]

/** The view of a route; the inbox where there is none of that name. */
export const viewNamed = (name: string): ViewName => (Object.hasOwn(views, name) ? (name as ViewName) : 'inbox')
