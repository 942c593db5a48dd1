/** What others call a node. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

/** The peer id (base58) of the node with this secret of 32 bytes. */
export const peerIdOf = async (seed: Uint8Array): Promise<string> =>
  peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toString()
