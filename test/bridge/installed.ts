/** The mail programs that the cases need, installed from Debian's packages where they are missing and that can be. */
import { run } from './programs.ts'

/** What is looked for, in which package it is, and how it says its version. */
const programs = {
  python3: { package: 'python3', version: '--version' },
  curl: { package: 'curl', version: '--version' },
  swaks: { package: 'swaks', version: '--version' },
  mbsync: { package: 'isync', version: '--version' },
  dovecot: { package: 'dovecot-imapd', version: '--version' },
  mutt: { package: 'mutt', version: '-v' },
  thunderbird: { package: 'thunderbird', version: '--version' },
} as const

type Program = keyof typeof programs

const isThere = async (name: Program): Promise<boolean> => (await run(name, [programs[name].version])).code === 0

/** Install what is missing; resolves to what is there then, and says what is not. */
export async function installed(): Promise<ReadonlySet<Program>> {
  const names = Object.keys(programs) as Program[]
  const missing = (await Promise.all(names.map(async (name) => ((await isThere(name)) ? [] : [name])))).flat()
  const canInstall = process.getuid?.() === 0 && (await run('apt-get', ['--version'])).code === 0
  if (missing.length > 0 && canInstall) {
    console.log(`# installing ${missing.join(', ')}`)
    await run('apt-get', ['update'])
    for (const name of missing)
      await run('apt-get', ['install', '-y', '--no-install-recommends', programs[name].package])
  }
  const found = new Set<Program>()
  for (const name of names) {
    if (!missing.includes(name) || (await isThere(name))) found.add(name)
    else console.log(`# ${name} is not here${canInstall ? '' : ', and apt-get cannot be used'}: its cases are left out`)
  }
  return found
}
