/** The document of the local API that is committed is the one that a daemon serves. */
import { test } from 'tap'
import { eventsPath, routes } from '../../../node/api/routes.ts'
import { committed, served } from './openapi.ts'

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>> }

test('openapi: what is served is what is committed', async (t) => {
  t.equal(await served(), committed(), 'where it is not, run `npm run openapi`, and commit what it changes')
})

test('openapi: every route stands in it under its own name, and nothing else', async (t) => {
  const { paths } = JSON.parse(committed()) as Document
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
  )
  const expected = Object.entries(routes).map(
    ([name, { method, path }]) => `${name} ${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`,
  )
  t.strictSame(found.sort(), [...expected, `events get ${eventsPath}`].sort())
})
