/** Markup in templates, without a build step: htm over preact. What stands in it is text, and never becomes markup. */
import htm from 'htm'
import { h, type VNode } from 'preact'

type Markup = (strings: TemplateStringsArray, ...values: readonly unknown[]) => VNode

/** A tree of elements; `<${Component} name=${value} />` for one of ours. Its types describe it as no browser loads it. */
export const html = (htm as unknown as { bind(create: typeof h): Markup }).bind(h)
