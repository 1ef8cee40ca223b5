/** The table of refusals: status, the sentence for the person, the remedy for the administrator. `errors.ts` is its door. */

/** What the person can do next. `other_account` asks Entra for `prompt=select_account`, or the same person comes straight back. */
export type StartAgain = 'same_account' | 'other_account' | 'none'

export type ErrorEntry = {
  readonly status: number
  readonly shown: string
  readonly fix: string
  readonly startAgain?: StartAgain
}

const attemptErrors = {
  sign_in_attempt_not_yours: {
    status: 400,
    shown:
      'This sign-in was not started in this browser, or it is no longer open. Please start again.',
    fix: 'The `state` parameter matched no sign-in attempt of this browser: another browser, cookies blocked or cleared, the address opened by hand, or a page reloaded long after. If it happens to everybody, check that people use exactly the address in ENTRADA_SERVER_URL.',
    startAgain: 'same_account',
  },
  sign_in_attempt_expired: {
    status: 400,
    shown: 'This sign-in took longer than ten minutes and has expired. Please start again.',
    fix: 'The answer came back more than ten minutes after the start. Nothing to repair unless it is frequent: then compare the clocks of the replicas.',
    startAgain: 'same_account',
  },
  attempt_already_used: {
    status: 400,
    shown: 'This sign-in was already used once. Please start again if you are not signed in.',
    fix: 'The same answer of Entra arrived twice: back button, reloaded page or a browser that loads pages ahead. Each attempt counts once.',
    startAgain: 'same_account',
  },
  sign_in_attempt_mismatch: {
    status: 400,
    shown:
      'This sign-in came back to a different address than it started from. Please start again.',
    fix: 'The callback arrived at another host or for another connection than the attempt was made for. Check the redirect URIs registered in Entra against the addresses printed at start-up.',
    startAgain: 'same_account',
  },
  authorization_response_invalid: {
    status: 400,
    shown: 'The answer from Microsoft could not be understood. Please start again.',
    fix: 'The callback carried repeated, missing or contradictory parameters (RFC 6749 §3.1, §4.1.2). The parameter is named in the log.',
    startAgain: 'same_account',
  },
} as const satisfies Record<string, ErrorEntry>

const entraErrors = {
  authorization_refused: {
    status: 403,
    shown: 'Microsoft did not complete this sign-in.',
    fix: 'Entra answered with an error instead of a code. The explanation below the code says why and who can repair it; `entrada explain` explains any AADSTS number.',
    startAgain: 'other_account',
  },
  interaction_required: {
    status: 403,
    shown: 'Microsoft needs one more step from you, such as a second factor. Please start again.',
    fix: 'Entra asked for interaction when the code was redeemed (Conditional Access, multifactor enrolment, consent). See the explanation and the Entra sign-in log.',
    startAgain: 'same_account',
  },
  code_refused: {
    status: 400,
    shown: 'This sign-in is no longer valid. Please start again.',
    fix: 'Entra refused the authorization code (`invalid_grant`): expired, used before, or redeemed with another redirect URI or verifier.',
    startAgain: 'same_account',
  },
  client_credentials_refused: {
    status: 502,
    shown:
      'Sign-in is not available right now because of a configuration problem. Please tell your administrator.',
    fix: 'Entra refused our client id or secret (`invalid_client`). Usually the secret has expired or its id was pasted in place of its value. Make a new one under App registrations > Certificates & secrets and set ENTRADA_ENTRA_CLIENT_SECRET. Operators can still get in at /login/token.',
    startAgain: 'same_account',
  },
  token_request_refused: {
    status: 502,
    shown: 'Microsoft refused to complete this sign-in. Please tell your administrator.',
    fix: 'The token endpoint answered with an error. The explanation below the code names the cause.',
    startAgain: 'same_account',
  },
  entra_unreachable: {
    status: 502,
    shown: 'Microsoft cannot be reached right now. Please try again in a moment.',
    fix: 'A request to the authority failed (DNS, TLS, connection, or a status of 500 and above). Check outgoing https from this server to ENTRADA_ENTRA_AUTHORITY.',
    startAgain: 'same_account',
  },
  entra_timeout: {
    status: 504,
    shown: 'Microsoft did not answer in time. Please try again in a moment.',
    fix: 'The authority did not answer within the time limit. If it lasts, check the network between this server and ENTRADA_ENTRA_AUTHORITY.',
    startAgain: 'same_account',
  },
  entra_answer_invalid: {
    status: 502,
    shown: 'Microsoft sent an answer that could not be read. Please try again in a moment.',
    fix: 'The authority answered with something other than the expected JSON: a proxy page, a cut answer, a redirect. The log has the endpoint and what was wrong.',
    startAgain: 'same_account',
  },
  entra_metadata_invalid: {
    status: 502,
    shown:
      'Sign-in is not available right now because of a configuration problem. Please tell your administrator.',
    fix: 'The discovery document does not belong to the configured authority: its issuer or one of its endpoints is on another origin. Check ENTRADA_ENTRA_AUTHORITY and anything that rewrites traffic on the way.',
    startAgain: 'same_account',
  },
  entra_tenant_not_found: {
    status: 502,
    shown:
      'Sign-in is not available right now because of a configuration problem. Please tell your administrator.',
    fix: 'Entra knows no directory under the configured tenant id or domain. Check ENTRADA_ENTRA_TENANT_ID (Microsoft Entra ID > Overview) and that ENTRADA_ENTRA_AUTHORITY is the right cloud.',
    startAgain: 'same_account',
  },
} as const satisfies Record<string, ErrorEntry>

