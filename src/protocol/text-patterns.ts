/**
 * Patterns for texts that come from outside. The parser of a text and the OpenAPI document use the same pattern, so that a client
 * can check what it sends. The patterns have no flags, no look-around and no `\p{…}`, because other languages read them too.
 */

/** An id or a slug. */
export const ID_OR_SLUG = /^[A-Za-z0-9_-]{1,64}$/
/** Words that are part of our own addresses, or that users would take for something of ours. */
export const reservedWords: readonly string[] = [
  'account',
  'admin',
  'api',
  'assets',
  'auth',
  'callback',
  'connection',
  'default',
  'deployment',
  'entra',
  'initiate',
  'login',
  'logout',
  'me',
  'new',
  'setup',
  'token',
  'verify',
]
/** A word that can be neither an id nor a slug, in any letter case. */
export const RESERVED = anyCase(reservedWords)
export const USERNAME = /^[A-Za-z0-9_-]{1,50}$/
export const ROLE_NAME = /^[A-Za-z0-9._:-]{1,64}$/
export const GUID = /^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/
/** Entra creates secrets of 40 characters, other authorities from 8. White space around a secret was copied with it. */
export const CLIENT_SECRET = /^\s*[!-~]{8,256}\s*$/

/** `*`, or a list of entity tags, none of which contains a comma. @see RFC 9110 §8.8.3 and §13.1.1 */
export const IF_MATCH = /^(?:\*|(?:W\/)?"[!#-+--~]*"(?: *, *(?:W\/)?"[!#-+--~]*")*)$/
/** Visible ASCII without a comma: a comma means that the header was sent twice. */
export const IDEMPOTENCY_KEY = /^[!-+--~]{1,255}$/

/**
 * Control characters, and characters that are invisible or change the direction of writing. U+200C and U+200D are allowed, because
 * Persian, Indic words and emoji need them.
 */
const HIDDEN =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb'
const BLANK = ' \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
/** One line of text for display, with at least one character that is not blank. */
export const DISPLAY_NAME = new RegExp(`^[${BLANK}]*[^${BLANK}${HIDDEN}][^${HIDDEN}]*$`)
/** Any text with at least one character that is not blank. */
export const NOT_BLANK = /\S/

/**
 * RFC 3339 with `T` and `Z` in upper case, for days of the years 1900 to 2999. The format `date-time` checks that the day exists.
 */
export const TIME =
  /^(?:19|2[0-9])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$/

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
/** The last part of a domain name begins with a letter, which excludes IP addresses. */
const LAST_LABEL = '[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])'
const ASCII_DOMAIN = `(?:${LABEL}\\.)+${LAST_LABEL}`
/** The domain of a directory, which Entra spells in ASCII. */
export const ASCII_DOMAIN_NAME = new RegExp(`^${ASCII_DOMAIN}$`)
/** A tenant id or a domain of the directory. */
export const TENANT = new RegExp(`${GUID.source}|${ASCII_DOMAIN_NAME.source}`)

const LOCAL_PART = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
/** No dot at the beginning or at the end, no two dots in a row, and neither quotes nor comments. */
export const EMAIL_ADDRESS = new RegExp(`^${LOCAL_PART}+(?:\\.${LOCAL_PART}+)*@${ASCII_DOMAIN}$`)

/**
 * Internationalized names may also be sent in their own script; the format `idn-hostname` checks their characters. The name may end
 * with a dot.
 */
export const DOMAIN_NAME = new RegExp(`^${ASCII_DOMAIN}\\.?$`)
export const NOT_ASCII = /[^ -~]/

const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const IPV4 = `(?:${BYTE}\\.){3}${BYTE}`
const GROUP = '[0-9A-Fa-f]{1,4}'
const IPV6 = [
  `(?:${GROUP}:){7}${GROUP}`,
  ...[1, 2, 3, 4, 5, 6].map((n) => `(?:${GROUP}:){1,${7 - n}}(?::${GROUP}){1,${n}}`),
  `(?:${GROUP}:){1,7}:`,
  `:(?:(?::${GROUP}){1,7}|:)`,
].join('|')
const HOST_LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const HOST = `(?:${HOST_LABEL}\\.)*[A-Za-z](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?`
const LOOPBACK = `(?:[A-Za-z0-9-]+\\.)*localhost|127\\.${BYTE}\\.${BYTE}\\.${BYTE}|\\[::1\\]`
const PORT =
  '(?::(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4}))?'
/** Scheme, host and port of an https address; http is allowed for this machine only. */
export const ORIGIN = new RegExp(
  `^(?:https://(?:${HOST}\\.?|${IPV4}|\\[(?:${IPV6})\\])|http://(?:${LOOPBACK}))${PORT}/?$`,
)

/** Returns a pattern for these words in any letter case, and nothing else. */
export function anyCase(words: readonly string[]): RegExp {
  const spell = (word: string) =>
    word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
  return new RegExp(`^(?:${words.map(spell).join('|')})$`)
}
