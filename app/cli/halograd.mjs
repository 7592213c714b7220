#!/usr/bin/env node
/**
 * The `halograd` command of a clone: TypeScript is read as it is, and `halograd/core` in a user's file means the sources, too, so that there is
 * one copy of everything. The installed package runs `dist/app/cli/bin.js` instead.
 */
import { register } from 'node:module'
import { register as readTypeScript } from 'tsx/esm/api'

const root = new URL('../../', import.meta.url).href
const hook = `export const resolve = (name, context, next) => {
  const [, folder] = /^halograd\\/(?!package\\.json)(.+)$/.exec(name) ?? []
  return next(folder === undefined ? name : ${JSON.stringify(root)} + folder + '/index.ts', context)
}`

readTypeScript({ tsconfig: false })
register(`data:text/javascript,${encodeURIComponent(hook)}`)
await import('./bin.ts')
