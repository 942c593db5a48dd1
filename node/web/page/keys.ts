/** Single keys that do something, wherever nobody types. They can be switched off, for whoever speaks to their machine. */
import { useEffect, useRef } from 'preact/hooks'

/** What is done on a key, by its name; `g i` is i after g. */
type Keys = Readonly<Record<string, () => void>>

const settingName = 'bmail-keys'

/** Whether keys are on. */
export const areKeysOn = (): boolean => localStorage.getItem(settingName) !== 'off'

/** Switch them on or off, for this browser. */
export const switchKeys = (isOn: boolean): void => localStorage.setItem(settingName, isOn ? 'on' : 'off')

/** How long after a g another key belongs to it. */
const pairMs = 1_500

/** What each component that is there does on keys, the one that came last in front. */
const asked: { readonly current: Keys }[] = []
let pairUntil = 0

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !areKeysOn()) return
  if ((event.target as HTMLElement).closest('input:not([type="checkbox"]), textarea, select, dialog')) return
  const name = event.timeStamp < pairUntil ? `g ${event.key}` : event.key
  pairUntil = name === 'g' ? event.timeStamp + pairMs : 0
  const keys = asked.find(({ current }) => name in current)
  if (!keys) return
  event.preventDefault()
  keys.current[name]!()
}

/** Do what belongs to keys while the component that asks is there. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    if (asked.length === 0) addEventListener('keydown', press)
    asked.unshift(latest)
    return () => {
      asked.splice(asked.indexOf(latest), 1)
      if (asked.length === 0) removeEventListener('keydown', press)
    }
  }, [])
}