const idTokenErrors = {
  id_token_missing: {
    status: 502,
    shown: 'Microsoft sent an incomplete answer. Please start again.',
    fix: 'The token response had no ID token. The application registration or something between here and Entra removes it.',
    startAgain: 'same_account',
  },
  id_token_header_invalid: {
    status: 401,
    shown: 'The answer from Microsoft could not be verified. Please start again.',
    fix: 'The ID token is not a signed RS256 token with a key id. Entra never sends such a token; look for a proxy that changes traffic.',
    startAgain: 'same_account',
  },
  id_token_key_unknown: {
    status: 401,
    shown: 'The answer from Microsoft could not be verified. Please start again.',
    fix: 'The ID token names a signing key that the authority does not publish, or one published for another issuer. If the application uses a signing key of its own (claims mapping), remove that.',
    startAgain: 'same_account',
  },
  id_token_signature_invalid: {
    status: 401,
    shown: 'The answer from Microsoft could not be verified. Please start again.',
    fix: 'The signature of the ID token does not match. Treat it as an attack until shown otherwise.',
    startAgain: 'same_account',
  },
  id_token_claim_invalid: {
    status: 401,
    shown: 'The answer from Microsoft could not be verified. Please start again.',
    fix: "A claim of the ID token is missing or wrong; the log names it. For `exp`, `nbf` and `iat` compare this server's clock; for `aud` and `tid` compare client id and tenant.",
    startAgain: 'same_account',
  },
} as const satisfies Record<string, ErrorEntry>

