/** This module is imported first, so that an old Node prints what is needed instead of failing later with an error of its own. */
import { oldNodeSentence } from '../settings/node-version.ts'

const sentence = oldNodeSentence(process.versions.node)
if (sentence !== undefined) {
  process.stderr.write(
    `entrada: ${sentence}\n` +
      '  In a clone, `npm start` and `npm run entrada -- …` bring their own.\n',
  )
  process.exit(1)
}
