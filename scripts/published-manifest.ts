import { OLDEST_NODE } from '../src/settings/node-version.ts'

/** What the build needs of a package.json. */
export type Manifest = {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly license?: string
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  /** All of them optional. */
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>
}

type Target = { readonly types: string; readonly default: string }

export type PublishedManifest = Omit<Manifest, 'exports'> & {
  readonly type: 'module'
  readonly private: true
  readonly engines: { readonly node: string }
  readonly bin: { readonly entrada: string }
  readonly exports: Readonly<Record<string, Target>>
}

/**
 * The manifest of the built package. A clone's own points at TypeScript, which Node runs there but refuses below
 * `node_modules`; this one points at what was compiled. Still private: see decisions/0009-build.md.
 */
export function publishedManifest({
  name,
  version,
  description,
  license,
  exports = {},
  dependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
}: Manifest): PublishedManifest {
  return {
    name,
    version,
    ...(description ? { description } : {}),
    ...(license ? { license } : {}),
    type: 'module',
    private: true,
    engines: { node: `>=${OLDEST_NODE}` },
    bin: { entrada: './entrada.js' },
    exports: Object.fromEntries(
      Object.entries(exports).map(([name, source]) => [name, compiled(source)]),
    ),
    dependencies,
    peerDependencies,
    peerDependenciesMeta,
  }
}

function compiled(source: string): Target {
  const path = source.replace(/^\.\/src\//, './lib/').replace(/\.ts$/, '')
  return { types: `${path}.d.ts`, default: `${path}.js` }
}
