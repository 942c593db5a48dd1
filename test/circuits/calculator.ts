/**
 * Witnesses by the program that the circom compiler makes. Much like snarkjs' own, but it is loaded once for many witnesses,
 * and names the template and line at which a cheat was noticed.
 */
import { readFile } from 'node:fs/promises'
import { fieldModulus } from '../../protocol/field.ts'
import type { Inputs } from '../../node/seams.ts'

/**
 * Computes the whole witness of inputs. Throws where a demand is not met. What it gives reads the values of all wires in their
 * order, until something else is computed; most tests only want to know that there is a witness.
 */
export type Calculator = (inputs: Inputs) => () => bigint[]

type Exports = {
  init(sanityCheck: number): void
  getFieldNumLen32(): number
  getWitnessSize(): number
  getWitness(index: number): void
  getInputSize(): number
  getInputSignalSize(hashHigh: number, hashLow: number): number
  setInputSignal(hashHigh: number, hashLow: number, at: number): void
  readSharedRWMemory(at: number): number
  writeSharedRWMemory(at: number, word: number): void
  getMessageChar(): number
}

/** The part of WebAssembly that we use. The types that we compile with are those of a program without a browser. */
const { WebAssembly: machine } = globalThis as unknown as {
  WebAssembly: { instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }> }
}

/** Load the program at a path. */
export async function calculatorOf(wasmPath: string): Promise<Calculator> {
  let said: string[] = []
  const runtime = {
    exceptionHandler: (code: number) => {
      throw new Error(`${complaints[code] ?? `code ${code}`}: ${said.join(' in ')}`)
    },
    printErrorMessage: () => said.push(messageOf(exports)),
    writeBufferMessage: () => messageOf(exports),
    showSharedRWMemory: () => {},
  }
  const { instance } = await machine.instantiate(await readFile(wasmPath), { runtime })
  const exports = instance.exports as Exports
  const words = exports.getFieldNumLen32()
  return (inputs) => {
    said = []
    exports.init(1)
    let given = 0
    for (const [name, value] of Object.entries(inputs)) {
      const [high, low] = fnv(name)
      const elements = [value].flat(9) as bigint[]
      if (exports.getInputSignalSize(high, low) !== elements.length) throw new Error(`${name} has another size`)
      for (const [at, element] of elements.entries()) {
        write(exports, words, element)
        exports.setInputSignal(high, low, at)
        given++
      }
    }
    if (given !== exports.getInputSize()) throw new Error(`${given} inputs of ${exports.getInputSize()}`)
    return () =>
      Array.from({ length: exports.getWitnessSize() }, (_, wire) => {
        exports.getWitness(wire)
        return read(exports, words)
      })
  }
}

const complaints: Readonly<Record<number, string>> = { 1: 'no such signal', 3: 'set twice', 4: 'not so' }

function write(exports: Exports, words: number, element: bigint): void {
  let rest = ((element % fieldModulus) + fieldModulus) % fieldModulus
  for (let at = 0; at < words; at++, rest >>= 32n) exports.writeSharedRWMemory(at, Number(rest & 0xffffffffn))
}

function read(exports: Exports, words: number): bigint {
  let element = 0n
  for (let at = words - 1; at >= 0; at--) element = (element << 32n) | BigInt(exports.readSharedRWMemory(at) >>> 0)
  return element
}

function messageOf(exports: Exports): string {
  let message = ''
  for (let char = exports.getMessageChar(); char !== 0; char = exports.getMessageChar())
    message += String.fromCharCode(char)
  return message
}

/** FNV-1a of 64 bits, in two halves: how the program calls its inputs. */
function fnv(name: string): [high: number, low: number] {
  let hash = 0xcbf29ce484222325n
  for (const char of name) hash = BigInt.asUintN(64, (hash ^ BigInt(char.charCodeAt(0))) * 0x100000001b3n)
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)]
}
