/** The version of this program. It is written here because the one-file server has no package.json; a test compares the two. */
export const version = '0.1.0'
