/**
 * `npm run contract`: compiles `node/evm/Custody.sol` and writes what becomes of it to `node/evm/Custody.json`, so that
 * whoever deploys or checks one needs no compiler. It stands here because no node compiles.
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, compiler, settings } from './compile.ts'

const folder = join(import.meta.dirname, '../../../node/evm')
const file = join(folder, 'Custody.json')

/** The source of the contract. */
const source = (): string => readFileSync(join(folder, 'Custody.sol'), 'utf8')

/** What is committed. */
export const committed = (): string => readFileSync(file, 'utf8')

/** What the source becomes, laid out for people. */
export function compiled(): string {
  const { abi, bytecode } = compile(source(), 'Custody')
  return `${JSON.stringify({ compiler, settings, abi, bytecode }, undefined, 2)}\n`
}

const program = process.argv[1]
if (program && realpathSync(program) === import.meta.filename) writeFileSync(file, compiled())
