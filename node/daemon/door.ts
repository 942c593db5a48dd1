/**
 * The one door through which the command line takes from `node` what it does without asking a daemon. A row is loaded
 * when it is called, so that a command that only prints help waits for nothing.
 */
export const door = {
  /** What lies in a home, and the note by which its daemon is found. */
  home: () => import('../settings/home.ts'),
  /** Small files, read without trusting that they are small, or files. */
  files: () => import('../settings/files.ts'),
  /** Settings: flags over variables over the home's file. */
  settings: () => import('../settings/config.ts'),
  /** Who else could read what is secret. */
  modes: () => import('../settings/modes.ts'),
  /** The routes of the local API, by which it is asked. */
  routes: () => import('../api/routes.ts'),
  /** Amounts as people read and write them. */
  amounts: () => import('../amount.ts'),
  /** Moments in words. */
  dates: () => import('../dates.ts'),
  /** Names as they are kept. */
  names: () => import('../names.ts'),
  /** Addresses as people paste them. */
  pasted: () => import('../pasted.ts'),
  /** Foreign text made fit for a terminal. */
  printable: () => import('../letter/printable.ts'),
  /** Writing a message. */
  compose: () => import('../letter/compose.ts'),
  /** Taking a message apart, on a thread of its own. */
  letterReader: () => import('../letter/reader.ts'),
  /** A network's file, read, written and founded. */
  networkFile: () => import('../settings/network-file.ts'),
  /** What a network’s rules come to, in words. */
  networkWords: () => import('../network-words.ts'),
  /** The numbers that a network may begin with. */
  presets: () => import('../settings/presets.ts'),
  /** What the set-up of a network's proofs is worth. */
  setUps: () => import('../settings/set-ups.ts'),
  /** Taking a set-up of proofs from a folder. */
  setUpFiles: () => import('../proofs/set-up-files.ts'),
  /** Verifying a receipt offline. */
  receipts: () => import('../mailbox/receipts.ts'),
  /** Making a mailbox. */
  newMailbox: () => import('./new-mailbox.ts'),
  /** The keys of a host and of a keeper. */
  secrets: () => import('./secrets.ts'),
  /** The daemon itself, in this process. */
  daemon: () => import('./daemon.ts'),
  /** Looking at a home's database while no daemon holds it, and mending it. */
  repair: () => import('./repair.ts'),
  /** Copying a home, and making one of a copy. */
  backup: () => import('./backup.ts'),
  restore: () => import('./restore.ts'),
  /** A whole network in folders. */
  testnet: () => import('./testnet.ts'),
  /** Proving a renewal of nobody's, to see how long that takes. */
  rehearsal: () => import('./rehearsal.ts'),
  /** Searching homes for what ties names of one person together. */
  linkSearch: () => import('./link-search.ts'),
  /** A home's log, for whoever follows its money. */
  moneyLog: () => import('./money-log.ts'),
} as const satisfies Readonly<Record<string, () => Promise<object>>>
