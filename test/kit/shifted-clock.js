/**
 * Loaded into a daemon before everything else: its clock is as far from this machine's as the file `clock-shift` beside
 * its home says (milliseconds), and follows what is written there while it runs.
 */
import { readFileSync } from 'node:fs'

const path = `${process.argv[process.argv.indexOf('--home') + 1]}.clock-shift`
const RealDate = Date
let shiftMs = 0

function look() {
  try {
    shiftMs = Number(readFileSync(path, 'utf8'))
  } catch {
    // Nobody has written it: the clock is right.
  }
}

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shiftMs)
    else super(...parts)
  }
  static now() {
    return RealDate.now() + shiftMs
  }
}
look()
setInterval(look, 100).unref()
