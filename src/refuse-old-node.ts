/** Imported before all else: an old Node gets a sentence, instead of stopping somewhere inside with its own words. */
const OLDEST = 24
const { node } = process.versions

if (Number.parseInt(node, 10) < OLDEST) {
  process.stderr.write(
    `entrada: this needs Node ${OLDEST} or later, and runs on Node ${node}\n` +
      '  In a clone, `npm start` and `npm run entrada -- …` bring their own.\n',
  )
  process.exit(1)
}
