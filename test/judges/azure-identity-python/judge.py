"""azure-identity for Python gets tokens of the emulator, with the variables that `entrada emulator --env` prints."""

import json
import threading
import time
import webbrowser

import requests
from azure.identity import (
    AuthorizationCodeCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    InteractiveBrowserCredential,
    OnBehalfOfCredential,
)
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
    sign_in_at_browser,
)

HERE = {"authority": AUTHORITY, "disable_instance_discovery": True}
USER_READ = "https://graph.microsoft.com/User.Read"


def me(credential, *scopes):
    return graph("/me", credential.get_token(*scopes).token)["userPrincipalName"]


def new_code(scope):
    query = {
        "client_id": WEB_CLIENT,
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": scope,
    }
    url = requests.Request("GET", f"{AUTHORITY}/{TENANT}/oauth2/v2.0/authorize", params=query)
    return answer_of(pick_account(url.prepare().url))["code"]


def code_credential(scope):
    return AuthorizationCodeCredential(
        TENANT,
        WEB_CLIENT,
        new_code(scope),
        REDIRECT_URI,
        client_secret=WEB_SECRET,
        **HERE,
    )


def open_browser(url, *_):
    # The credential waits for the redirect in this thread, so the user acts in another one.
    threading.Thread(target=lambda: sign_in_at_browser(url)).start()
    return True


webbrowser.open = open_browser
webbrowser.get = lambda *_: type("Browser", (), {"open": staticmethod(open_browser)})()

def refreshed(credential, *scopes):
    """Two hours later the access token has expired, so the credential redeems its refresh token."""
    first = credential.get_token(*scopes).token
    now = time.time
    time.time = lambda: now() + 7200
    try:
        second = credential.get_token(*scopes).token
    finally:
        time.time = now
    assert first != second
    return graph("/me", second)["userPrincipalName"]


by_code = code_credential(f"openid offline_access {USER_READ}")
results = {
    "code": me(by_code, USER_READ),
    "refresh": refreshed(by_code, USER_READ),
    "clientCredentials": graph(
        "/users/alice@contoso.example",
        EnvironmentCredential(disable_instance_discovery=True).get_token(GRAPH_DEFAULT).token,
    )["displayName"],
    "interactive": me(
        InteractiveBrowserCredential(
            tenant_id=TENANT, client_id=PUBLIC_CLIENT, timeout=60, **HERE
        ), USER_READ
    ),
    "deviceCode": me(
        DeviceCodeCredential(
            PUBLIC_CLIENT,
            tenant_id=TENANT,
            prompt_callback=lambda page, code, _: approve_device(page, code),
            **HERE,
        ),
        USER_READ,
    ),
    "onBehalfOf": me(
        OnBehalfOfCredential(
            TENANT,
            API_CLIENT,
            client_secret=API_SECRET,
            user_assertion=code_credential(API_SCOPE).get_token(API_SCOPE).token,
            **HERE,
        ),
        USER_READ,
    ),
}
print(json.dumps(results))
