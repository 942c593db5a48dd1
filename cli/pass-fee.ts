/** What a pass burns, in words: wherever passes are shown. */
import type { Reputation } from '../node/service.ts'
import type { Money } from './amount.ts'
import { grouped } from './print.ts'

/** “0.02 mail; 812 were taken in this epoch, and from 1,000 on it is twice as much”. */
export const passFeeText = ({ most, taken, doublesAt }: Reputation['passFee'], { shown }: Money): string =>
  `${shown(most)}; ${grouped(String(taken))} were taken in this epoch, and from ${grouped(String(doublesAt))} on it is twice as much`
