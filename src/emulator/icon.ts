/** The icon of the emulator's pages. Without one, browsers request `/favicon.ico` and log that it is missing. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#7a4b00"/><path d="M9 8h14v4H13v2h8v4h-8v2h10v4H9z" fill="#fff1d6"/></svg>`
