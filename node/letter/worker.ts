/** The thread of `letter-reader.ts`: a message in, what is shown of it out. */
import { parentPort } from 'node:worker_threads'
import { parseLetter } from './parser.ts'

parentPort?.on('message', async (bytes: Uint8Array) => parentPort?.postMessage(await parseLetter(bytes)))
