/** Circuits with the inputs and public signals of the real ones, and next to no constraints: what is shown with them is everything around circuits. */
import { compile, type Edit } from '../../circuits/compile.ts'
import type { Parts } from '../../circuits/phase-two.ts'
import { publicSignals } from '../../node/proofs/artifacts.ts'
import { slotCount } from '../../protocol/identity.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { trees } from '../../protocol/tree.ts'
import { verdictDepth } from '../../protocol/verdict-tree.ts'

const path = `siblings[${trees.identities.depth}][3]`
const row = ['rowKey', 'rowNext', 'rowPositive', 'rowNegative', 'rowIndex'].map((name) => `${name}[${slotCount}]`)

/** What only the prover knows. */
const inputs: Readonly<Record<Circuit, readonly string[]>> = {
  pass: ['secret', 'slot', 'positive', 'negative', 'previous', 'asOf', 'index', path],
  renew: [
    ...['secret', 'positive', 'negative', 'previous', 'last', 'asOf', 'index', path, 'isSettle', 'verdictRoot'],
    ...[`historySiblings[${trees.history.depth}][3]`, ...row, `rowSiblings[${slotCount}][${verdictDepth}][3]`],
  ],
  stamp: ['stampSecret', 'index', `siblings[${trees.stamps.depth}][3]`],
}

const edit: Edit = (file, text) => {
  const circuit = /^main\/(\w+)\.circom$/.exec(file)?.[1] as Circuit | undefined
  if (!circuit) return text
  const signals = [...publicSignals[circuit], ...inputs[circuit]].map((name) => `signal input ${name};`)
  const [first] = inputs[circuit]
  return `pragma circom 2.2.0;
    template Small() { ${signals.join(' ')} signal square <== ${first} * ${first}; signal cube <== square * network; }
    component main {public [${publicSignals[circuit].join(', ')}]} = Small();`
}

/** Compile them. */
export const smallParts = async (): Promise<Parts> => ({
  pass: await compile('pass', { edit }),
  renew: await compile('renew', { edit }),
  stamp: await compile('stamp', { edit }),
})
