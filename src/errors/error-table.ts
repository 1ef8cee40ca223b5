/** The table of errors: status, the sentence for the user, the remedy for the administrator. Other folders import it from `errors.ts`. */

import { apiErrors } from './error-table-api.ts'
import { serverErrors } from './error-table-server.ts'
import { sessionEndErrors } from './error-table-session.ts'
import { setupErrors } from './error-table-setup.ts'
import { attemptErrors, decisionErrors, entraErrors, idTokenErrors } from './error-table-sign-in.ts'
import { startErrors } from './error-table-start.ts'
import { newSecret } from './registration-facts.ts'

/** What the user can do next. `other_account` sends `prompt=select_account` to Entra, which would otherwise sign in the same account again. */
export type StartAgain = 'same_account' | 'other_account' | 'none'

export type ErrorEntry = {
  readonly status: number
  readonly shown: string
  readonly fix: string
  /** Remedies by `detail.reason`, where `fix` is less precise. */
  readonly fixByReason?: Readonly<Record<string, string>>
  /** In place of `fix` for a connection that is changed on its page, where `fix` names settings of the environment. */
  readonly fixAtConnection?: string
  /** In place of `fix` for a customer's administrator, who reads what a test of their connection found. */
  readonly fixForCustomer?: string
  readonly startAgain?: StartAgain
}

const connectionErrors = {
  entra_not_configured: {
    status: 404,
    shown: 'Sign-in with Microsoft is not set up here yet. Please tell your administrator.',
    fix: 'Set ENTRADA_ENTRA_TENANT_ID, ENTRADA_ENTRA_CLIENT_ID and ENTRADA_ENTRA_CLIENT_SECRET, and start again.',
  },
  connection_not_found: {
    status: 404,
    shown: 'There is no such sign-in here. Please check the address.',
    fix: 'No connection has this id. Compare the redirect URI registered in Entra with the one printed at start-up.',
  },
  connection_off: {
    status: 403,
    shown: 'This sign-in is switched off. Please ask your administrator.',
    fix: 'The connection is a draft or switched off.',
  },
  connection_changed: {
    status: 409,
    shown: 'This sign-in was set up anew while you were signing in. Please start again.',
    fix: 'The application or the authority of the connection was changed while the person was at Microsoft; the log names the `member`. Nothing to repair: the next sign-in uses the connection as it is now.',
    startAgain: 'same_account',
  },
  tenant_changed: {
    status: 503,
    shown:
      'Sign-in is not available right now because of a configuration problem. Please tell your administrator.',
    fix: 'The connection now names another Entra tenant than the one its users were linked from. Put the old tenant back, or use a new database for the new tenant.',
  },
} as const satisfies Record<string, ErrorEntry>

