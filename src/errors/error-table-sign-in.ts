/** The refusals that end a sign-in; part of `error-table.ts`. */
import type { ErrorEntry } from './error-table.ts'
import { groupRemedies, idRemedies } from './registration-facts.ts'

export const attemptErrors = {
  sign_in_attempt_not_yours: {
    status: 400,
    shown:
      'This sign-in was not started in this browser, is no longer open, or the browser blocks cookies. Please start again.',
    fix: 'The `state` parameter matched no sign-in attempt of this browser: another browser, cookies blocked or cleared, the address opened by hand, or a page reloaded much later. If it happens to all users, check that they use exactly the address in ENTRADA_SERVER_URL.',
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
    shown:
      'This sign-in is being completed already, or was used before. Please start again if you are not signed in.',
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
  sign_in_loop: {
    status: 400,
    shown:
      'You were signed in several times in a row, and each time the application sent you back here. Please tell your administrator; trying again is unlikely to help.',
    fix: 'The application does not accept the sign-in that it has just got, and starts another one. Usually it looks at another host than the one people sign in at, drops the session cookie, or asks for a right that these people lack and answers with a redirect to the sign-in in place of a refusal.',
    startAgain: 'other_account',
  },
  authorization_response_invalid: {
    status: 400,
    shown: 'The answer from Microsoft could not be understood. Please start again.',
    fix: 'The callback carried repeated, missing or contradictory parameters (RFC 6749 §3.1, §4.1.2). The parameter is named in the log.',
    startAgain: 'same_account',
  },
} as const satisfies Record<string, ErrorEntry>

export const entraErrors = {
  authorization_refused: {
    status: 403,
    shown: 'Microsoft did not complete this sign-in.',
    fix: 'Entra answered with an error instead of a code. The explanation below the code names the cause and who can fix it; `entrada explain` explains any AADSTS number.',
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
    fix: 'Entra refused our client id or every credential (`invalid_client`). Usually the secret has expired or its id was pasted in place of its value; or the certificate is not uploaded. Compare App registrations > Certificates & secrets with ENTRADA_ENTRA_CLIENT_SECRET or ENTRADA_ENTRA_CLIENT_CERTIFICATE_FILE; a new one in a file is taken over without a restart. Operators can still sign in at /login/token.',
    fixAtConnection:
      'Entra refused the client id or every credential of this connection (`invalid_client`). Usually the secret has expired, or its id was pasted in place of its value. Add a new secret here, try it with a test, and retire the old one.',
    startAgain: 'same_account',
  },
  client_credential_unreadable: {
    status: 502,
    shown:
      'Sign-in is not available right now because of a configuration problem. Please tell your administrator.',
    fix: 'The token in ENTRADA_ENTRA_FEDERATED_TOKEN_FILE is missing, empty or no token, and no other credential worked. It is read at each use: once the platform writes it, sign-ins work again. Operators can still sign in at /login/token.',
    fixAtConnection:
      'The federated token of this server is missing, empty or no token, and no other credential of the connection worked.',
    startAgain: 'same_account',
  },
  token_request_refused: {
    status: 502,
    shown: 'Microsoft refused to complete this sign-in. Please tell your administrator.',
    fix: 'The token endpoint answered with an error. The explanation below the code names the cause.',
    startAgain: 'same_account',
  },
  provider_unreachable: {
    status: 502,
    shown: 'Microsoft cannot be reached right now. Please try again in a moment.',
    fix: 'A request to the authority failed (DNS, TLS, connection, or a status of 429 or of 500 and above). Check outgoing https from this server to ENTRADA_ENTRA_AUTHORITY; where a proxy is the only way out, set HTTPS_PROXY (docs/operate.md).',
    startAgain: 'same_account',
  },
  proxy_unreachable: {
    status: 502,
    shown: 'Microsoft cannot be reached right now. Please try again in a moment.',
    fix: 'The proxy that HTTPS_PROXY names did not answer, so that nothing reached the authority. The log names it in `proxy`. Check that it runs and that this machine may connect to it, or name the host in NO_PROXY.',
    startAgain: 'same_account',
  },
  proxy_refused: {
    status: 502,
    shown: 'Microsoft cannot be reached right now. Please try again in a moment.',
    fix: 'The proxy that HTTPS_PROXY names gave no connection to the authority; `status` in the log is its answer. 407: it wants a user and a password, percent-encoded in HTTPS_PROXY. 403: its rules do not allow the host. 502 to 504: it cannot reach the host either.',
    startAgain: 'same_account',
  },
  provider_timeout: {
    status: 504,
    shown: 'Microsoft did not answer in time. Please try again in a moment.',
    fix: 'The authority did not answer within the time limit. If it lasts, check the network between this server and ENTRADA_ENTRA_AUTHORITY.',
    startAgain: 'same_account',
  },
  provider_answer_invalid: {
    status: 502,
    shown: 'Microsoft sent an answer that could not be read. Please try again in a moment.',
    fix: 'The authority answered with something other than the expected JSON: a proxy page, a cut answer, a redirect. The log has the endpoint and what was wrong.',
    startAgain: 'same_account',
  },
  entra_metadata_invalid: {
    status: 502,
    shown:
      'Sign-in is not available right now because of a configuration problem. Please tell your administrator.',
    fix: 'The discovery document does not belong to the configured authority: its issuer or one of its endpoints is on another origin. Check ENTRADA_ENTRA_AUTHORITY (or the authority of the connection) and anything that rewrites traffic on the way. The authority of a directory of Entra External ID is https://NAME.ciamlogin.com; a custom domain in front of it is not supported.',
    startAgain: 'same_account',
  },
  entra_tenant_not_found: {
    status: 502,
    shown:
      'Sign-in is not available right now because of a configuration problem. Please tell your administrator.',
    fix: `Entra knows no directory under the configured tenant id or domain. ${idRemedies.directory}`,
    fixAtConnection:
      'Entra knows no directory under the tenant of this connection. Compare it with the directory id in the customer’s Entra admin center.',
    startAgain: 'same_account',
  },
} as const satisfies Record<string, ErrorEntry>

export const idTokenErrors = {
  id_token_missing: {
    status: 502,
    shown: 'Microsoft sent an incomplete answer. Please start again.',
    fix: 'The token response had no ID token. The application registration, or a proxy between this server and Entra, removes it.',
    startAgain: 'same_account',
  },
  id_token_header_invalid: {
    status: 401,
    shown: 'The answer from Microsoft could not be verified. Please start again.',
    fix: 'The ID token is not a signed RS256 token with a key id. Entra never sends such a token; look for a proxy that changes traffic.',
    startAgain: 'same_account',
  },
  signing_key_awaited: {
    status: 503,
    shown: 'Microsoft is changing the keys that it signs with. Please try again in a moment.',
    fix: 'The ID token names a signing key that the authority did not publish when Entrada last fetched its keys. Entrada fetches them again for an unknown key at most once in five seconds, and the servers of Microsoft publish a new key one after the other. This passes within minutes; if it lasts, see `id_token_key_unknown`.',
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

export const decisionErrors = {
  sso_required: {
    status: 403,
    shown: 'Your organization signs in at another address. Please use the button below.',
    fix: 'Single sign-on through another connection is required for this organization. An operator can allow the others for some hours with `entrada organization bypass`.',
    startAgain: 'same_account',
  },
  tenant_not_allowed: {
    status: 403,
    shown: 'Your account belongs to a directory that may not sign in here.',
    fix: 'The person signed in from another Entra tenant than the connection allows. They chose the wrong account, or the tenant has to be added to the connection.',
    fixForCustomer:
      'Sign in with an account of the directory that is connected; or correct the directory, if it is the wrong one.',
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
    fix: "The person is a guest (B2B) in the directory. Allow guests with ENTRADA_ENTRA_GUESTS=allow, at a customer's connection with its policy `guests`; or give them an account of their own.",
    fixAtConnection:
      'The person is a guest (B2B) in the directory. Allow guests in the policies of the connection, or give them an account of their own.',
    fixForCustomer:
      'Sign in with a member of the directory. Guests are refused here; the sender of the link can allow them.',
    startAgain: 'other_account',
  },
  email_domain_not_allowed: {
    status: 403,
    shown: 'People with your email address may not sign in here. Please use your work account.',
    fix: 'The connection takes people of some email domains only (`emailDomains` in its settings), and the first address in the token (`email`, else `preferred_username`, else `upn`) is in none of them, or is no plain address. A domain below another one has to be listed itself.',
    startAgain: 'other_account',
  },
  user_not_known: {
    status: 403,
    shown: 'There is no user for your account here yet. Please ask your administrator to add you.',
    fix: 'Provisioning is "existing users only" and no user has this tenant and object id. Create one with `entrada user create --tenant TENANT --object OBJECT`.',
    fixForCustomer:
      'Only users who were created beforehand can sign in here. The connection itself works.',
    startAgain: 'other_account',
  },
  provisioning_off: {
    status: 403,
    shown: 'New users are not accepted here. Please ask your administrator.',
    fix: 'Provisioning is off: no new user is accepted. Set ENTRADA_ENTRA_PROVISIONING to `create` or `existing`.',
    fixAtConnection:
      'The policies of the connection refuse people who sign in for the first time. Change "First sign-in" there.',
    fixForCustomer: 'New users are not accepted here at present. The connection itself works.',
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
    fix: 'The role rules need groups, and they are not known. The log has the reason: more groups than fit into the ID token (`overage`), or an error of Microsoft Graph.',
    fixAtConnection: `The person is in more groups than fit into the ID token (overage), and the rules need groups. In Entra, under ${groupRemedies.overage} Or change the policy for it.`,
    fixForCustomer: groupRemedies.overage,
    fixByReason: {
      overage: `The person is in more groups than fit into the ID token (overage) and the role rules need groups. In Entra, under ${groupRemedies.overage} Or let Entrada ask Microsoft Graph (\`ENTRADA_ENTRA_GROUPS_OVERAGE=graph\`, or the same policy of the connection).`,
      graph_unreachable:
        'Microsoft Graph did not answer in time, or answered with an error of its own. Check outgoing https from this server to the Graph host of the cloud; others are not affected, and the next try asks again. `graph_or_keep_last` lets the last known groups count meanwhile.',
      graph_host_unknown:
        'No request was sent to Microsoft Graph: the discovery document of this authority names no usable host of Graph (`msgraph_host`), and the authority is none of the clouds of Microsoft, whose hosts are known here. Let the authority publish `msgraph_host`; or take the groups from the token, with fewer groups in it or app roles.',
      graph_forbidden: `Microsoft Graph did not let this sign-in read the person’s own groups. In Entra, under App registrations > ${groupRemedies.graphForbidden}`,
      graph_throttled:
        'Microsoft Graph answered that it is asked too often (429), twice or for longer than a sign-in can wait. It passes; if it lasts, let the groups claim hold "Groups assigned to the application", so that Graph is asked less.',
      graph_answer_invalid:
        'Something other than the expected answer came from Microsoft Graph. The sign-in trace has status and code; look for a proxy on the way.',
      too_many_groups:
        'The person is in more than 10,000 groups, which are not read. Use app roles, or "Groups assigned to the application".',
    },
    startAgain: 'other_account',
  },
  groups_claim_missing: {
    status: 403,
    shown:
      'Microsoft did not send your groups, so your access cannot be decided. Please tell your administrator.',
    fix: `The role rules need groups, and Entra sent no groups claim. In Entra, under App registrations > ${groupRemedies.claimMissing} ${groupRemedies.claimNamesNone}`,
    fixAtConnection: `The rules of the connection need groups, and Entra sent no groups claim. The customer adds it in Entra: ${groupRemedies.claimMissing} ${groupRemedies.claimNamesNone}`,
    fixForCustomer: `${groupRemedies.claimMissing} ${groupRemedies.claimNamesNone}`,
    startAgain: 'other_account',
  },
  no_role_matched: {
    status: 403,
    shown: 'Your account has no access here. Please ask your administrator.',
    fix: 'No role rule matched the groups and app roles of this person, and people who match none are refused (`"unmatched": "refuse"` in the rules file, or the policy of the connection). The sign-in trace lists what Entra sent.',
    fixAtConnection:
      'No role rule of the connection matched the groups and app roles of this person, and its policies refuse people who match no rule. The steps below list what Entra sent.',
    fixForCustomer:
      'None of the groups and app roles above gives a role here. Tell the sender of the link which of them should; the connection itself works.',
    startAgain: 'other_account',
  },
  refused_by_application: {
    status: 403,
    shown: 'This application did not accept your sign-in. Please ask its administrator.',
    fix: "The application's own `decideSignIn` hook refused, failed or took longer than two seconds. The log has its error.",
    startAgain: 'other_account',
  },
  application_answer_invalid: {
    status: 403,
    shown: 'This application could not decide about your sign-in. Please ask its administrator.',
    fix: "The application's own `decideSignIn` hook returned neither `{ refuse: false }` nor `{ refuse: true, reason }`. Any other result lets no user in; the log has what was returned. A function without `return` returns `undefined`.",
    startAgain: 'other_account',
  },
  username_in_use: {
    status: 409,
    shown: 'That username is taken.',
    fix: 'Usernames are unique in an organization, ignoring letter case. Choose another.',
  },
  username_given_before: {
    status: 409,
    shown: 'That username belonged to a user who was removed.',
    fix: 'Applications may still hold data under it, so it stays reserved. Choose another, or release it: `entrada user release-username USERNAME`.',
  },
  identity_in_use: {
    status: 409,
    shown: 'That Microsoft account already belongs to another user.',
    fix: 'An identity (space, directory, subject; for Entra: cloud, tenant id, object id) belongs to one user only.',
  },
} as const satisfies Record<string, ErrorEntry>