const decisionErrors = {
  tenant_not_allowed: {
    status: 403,
    shown: 'Your account belongs to a directory that may not sign in here.',
    fix: 'The person signed in from another Entra tenant than the connection allows. They chose the wrong account, or the tenant has to be added to the connection.',
    startAgain: 'other_account',
  },
  personal_account_not_allowed: {
    status: 403,
    shown: 'Personal Microsoft accounts may not sign in here. Please use your work account.',
    fix: 'Personal accounts have no directory of an organization behind them; they are refused unless the connection allows them.',
    startAgain: 'other_account',
  },
  guest_not_allowed: {
    status: 403,
    shown: 'Guests of this directory may not sign in here.',
    fix: 'The person is a guest (B2B) in the directory. Allow guests with ENTRADA_ENTRA_GUESTS=allow, or give them an account of their own.',
    startAgain: 'other_account',
  },
  user_not_known: {
    status: 403,
    shown: 'There is no user for your account here yet. Please ask your administrator to add you.',
    fix: 'Provisioning is "existing users only" and no user has this tenant and object id. Create one with `entrada user create --tenant TENANT --object OBJECT`.',
    startAgain: 'other_account',
  },
  provisioning_off: {
    status: 403,
    shown: 'New users are not accepted here. Please ask your administrator.',
    fix: 'Provisioning is off: nobody new gets in. Set ENTRADA_ENTRA_PROVISIONING to `create` or `existing`.',
    startAgain: 'other_account',
  },
  user_disabled: {
    status: 403,
    shown: 'Your user is disabled. Please ask your administrator.',
    fix: 'The user is disabled in Entrada. Enable it with `entrada user enable ID`.',
    startAgain: 'other_account',
  },
  membership_disabled: {
    status: 403,
    shown: 'Your access to this organization is disabled. Please ask your administrator.',
    fix: 'The membership of this user in the organization is disabled.',
    startAgain: 'other_account',
  },
  groups_not_known: {
    status: 403,
    shown:
      'Your groups could not be read, so your access cannot be decided. Please tell your administrator.',
    fix: 'The person is in more groups than fit into the ID token (overage) and the role rules need groups. In Entra, under Token configuration > groups claim, choose "Groups assigned to the application", or use app roles; or set ENTRADA_ENTRA_GROUPS_OVERAGE=keep_last.',
    startAgain: 'other_account',
  },
  no_role_matched: {
    status: 403,
    shown: 'Your account has no access here. Please ask your administrator.',
    fix: 'No role rule matched the groups and app roles of this person, and the rules file says `"unmatched": "refuse"`. The sign-in trace lists what Entra sent.',
    startAgain: 'other_account',
  },
  refused_by_application: {
    status: 403,
    shown: 'This application did not accept your sign-in. Please ask its administrator.',
    fix: "The application's own `decideSignIn` hook refused, failed or took longer than two seconds. The log has its error.",
    startAgain: 'other_account',
  },
  identity_in_use: {
    status: 409,
    shown: 'That Microsoft account already belongs to another user.',
    fix: 'An identity (cloud, tenant, object id) belongs to one user only.',
  },
} as const satisfies Record<string, ErrorEntry>

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
    fix: 'A parameter is missing, repeated or malformed; `detail` names it.',
  },
  sign_in_required: {
    status: 401,
    shown: 'Please sign in.',
    fix: 'The request carried no live session. Sign in, or send an operator token as `Authorization: Bearer`.',
    startAgain: 'same_account',
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
  cross_site_request: {
    status: 403,
    shown:
      'This form was sent from another page and was not carried out. Please go back and try again.',
    fix: 'A POST needs `Sec-Fetch-Site: same-origin` (or our exact `Origin`) and the form token of this session. A proxy that strips these headers, or an old page after a new sign-in.',
  },
  host_not_served: {
    status: 421,
    shown: 'This server does not answer under this address.',
    fix: 'The Host header names none of the configured addresses. Set ENTRADA_SERVER_URL (and ENTRADA_ENTRA_EXTRA_URLS) to the addresses people use, and let the reverse proxy pass the Host header on.',
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
  record_not_found: {
    status: 404,
    shown: 'There is no such record.',
    fix: 'The id names nothing that you may see.',
  },
  method_not_allowed: {
    status: 405,
    shown: 'This address does not take that kind of request.',
    fix: 'Use one of the methods in the `Allow` header.',
  },
  body_too_large: {
    status: 413,
    shown: 'The request is too large.',
    fix: 'Bodies are limited to 64 KB.',
  },
  content_type_not_supported: {
    status: 415,
    shown: 'This kind of content is not accepted here.',
    fix: 'Forms are sent as application/x-www-form-urlencoded, the API takes application/json.',
  },
  too_many_requests: {
    status: 429,
    shown: 'Too many tries. Please wait a moment.',
    fix: 'The limit for this address was reached; `Retry-After` says how long.',
  },
  internal_error: {
    status: 500,
    shown:
      'Something went wrong here. Please try again; if it stays, tell your administrator the code below.',
    fix: 'A defect. The log has the error under this correlation id.',
  },
  storage_unavailable: {
    status: 503,
    shown: 'This service cannot reach its database right now. Please try again in a moment.',
    fix: 'The database did not answer or refused. Nobody is let in or lost meanwhile; it recovers without a restart.',
    startAgain: 'same_account',
  },
  storage_full: {
    status: 503,
    shown: 'This service cannot store anything right now. Please tell your administrator.',
    fix: 'The disk of the database is full. Existing sessions go on working; free some space.',
  },
} as const satisfies Record<string, ErrorEntry>

const startErrors = {
  settings_invalid: {
    status: 500,
    shown: 'The settings are not complete.',
    fix: 'Every problem is listed, each with its setting. docs/reference/settings.md describes them all.',
  },
  development_mode_refused: {
    status: 500,
    shown: 'Development mode does not start here.',
    fix: 'It makes up a directory in which anybody is anybody. Use `entrada serve` with real settings, or take the named setting away.',
  },
  database_mode_mismatch: {
    status: 500,
    shown: 'This database was made for another mode.',
    fix: 'A database made by `entrada dev` is never served in production, nor the other way round. Choose another ENTRADA_DATA_DIR.',
  },
  database_too_new: {
    status: 500,
    shown: 'This database needs a newer Entrada.',
    fix: 'A later release has changed the schema beyond what this program understands. Run that release, or restore the backup made before the upgrade.',
  },
  secret_key_missing: {
    status: 500,
    shown: 'A key that this database needs is missing.',
    fix: 'Something in the database was sealed with a key that ENTRADA_SECRET_KEYS no longer lists. Put it back; remove a key only after `entrada key rotate` reports that nothing is left under it.',
  },
  sealed_value_invalid: {
    status: 500,
    shown: 'A stored secret could not be opened.',
    fix: 'The value was changed, cut, or moved from another row. Enter the secret anew.',
  },
  address_in_use: {
    status: 500,
    shown: 'The address to listen on is taken.',
    fix: 'Another program listens there. Stop it, or set ENTRADA_LISTEN (and ENTRADA_SERVER_URL) to another port.',
  },
} as const satisfies Record<string, ErrorEntry>

export const errorTable = {
  ...attemptErrors,
  ...entraErrors,
  ...idTokenErrors,
  ...decisionErrors,
  ...connectionErrors,
  ...requestErrors,
  ...startErrors,
} as const satisfies Record<string, ErrorEntry>
