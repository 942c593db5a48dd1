/** Every command, in the order in which help lists them. One line each; the file behind it is loaded when it is called. */
import type { CommandEntry } from './command.ts'

export const commands: readonly CommandEntry[] = [
  {
    name: 'try',
    summary: 'see what this is: a network of your own, until you stop it',
    load: () => import('./try.ts'),
  },
  { name: 'init', summary: 'make a home: keys, settings, network', load: () => import('./init.ts') },
  { name: 'up', summary: 'start the daemon in the background, and show how it is', load: () => import('./up.ts') },
  { name: 'status', summary: 'show how the daemon is, and what is wrong', load: () => import('./status.ts') },
  { name: 'down', summary: 'stop the daemon', load: () => import('./down.ts') },
  { name: 'daemon', summary: 'run the daemon in the foreground', load: () => import('./daemon.ts') },
  { name: 'whoami', summary: 'show your addresses and what they hold', load: () => import('./whoami.ts') },
  { name: 'quote', summary: 'show what a message would cost, and why', load: () => import('./quote.ts') },
  { name: 'send', summary: 'send a message', load: () => import('./send.ts') },
  { name: 'inbox', summary: 'list messages that came, or that you sent', load: () => import('./inbox.ts') },
  { name: 'read', summary: 'read a message', load: () => import('./read.ts') },
  { name: 'reply', summary: 'answer a message', load: () => import('./reply.ts') },
  { name: 'ack', summary: 'say what a message was worth to you', load: () => import('./ack.ts') },
  { name: 'give-back', summary: 'give back what a message brought you', load: () => import('./give-back.ts') },
  { name: 'receipt', summary: 'show, save or verify what a message cost', load: () => import('./receipt.ts') },
  {
    name: 'contacts',
    summary: 'name people, and let them write without paying you',
    load: () => import('./contacts.ts'),
  },
  { name: 'policy', summary: 'say what strangers must bring', load: () => import('./policy.ts') },
  { name: 'pseudonym', summary: 'make, register, sponsor and retire addresses', load: () => import('./pseudonym.ts') },
  { name: 'reputation', summary: 'show your hidden score and what it saves', load: () => import('./reputation.ts') },
  { name: 'endorse', summary: 'give a part of your score to a sender', load: () => import('./endorse.ts') },
  { name: 'stamps', summary: 'move money between pseudonyms unseen', load: () => import('./stamps.ts') },
  { name: 'transfer', summary: 'pay somebody', load: () => import('./transfer.ts') },
  { name: 'network', summary: 'show a network, or found one', load: () => import('./network.ts') },
  {
    name: 'confirm-clock',
    summary: 'say that the clock of a host is right',
    load: () => import('./confirm-clock.ts'),
  },
  { name: 'simulate', summary: 'replay a trace, and show what attacks cost', load: () => import('./simulate.ts') },
  { name: 'doctor', summary: 'check everything stored', load: () => import('./doctor.ts') },
  { name: 'testnet', summary: 'make a whole network in folders', load: () => import('./testnet.ts') },
]