const requestErrors = {
  request_invalid: {
    status: 400,
    shown: 'This request could not be understood.',
    fix: 'Something in it is missing, repeated or malformed. The log and the API name it in `parameter`, and list all problems in `errors`.',
  },
  sign_in_required: {
    status: 401,
    shown: 'Please sign in.',
    fix: 'The request had no valid session. Sign in, or send an operator token as `Authorization: Bearer`.',
    startAgain: 'same_account',
  },
  access_denied: {
    status: 403,
    shown: 'You are not among those who may open this page.',
    fix: 'A rule of ENTRADA_ACCESS_RULES_FILE refuses this page; `rule` in the log names it. Give the person one of its roles or groups, or change the rule. `groupsUnknown`: Entra did not send all groups of this person.',
  },
  path_unclear: {
    status: 403,
    shown: 'This address is written in a way that is not accepted here.',
    fix: 'Servers interpret it differently (`//`, `..`, `;`, `%2F` and the like), so a rule by path would not be reliable. If an application needs such addresses, put rules without `path` for its host before the others.',
  },
  page_not_named: {
    status: 403,
    shown:
      'This page cannot be opened right now because of a configuration problem. Please tell your administrator.',
    fix: 'There are rules by path or method, and the reverse proxy did not send the requested page. It has to send X-Original-Method and X-Original-URI, or X-Forwarded-Method and X-Forwarded-Uri; see docs/forward-auth.md.',
  },
  forward_auth_proxy_not_trusted: {
    status: 401,
    shown:
      'This request came through a proxy that is not known here. Please tell your administrator.',
    fix: 'Headers that name the original request are accepted only from ENTRADA_TRUSTED_PROXIES. If the `address` in the log is that of your reverse proxy, add it there.',
  },
  forward_auth_request_invalid: {
    status: 400,
    shown: 'This request could not be understood.',
    fix: 'The header named in `parameter` is missing, repeated or malformed. The reverse proxy has to set it as docs/forward-auth.md describes, and to remove headers of that name that clients send.',
  },
  operator_token_invalid: {
    status: 401,
    shown: 'That operator token is not valid.',
    fix: 'Compare it with ENTRADA_OPERATOR_TOKEN, or with the file `operator-token` in the data folder.',
  },
  operator_required: {
    status: 403,
    shown: 'This page is for operators.',
    fix: 'Sign in at /login/token, or list the person in ENTRADA_OPERATORS.',
  },
  role_required: {
    status: 403,
    shown: 'You are signed in, but this page is for people with another role.',
    fix: 'The page asks for a role that this person does not hold; `roles` in the log names it. docs/groups.md explains how groups and app roles give roles.',
    startAgain: 'other_account',
  },
  cross_site_request: {
    status: 403,
    shown:
      'This form was sent from another page and was not carried out. Please go back and try again.',
    fix: 'A POST needs `Sec-Fetch-Site: same-origin` (or our exact `Origin`) and the form token of this session. Either a proxy strips these headers, or the page is older than the last sign-in. At an address of the embedding application, the page has another origin that `trustedOrigins` does not name.',
  },
  host_not_served: {
    status: 421,
    shown: 'This server does not answer under this address.',
    fix: 'The Host header names none of the configured addresses. Set ENTRADA_SERVER_URL (and ENTRADA_ENTRA_EXTRA_URLS) to the addresses people use, and let the reverse proxy pass the Host header on. An application on another host is listed in ENTRADA_APPLICATION_URLS.',
  },
  development_mode_only_local: {
    status: 403,
    shown: 'This is a development server and answers on this machine only.',
    fix: 'Development mode refuses hosts that are not loopback and requests that came through a proxy. Use `entrada serve` for anything else.',
  },
  page_not_found: {
    status: 404,
    shown: 'There is no page at this address.',
    fix: "The address is not one of Entrada's; docs/reference/addresses.md lists them all.",
  },
  webhook_without_secret: {
    status: 409,
    shown: 'This webhook has no secret to sign with.',
    fix: 'Its secret was lost with a key of the key ring. Make a new one with `entrada webhook rotate-secret`, give it to the receiver, and turn the webhook on.',
  },
  url_not_allowed: {
    status: 400,
    shown: 'This address cannot be used.',
    fix: 'Webhooks go to https addresses of the public Internet. For receivers in your own network, an operator sets ENTRADA_WEBHOOKS_PRIVATE to `allow`.',
  },
  too_many_webhooks: {
    status: 409,
    shown: 'No more webhooks are possible here.',
    fix: 'An organization has at most 20 webhooks, the deployment itself 100. Remove one that is not needed, or let one receiver pass events on.',
  },
  slug_in_use: {
    status: 409,
    shown: 'This short name is taken already.',
    fix: 'Slugs of organizations, and those of connections, are unique in the whole deployment and never change. Choose another one.',
  },
  domain_in_use: {
    status: 409,
    shown: 'This domain belongs to another organization here.',
    fix: 'A domain belongs to the organization that has proven it. It can move once its TXT record for that organization is gone from DNS; one that an operator has proven has to be removed there first.',
  },
  domain_named_already: {
    status: 409,
    shown: 'This organization has named this domain already.',
    fix: 'Nothing was changed. `entrada domain list --organization …` shows the domain with its TXT record; `entrada domain verify` looks the record up.',
  },
  domain_is_public: {
    status: 400,
    shown: 'This domain does not belong to one organization alone.',
    fix: 'Anyone can have an address in it (a mail or directory provider), so it cannot show which organization a person belongs to.',
  },
  domain_not_proven: {
    status: 409,
    shown: 'The TXT record of this domain was not found.',
    fix: 'DNS answered, but the record does not exist, or has another value. Compare its name and its whole value; a new record can take an hour to be visible everywhere.',
  },
  dns_unavailable: {
    status: 502,
    shown: 'DNS did not answer. Please try again in a moment.',
    fix: 'The name servers of the domain, or the resolver of this server, failed or took too long. The domain was not changed.',
  },
  record_in_use: {
    status: 409,
    shown: 'Something with this id exists already.',
    fix: 'Ids are never changed and never reused. Choose another one, or omit the id.',
  },
  connection_id_given_before: {
    status: 409,
    shown: 'A connection with this id was removed.',
    fix: 'Other systems may know the users of the removed connection by its id, so the id is never reused. Choose another id, or omit it.',
  },
  connection_not_tested: {
    status: 409,
    shown: 'This connection has to be tested before it can be turned on.',
    fix: 'Run a test sign-in through the connection as it is now. A changed directory, application or credential asks for another one.',
  },
  connection_is_on: {
    status: 409,
    shown: 'Directory and application cannot be changed while people sign in with them.',
    fix: 'Turn the connection off, change it, test it, and turn it on again; or create another connection. Credentials, rules and policies can be changed while it is on, and so can the directories of `allowedTenantIds`.',
  },
  connection_has_people: {
    status: 409,
    shown: 'People of another directory are linked through this connection.',
    fix: 'Their identities would belong to a directory that the connection no longer accepts. Make another connection for the new directory.',
  },
  client_secret_is_id: {
    status: 400,
    shown: "This looks like the secret's ID, not its value.",
    fix: `${newSecret('Entra, under App registrations > your application')}`,
  },
  credential_in_use: {
    status: 409,
    shown: 'This is the last credential that works.',
    fix: 'Add another one and test it first; then this one can go.',
  },
  sso_not_proven: {
    status: 409,
    shown: 'Single sign-on cannot be required yet.',
    fix: 'An administrator of the organization (role `organization_admin`) has to sign in through this connection first, and again after its directory or application was changed. The connection has to be on.',
    fixByReason: {
      connection_off: 'The connection is a draft or switched off. Turn it on first.',
      administrator_sign_in:
        'No administrator of the organization (role `organization_admin`) has signed in through this connection since its directory or application was changed last. Let one sign in at its address.',
    },
  },
  sso_not_required: {
    status: 409,
    shown: 'Single sign-on is not required for this organization.',
    fix: 'People can already sign in through every connection of the organization.',
  },
  sso_connection_needed: {
    status: 409,
    shown: 'This is the only connection through which people of the organization may sign in.',
    fix: 'Single sign-on through it is required. Stop requiring it first, or require it through another connection; then this one can be switched off.',
  },
  connection_read_only: {
    status: 409,
    shown: 'This connection is managed elsewhere and cannot be changed here.',
    fix: 'Change the connection of the environment in its settings, and a connection of a file with `entrada apply`.',
  },
  record_not_found: {
    status: 404,
    shown: 'There is no such record.',
    fix: 'No record that you may see has this id.',
  },
  method_not_allowed: {
    status: 405,
    shown: 'This address does not accept this request method.',
    fix: 'Use one of the methods in the `Allow` header.',
  },
  body_already_read: {
    status: 500,
    shown:
      'This form could not be read because of a mistake in this application. Please tell your administrator.',
    fix: 'A body parser of the application (`express.json()`, `express.urlencoded()`) ran first, and the body can be read only once. Mount Entrada before it.',
  },
  content_type_not_supported: {
    status: 415,
    shown: 'This kind of content is not accepted here.',
    fix: 'Forms are sent as application/x-www-form-urlencoded, the API takes application/json.',
  },
  clock_invalid: {
    status: 503,
    shown: 'Something is not right here at the moment. Please try again in a few minutes.',
    fix: 'The `now` option of `createEntrada` did not return a valid `Date`. Without the time no decision is possible, so every request is refused. Pass a function that returns the current `Date`, or omit the option.',
  },
  internal_error: {
    status: 500,
    shown:
      'Something went wrong here. Please try again; if it happens again, tell your administrator the code below.',
    fix: 'This is a bug in Entrada. The log has the error under this correlation id.',
  },
  storage_unavailable: {
    status: 503,
    shown: 'This service cannot reach its database right now. Please try again in a moment.',
    fix: 'The database did not answer, or refused the request. Until it answers, all sign-ins fail, and no data is lost; Entrada recovers without a restart.',
    startAgain: 'same_account',
  },
  storage_full: {
    status: 503,
    shown: 'This service cannot store anything right now. Please tell your administrator.',
    fix: 'The disk of the database is full. Existing sessions keep working; free some space.',
  },
} as const satisfies Record<string, ErrorEntry>

export const errorTable = {
  ...attemptErrors,
  ...sessionEndErrors,
  ...entraErrors,
  ...idTokenErrors,
  ...decisionErrors,
  ...connectionErrors,
  ...setupErrors,
  ...requestErrors,
  ...serverErrors,
  ...apiErrors,
  ...startErrors,
} as const satisfies Record<string, ErrorEntry>
