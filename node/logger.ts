/** What the node asks of a logger; pino is one. */
export interface Logger {
  debug(what: object, sentence: string): void
  info(what: object, sentence: string): void
  warn(what: object, sentence: string): void
  error(what: object, sentence: string): void
}
