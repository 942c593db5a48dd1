/** Every attack, in the order in which they are tried. */
import type { Attack } from './attack.ts'
import { bombs } from './bombs.ts'
import { deafened, graftFlood, idFlood, manyTopics, topicFlood } from './control.ts'
import { falseLog } from './false-log.ts'
import { endlessFrames, idleTalk, muxerPings, rapidResets, unreadPings } from './frames.ts'
import { halfFrames } from './half-frames.ts'
import { lockKeyRepeats } from './lock-key-repeats.ts'
import { nonceGaps } from './nonce-gaps.ts'
import { nothing } from './nothing.ts'
import { proofFlood } from './proof-flood.ts'
import { newNames, questionFlood, slowReaders } from './questions.ts'
import { rekeySplit } from './rekey-split.ts'
import { idleSockets, silentSockets } from './sockets.ts'
import { stateRaces } from './state-races.ts'
import { stoppedHost, stoppedRelay } from './stopped.ts'
import { slowLetters } from './slow-letters.ts'
import { halfHandshakes, manyAddresses } from './strangers.ts'
import { byteASecond, smallProtocols, stalledTalks } from './trickles.ts'
import { unknownReleases } from './unknown-releases.ts'
import { widestSends } from './widest-sends.ts'
import { withheldEnvelopes } from './withheld-envelopes.ts'

export const attacks: readonly Attack[] = [
  nothing,
  rekeySplit,
  lockKeyRepeats,
  unknownReleases,
  halfFrames,
  silentSockets,
  idleSockets,
  withheldEnvelopes,
  nonceGaps,
  bombs,
  slowLetters,
  proofFlood,
  falseLog,
  widestSends,
  stoppedHost,
  endlessFrames,
  muxerPings,
  unreadPings,
  rapidResets,
  idleTalk,
  halfHandshakes,
  manyAddresses,
  questionFlood,
  slowReaders,
  newNames,
  topicFlood,
  idFlood,
  graftFlood,
  deafened,
  manyTopics,
  stateRaces,
  stoppedRelay,
  byteASecond,
  stalledTalks,
  smallProtocols,
]
