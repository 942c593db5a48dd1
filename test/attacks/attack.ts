/** What an attack is: a file of this folder has one each, and `all.ts` lists them. */
import type { Mallory } from './mallory.ts'
import type { Stage } from './stage.ts'

export type Attack = {
  readonly name: string
  /** What is done, in a few words. */
  readonly what: string
  /** The honest daemon whose costs are told: the one that it is aimed at. */
  readonly victim: 'relay1' | 'relay2' | 'relay3' | 'bob'
  /** The limit on the victim's file descriptors, where there is one. */
  readonly descriptors?: number
  /** In the attacker's process. It says `begin` once all is ready; what comes before that is not counted. */
  strike(mallory: Mallory): Promise<void>
  /** What happens to the honest meanwhile, in the stage's own process, from the moment at which the attack begins. */
  meanwhile?(stage: Stage, options: { readonly seconds: number; readonly stopSeconds: number }): Promise<void>
}
