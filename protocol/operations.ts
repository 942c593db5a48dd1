/**
 * Every operation there is. A new one is a file under `operations/` and a line here; nothing else in this folder asks for
 * an operation by its name (CONTRIBUTING.md goes through it step by step, up to the command line).
 */
import { assert } from './assert.ts'
import type { Operation } from './operation.ts'
import { ack } from './operations/ack.ts'
import { enroll } from './operations/enroll.ts'
import { giveBack } from './operations/give-back.ts'
import { grant } from './operations/grant.ts'
import { pass } from './operations/pass.ts'
import { policy } from './operations/policy.ts'
import { register } from './operations/register.ts'
import { rekey } from './operations/rekey.ts'
import { renew } from './operations/renew.ts'
import { revoke } from './operations/revoke.ts'
import { send } from './operations/send.ts'
import { stampBuy } from './operations/stamp-buy.ts'
import { stampRedeem } from './operations/stamp-redeem.ts'
import { transfer } from './operations/transfer.ts'
import { withdraw } from './operations/withdraw.ts'

/** The rows, by the names under which programs speak of them. On the wire stands their number. */
export const operations = {
  register,
  rekey,
  policy,
  transfer,
  send,
  ack,
  grant,
  revoke,
  pass,
  enroll,
  renew,
  stampBuy,
  stampRedeem,
  giveBack,
  withdraw,
} as const

/** The name of an operation; what an operation of one name says; and an operation with its name. */
export type ActionName = keyof typeof operations
export type ActionOf<Name extends ActionName> =
  (typeof operations)[Name] extends Operation<infer Data, infer _Mail, infer _Said> ? Data : never
export type Action = { [Name in ActionName]: { TAG: Name; data: ActionOf<Name> } }[ActionName]

/** The row of an action, to be asked about the action's own data. */
export const operationOf = ({ TAG }: Pick<Action, 'TAG'>): Operation<unknown, unknown, unknown> =>
  operations[TAG] as unknown as Operation<unknown, unknown, unknown>

/** The operations by their numbers. */
const named = (() => {
  const names = new Map(Object.entries(operations).map(([name, { number }]) => [number, name as ActionName]))
  assert(names.size === Object.keys(operations).length, 'every operation has a number of its own')
  return names
})()

/** The name of the operation of a number; undefined where there is none. */
export const nameOf = (number: number): ActionName | undefined => named.get(number)
