/** Whether an operation comes with the envelope that it names. */
import { test } from 'tap'
import { createEnvelopes } from '../../../node/envelopes/envelopes.ts'
import { createNode } from '../../../node/peers/node.ts'
import { createSimulation } from '../../../node/simulated/simulated.ts'
import { Envelope, envelopeHash } from '../../../protocol/envelope.ts'
import { no } from '../../../protocol/reason.ts'
import {
  action,
  ada,
  bob,
  context,
  cyd,
  genesis,
  network,
  opOf,
  rules,
  sendTo,
  signedBytes,
} from '../../kit/fixtures.ts'
import { plainProofs } from '../../kit/plain-proofs.ts'
import { fitting } from '../../vectors/doorway.ts'
import { memoryDisk, memoryStore } from '../../kit/memory.ts'

test('envelopes: the one that an op names, and no other', async (t) => {
  const store = memoryStore()
  const envelopes = createEnvelopes({ store, context, follows: () => true })
  const bytes = Envelope.encode(fitting)
  const named = { envelopeHash: envelopeHash(network, bytes) }
  const opFor = (wanted: Parameters<typeof opOf>[0]['action']) => opOf({ by: ada, action: wanted })
  t.ok(envelopes.check(opFor(sendTo([bob], named)), bytes).ok)
  t.strictSame(envelopes.check(opFor(sendTo([bob])), bytes), no('envelope-mismatch'))
  t.strictSame(
    envelopes.check(opFor(action('transfer', { to: bob.address, amount: 1n })), bytes),
    no('envelope-mismatch'),
  )
  t.strictSame(envelopes.check(opFor(sendTo([bob, cyd], named)), bytes), no('envelope-malformed'))
})

test('node: a send comes with its envelope', async (t) => {
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  const node = await createNode({
    seams: {
      ...createSimulation('one node', { startMs: Number(genesis.time) }).join('one'),
      disk: memoryDisk(),
      proofs: plainProofs,
    },
    rules,
    genesis,
    logger: silent,
    shards: () => 'all',
    observer: {
      onAnswer: () => undefined,
      onSettled: () => undefined,
      onOmitted: () => undefined,
      onDiskFailure: () => undefined,
    },
  })
  t.strictSame(await node.submit(signedBytes({ by: ada, action: sendTo([bob]) })), no('envelope-missing'))
  await node.stop()
})
