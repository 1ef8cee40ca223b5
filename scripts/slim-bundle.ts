/**
 * What keeps the start of the one file short. Node reads all of it before the first line runs, so comments of packages and files that
 * nothing uses cost time at each start, as do built-in modules that are loaded in vain.
 */
import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { type Plugin, transform } from 'esbuild'

/** Packages of many parts that are one CommonJS file each, of which the server uses these. */
const usedParts: Readonly<Record<string, readonly string[]>> = {
  'rate-limiter-flexible': ['RateLimiterMemory', 'RateLimiterRes'],
}

/**
 * Loads Node's modules by `require`. An `import` reads every member of a module, and some members load further modules: `node:http` loads
 * the whole of `fetch` for its member `WebSocket`.
 */
export const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z_/0-9]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '')
      const isBuiltin = path.startsWith('node:') || builtinModules.includes(name)
      if (kind === 'require-call' || !isBuiltin) return undefined
      return { path: name, namespace: 'builtin' }
    })
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(`node:${path}`)})`,
      loader: 'js',
    }))
  },
}

/** Takes the used parts of a package alone, instead of its index. */
export const usedPartsOnly: Plugin = {
  name: 'used-parts-only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^rate-limiter-flexible$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: 'used-parts',
      pluginData: resolveDir,
    }))
    onLoad({ filter: /.*/, namespace: 'used-parts' }, ({ path, pluginData }) => ({
      contents: (usedParts[path] ?? [])
        .map((part) => `export { default as ${part} } from '${path}/lib/${part}.js'`)
        .join('\n'),
      resolveDir: pluginData,
      loader: 'js',
    }))
  },
}

/** Removes comments, most of which esbuild keeps inside of functions and classes. */
export const withoutComments: Plugin = {
  name: 'without-comments',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const { code } = await transform(text, { minifyWhitespace: true, legalComments: 'none' })
      return { contents: code, loader: 'js' }
    })
  },
}
