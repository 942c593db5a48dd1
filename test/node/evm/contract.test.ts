/** The contract that is committed is the one that its source says, and is called as `abi.ts` says. */
import { test } from 'tap'
import { custodyAbi } from '../../../node/evm/abi.ts'
import { committed, compiled } from './contract.ts'

test('contract: what is committed is what the source compiles to, byte for byte', async (t) => {
  t.equal(committed(), compiled())
})

/** An item of an interface with what callers go by, in one form. */
const called = (item: unknown): string =>
  JSON.stringify(item, ['type', 'stateMutability', 'inputs', 'outputs', 'indexed', 'name']).replaceAll(
    /,"(name":""|indexed":false)/g,
    '',
  )

test('contract: its interface is the one that is written for callers', async (t) => {
  const { abi } = JSON.parse(committed()) as { abi: unknown[] }
  t.strictSame(custodyAbi.map(called).sort(), abi.map(called).sort())
})
