/**
 * Words that stand in operations and records, each with the number that is written and hashed for it. A number keeps its
 * meaning; which words people see for it is said where people are spoken to.
 */
import { wordIn } from './codec.ts'

/** What a reader says of a message: worth it, nothing to say, unwanted, or harmful. One byte. */
export const Verdict = wordIn({ value: 1, abstain: 2, spam: 3, abuse: 4 })
export type Verdict = 'value' | 'abstain' | 'spam' | 'abuse'

/** Who pays what a granted message still costs (its burn and the operators' share): the sender, or the granter's allowance. One byte. */
export const Payer = wordIn({ sender: 1, recipient: 2 })
export type Payer = 'sender' | 'recipient'

/** 20 zero bytes: the account of an operation that is nobody's. No key is known whose address it is. */
export const nobody = new Uint8Array(20)
