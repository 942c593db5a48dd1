/** Where in the page somebody is: what stands after the # of its address. */
import { useEffect, useState } from 'preact/hooks'

/** `#/inbox/3f9a` is the view `inbox`, with `3f9a`. */
type Route = { readonly view: string; readonly about: string }

/** Where one is now, also where that is not shown yet. */
export const currentRoute = (): Route => {
  const [, view = '', about = ''] = location.hash.split('/')
  return { view, about: decodeURIComponent(about) }
}

/** The address of a view. */
export const hrefOf = (view: string, about = ''): string => `#/${view}${about && `/${encodeURIComponent(about)}`}`

/** Go to a view. */
export const go = (view: string, about = ''): void => void (location.hash = hrefOf(view, about))

/** Where one is, whenever that changes. */
export function useRoute(): Route {
  const [route, set] = useState(currentRoute())
  useEffect(() => {
    const follow = (): void => set(currentRoute())
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return route
}
