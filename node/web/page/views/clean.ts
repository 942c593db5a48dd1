/** Taking out of a letter's page (HTML) what could do harm, beneath the frame that lets none of it. Loaded with the first such letter. */
import DOMPurify from 'dompurify'

/** What would be fetched as soon as a letter is looked at. */
const reaching: ReadonlySet<string> = new Set([
  'src',
  'srcset',
  'background',
  'poster',
  'data',
  'lowsrc',
  'dynsrc',
  'ping',
])
const remoteInStyle = /url\s*\(\s*(?!['"]?data:)[^)]*\)?|@import[^;]*;?|image-set\s*\([^)]*\)?/gi

/** How much in the page that is cleaned now wanted to reach somebody. The cleaner is made once: its browser takes no second. */
let blocked = 0
const withoutRemote = (style: string): string =>
  style.replace(remoteInStyle, () => {
    blocked++
    return ' none '
  })

DOMPurify.addHook('uponSanitizeElement', (node, { tagName }) => {
  if (tagName === 'style') node.textContent = withoutRemote(node.textContent ?? '')
  if (/^(link|script|iframe|frame|object|embed|base|meta)$/.test(tagName)) blocked++
})
DOMPurify.addHook('uponSanitizeAttribute', (_node, data) => {
  if (data.attrName === 'style') data.attrValue = withoutRemote(data.attrValue)
  if (!reaching.has(data.attrName) || /^\s*data:/i.test(data.attrValue)) return
  data.keepAttr = false
  blocked++
})
DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A' && node.tagName !== 'AREA') return
  const to = node.getAttribute('href') ?? ''
  if (!/^https?:/i.test(to)) return node.removeAttribute('href')
  // Where it leads is seen before it is clicked; it opens in a window of its own, which is told nothing.
  node.setAttribute('title', to)
  node.setAttribute('target', '_blank')
  node.setAttribute('rel', 'noopener noreferrer nofollow')
})

/** A page without what it could do harm with, and how much in it wanted to reach somebody. */
export function cleaned(page: string): { readonly page: string; readonly blocked: number } {
  blocked = 0
  const body = DOMPurify.sanitize(page, {
    FORCE_BODY: true,
    USE_PROFILES: { html: true },
    ADD_TAGS: ['style'],
    FORBID_TAGS: ['form', 'input', 'button', 'select', 'textarea', 'video', 'audio', 'picture', 'source', 'track'],
    ALLOW_UNKNOWN_PROTOCOLS: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|data:image\/(?:png|jpeg|gif|webp|avif);)/i,
  })
  return { page: `${beginning}${body}`, blocked }
}

/** How a letter looks that does not say how. Letters are written for white paper. */
const beginning =
  '<!doctype html><html lang="und"><meta charset="utf-8"><title>Letter</title>' +
  '<meta name="color-scheme" content="light"><style>html{background:#fff;color:#1b1b1b;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}body{margin:16px}img{max-width:100%;height:auto}</style>'
