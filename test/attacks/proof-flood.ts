/** Renewals that nobody signs, each with a proof of the right form that shows nothing: to find out costs a few pairings. */
import { encodeProof } from '../../node/proofs/proof-bytes.ts'
import { fieldOf } from '../../protocol/field.ts'
import { encodeSignedOp, plainAmounts, unsigned } from '../../protocol/wire.ts'
import { nobody } from '../../protocol/words.ts'
import type { Attack } from './attack.ts'
import { comeFrom, headOf, random } from './mallory.ts'
import { pause } from './measure.ts'

const peers = 10
const each = 40

/** The generators of both groups: points that are on their curves and in their subgroups. */
const proof = encodeProof({
  pi_a: ['1', '2', '1'],
  pi_b: [
    [
      '10857046999023057135944570762232829481370756359578518086990519993285655852781',
      '11559732032986387107991004021392285783925812861821192530917403151452391805634',
    ],
    [
      '8495653923123431417604973247489272438418190587263600148770280649306958101930',
      '4082367875863433681332203403145435568316851327593401208105741076214120093531',
    ],
    ['1', '0'],
  ],
  pi_c: ['1', '2', '1'],
  protocol: 'groth16',
  curve: 'bn128',
})

export const proofFlood: Attack = {
  name: 'proof-flood',
  what: '400 renewals with well-formed proofs of nothing, from ten peers at ten addresses one after the other',
  victim: 'relay2',
  async strike(mallory) {
    const first = await mallory.peer(['relay2'])
    const { epoch } = (await headOf(first, mallory)).header
    await mallory.begin()
    for (let turn = 0; turn < peers; turn++) {
      comeFrom(`127.0.2.${turn + 1}`)
      const peer = await mallory.peer(['relay2'])
      await pause(1_500)
      for (let at = 0; at < each; at++) {
        const [nullifier, leaf] = [fieldOf(random(32)), fieldOf(random(32))]
        const data = { epoch, checkpoint: 0, nullifier, leaf, endorsement: undefined, proof }
        const action = { TAG: 'renew' as const, data }
        const op = { account: nobody, nonce: 0n, expiry: 0n, ...plainAmounts(mallory.file.rules, action), action }
        await mallory.tell(peer, mallory.topics.ops, encodeSignedOp({ op, signature: unsigned }))
      }
    }
    await pause(mallory.seconds * 1_000)
  },
}
