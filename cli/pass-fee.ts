/** What a pass burns, in words: wherever passes are shown. */
import type { Reputation } from '../node/service.ts'
import { grouped } from './print.ts'

/** “10 now, and at most 20; 812 were taken in this epoch, and from 1,000 on it is twice as much”. */
export const passFeeText = ({ now, most, taken, doublesAt }: Reputation['passFee']): string =>
  `${grouped(now)} now, and at most ${grouped(most)}; ` +
  `${grouped(String(taken))} were taken in this epoch, and from ${grouped(String(doublesAt))} on it is twice as much`
