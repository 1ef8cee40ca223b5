/**
 * Reads environment files as systemd does, so that the command line and a unit's `EnvironmentFile=` agree on every value.
 * A shell would split `ENTRADA_BRAND_NAME=Contoso Ltd` and execute `$(…)`.
 */
import { EntradaError } from '../errors/errors.ts'
import type { CliContext } from './command.ts'

const FILE_SETTING = 'ENTRADA_ENVIRONMENT_FILE'

/**
 * Returns the context with the variables of the file that `ENTRADA_ENVIRONMENT_FILE` names. As in a unit, a variable of the
 * file replaces the same variable of the environment.
 *
 * @throws {EntradaError} `settings_invalid`
 */
export function withEnvironmentFile(context: CliContext): CliContext {
  const path = context.environment[FILE_SETTING]?.trim()
  if (!path) return context
  const variables = parseEnvironmentFile(readFile(context, path))
  return { ...context, environment: { ...context.environment, ...Object.fromEntries(variables) } }
}

function readFile({ readTextFile }: CliContext, path: string): string {
  try {
    return readTextFile(path)
  } catch (cause) {
    const problem = `${FILE_SETTING} names a file that cannot be read: ${path}`
    throw new EntradaError('settings_invalid', { problems: [problem] }, { cause })
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Returns the variables of an environment file, in order. Lines without `=` and invalid names are skipped, as systemd does.
 *
 * @see systemd.exec(5), `EnvironmentFile=`
 */
export function parseEnvironmentFile(text: string): readonly (readonly [string, string])[] {
  const variables: (readonly [string, string])[] = []
  let rest = text.replace(/\r\n?/g, '\n')
  while (rest !== '') {
    const line = /^[^\S\n]*(?:[#;][^\n]*)?(?:\n|$)/.exec(rest)
    const assignment = /^[^\S\n]*([^=\n]*?)[^\S\n]*=/.exec(rest)
    if (line !== null && line[0] !== '') {
      rest = rest.slice(line[0].length)
    } else if (assignment === null) {
      rest = rest.slice(rest.indexOf('\n') + 1 || rest.length)
    } else {
      const value = readValue(rest.slice(assignment[0].length))
      if (NAME.test(assignment[1] ?? '')) variables.push([assignment[1] ?? '', value.text])
      rest = value.rest
    }
  }
  return variables
}

type ReadValue = { readonly text: string; readonly rest: string }

/** Joins the quoted parts directly after `=`; from the first unquoted character on, the rest is a plain value. */
function readValue(from: string): ReadValue {
  let rest = from
  let text = ''
  for (;;) {
    rest = rest.replace(/^[^\S\n]+/, '')
    const quoted = rest.startsWith("'")
      ? readSingleQuoted(rest.slice(1))
      : rest.startsWith('"')
        ? readDoubleQuoted(rest.slice(1))
        : undefined
    if (quoted === undefined) break
    text += quoted.text
    rest = quoted.rest
  }
  const plain = readPlain(rest)
  return { text: text + plain.text, rest: plain.rest }
}

function readSingleQuoted(from: string): ReadValue {
  const end = from.indexOf("'")
  return end < 0
    ? { text: from, rest: '' }
    : { text: from.slice(0, end), rest: from.slice(end + 1) }
}

/** Within double quotes a backslash escapes `"`, `\`, `` ` `` and `$`, joins lines, and is an ordinary character elsewhere. */
function readDoubleQuoted(from: string): ReadValue {
  const [content = ''] = /^(?:\\[\s\S]|[^"\\])*/.exec(from) ?? []
  const text = content.replace(/\\([\s\S])/g, (pair, character: string) => {
    if (character === '\n') return ''
    return '"\\`$'.includes(character) ? character : pair
  })
  return { text, rest: from.slice(content.length + 1) }
}

/** Reads to the end of the line. A backslash escapes the next character or joins the next line; trailing spaces are dropped. */
function readPlain(from: string): ReadValue {
  const [content = ''] = /^(?:\\[\s\S]|[^\n\\])*/.exec(from) ?? []
  const [trailing = ''] = /(?<!\\)[^\S\n]*$/.exec(content) ?? []
  const kept = content.slice(0, content.length - trailing.length)
  const text = kept.replace(/\\([\s\S])/g, (_, character: string) =>
    character === '\n' ? '' : character,
  )
  return { text, rest: from.slice(content.length + 1) }
}
