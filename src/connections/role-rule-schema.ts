/** The schemas of role rules: what may be sent of one, and what is shown. */
import * as v from 'valibot'
import { strictObject } from '../protocol/strict-object.ts'
import { guid, roleName, text } from './schema-parts.ts'

/** Made of a rule's match, value and role where the client sent none. */
const ruleId = text(512)

export const roleRule = v.variant('match', [
  strictObject({
    match: v.literal('group'),
    value: v.pipe(guid, v.description('Object id of the group.')),
    role: roleName,
    id: v.nullish(ruleId),
  }),
  strictObject({
    match: v.literal('app_role'),
    value: v.pipe(text(256), v.description('Value of the app role.')),
    role: roleName,
    id: v.nullish(ruleId),
  }),
])

export const shownRule = strictObject({
  id: v.string(),
  match: v.picklist(['group', 'app_role']),
  value: v.string(),
  role: v.string(),
})
