/** Flags of the programs that `npm run` starts, beside the command line: their help, and a sentence for what is none. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** Read the flags of this process. `--help` prints the help and ends with 0; what is no flag is refused (`refuseFlags`). */
export function flagsOf<const Config extends ParseArgsConfig>(
  help: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    console.log(help)
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    return refuseFlags((error as Error).message)
  }
}

/** Say in a sentence what is wrong with flags, and end with 2. */
export function refuseFlags(sentence: string): never {
  console.error(`${sentence}\n--help says what there is.`)
  process.exit(2)
}
