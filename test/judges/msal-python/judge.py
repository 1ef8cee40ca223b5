"""MSAL for Python signs in at the emulator in every way it has."""

import json

import msal
from emulator_browser import (
    API_CLIENT,
    API_SCOPE,
    API_SECRET,
    AUTHORITY,
    GRAPH_DEFAULT,
    PUBLIC_CLIENT,
    REDIRECT_URI,
    TENANT,
    WEB_CLIENT,
    WEB_SECRET,
    answer_of,
    approve_device,
    graph,
    pick_account,
)

TENANT_AUTHORITY = f"{AUTHORITY}/{TENANT}"


def confidential(client_id, secret):
    return msal.ConfidentialClientApplication(
        client_id, client_credential=secret, authority=TENANT_AUTHORITY, instance_discovery=False
    )


def checked(result):
    if "access_token" not in result:
        raise SystemExit(json.dumps(result))
    return result


def user_of(result):
    return checked(result)["id_token_claims"]["preferred_username"]


def sign_in(app, scopes):
    flow = app.initiate_auth_code_flow(scopes, redirect_uri=REDIRECT_URI)
    return app.acquire_token_by_auth_code_flow(flow, answer_of(pick_account(flow["auth_uri"])))


def refresh(app):
    [account] = app.get_accounts()
    return user_of(app.acquire_token_silent(["User.Read"], account, force_refresh=True))


def device_code(app):
    flow = app.initiate_device_flow(["User.Read"])
    approve_device(flow["verification_uri"], flow["user_code"])
    return user_of(app.acquire_token_by_device_flow(flow))


web = confidential(WEB_CLIENT, WEB_SECRET)
native = msal.PublicClientApplication(
    PUBLIC_CLIENT, authority=TENANT_AUTHORITY, instance_discovery=False
)
results = {
    "code": user_of(sign_in(web, ["User.Read"])),
    "refresh": refresh(web),
    "clientCredentials": graph(
        "/users/alice@contoso.example",
        checked(web.acquire_token_for_client([GRAPH_DEFAULT]))["access_token"],
    )["displayName"],
    "publicCode": user_of(sign_in(native, ["User.Read"])),
    "publicRefresh": refresh(native),
    "deviceCode": device_code(
        msal.PublicClientApplication(
            PUBLIC_CLIENT, authority=TENANT_AUTHORITY, instance_discovery=False
        )
    ),
}
for_api = checked(sign_in(web, [API_SCOPE]))["access_token"]
on_behalf = confidential(API_CLIENT, API_SECRET).acquire_token_on_behalf_of(
    for_api, ["https://graph.microsoft.com/User.Read"]
)
results["onBehalfOf"] = graph("/me", checked(on_behalf)["access_token"])["displayName"]
print(json.dumps(results))
