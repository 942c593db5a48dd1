/** What the set-up of a network's proofs is worth, as people are told. */
import { ArtifactsError, folderOf, loadArtifacts } from '../proofs/artifacts.ts'
import type { Worth } from '../proofs/set-up-record.ts'
import { pathsOf } from './home.ts'
import { presets } from './presets.ts'

/** The set-up that rules name, as this home has it. */
export type SetUpView = {
  /** Hexadecimal. */
  readonly id: string
  /** In words, by its transcript; null where it is not here. */
  readonly worth: string | null
  readonly contributors: number | null
  /** Why it is not to be relied upon, and what to do; null where nothing is to be said. */
  readonly caution: string | null
}

/** What a network's file says here, as JSON values. */
type Named = { readonly rules: { readonly identity: { readonly setUp: string } } & Readonly<Record<string, unknown>> }

/** Look at the set-up that a network names: the program's own, or the one in the home. `file` is the network's, as JSON values. */
export function setUpOf(home: string, file: unknown): SetUpView {
  const { rules } = file as Named
  const id = rules.identity.setUp
  const worth = worthIn(home, id)
  const { text = null, contributors = null } = worth ?? {}
  return { id, worth: text, contributors, caution: worth && cautionOf(worth, isTestnet(rules)) }
}

function worthIn(home: string, setUp: string): Worth | null {
  try {
    return loadArtifacts({ folder: folderOf({ setUp, setUps: pathsOf(home).setUps }), setUp }).worth
  } catch (error) {
    if (error instanceof ArtifactsError) return null
    throw error
  }
}

const cautionOf = ({ isForgeable, text }: Worth, isTest: boolean): string | null =>
  isForgeable && !isTest
    ? `The proofs of this network are of a ${text}: reputation at will, and stamps up to what was paid in for them. Trust it with nothing that matters, or found a network on a set-up of your own: circuits/README.md says how, and \`bmail network new --set-up FOLDER\` takes it.`
    : null

/** Whether a network is for machines alone: its times are those of the preset `testnet`. */
const isTestnet = (rules: Named['rules']): boolean =>
  (['batchIntervalMs', 'epochMs', 'expiryMaxMs'] as const).every(
    (name) => String(rules[name]) === String(presets.testnet![name]),
  )
