/** Imported before all else: an old Node gets a sentence, instead of stopping somewhere inside with its own words. */
import { oldNodeSentence } from '../settings/node-version.ts'

const sentence = oldNodeSentence(process.versions.node)
if (sentence !== undefined) {
  process.stderr.write(
    `entrada: ${sentence}\n` +
      '  In a clone, `npm start` and `npm run entrada -- …` bring their own.\n',
  )
  process.exit(1)
}
