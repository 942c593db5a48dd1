/** Every command there is, by its words, so that tests notice one that they do not know. */
import { Command } from 'commander'
import { commands } from '../../cli/commands.ts'

/** The commands of the table with what each has below it, by their words: “contacts grant”. */
export async function everyCommand(): Promise<string[]> {
  const words = (command: Command, before: string): string[] =>
    command.commands.length === 0
      ? [`${before}${command.name()}`]
      : command.commands.flatMap((below) => words(below, `${before}${command.name()} `))
  const all = await Promise.all(
    commands.map(async ({ name, load }) => {
      const command = new Command(name)
      ;(await load()).configure(command.helpCommand(false), () => async () => {})
      return words(command, '')
    }),
  )
  return all.flat()
}
