/** Of this program; a test compares it with package.json, which the one-file server does not carry along. */
export const version = '0.1.0'
