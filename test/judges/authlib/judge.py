"""Authlib, an OpenID Connect client that knows nothing of Microsoft, signs in at the emulator."""

import json
import os

import requests
from authlib.integrations.requests_client import OAuth2Session
from emulator_browser import (
    GRAPH_DEFAULT,
    PUBLIC_CLIENT,
    REDIRECT_URI,
    WEB_CLIENT,
    WEB_SECRET,
    approve_device,
    graph,
    pick_account,
)
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = os.environ["OIDC_ISSUER"]
METADATA = requests.get(f"{ISSUER}/.well-known/openid-configuration").json()
KEYS = KeySet.import_key_set(requests.get(METADATA["jwks_uri"]).json())


def user_of(token, client_id):
    claims = jwt.decode(token["id_token"], KEYS, algorithms=["RS256"]).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": client_id}
    ).validate(claims)
    return claims["preferred_username"]


def sign_in(client_id, secret):
    session = OAuth2Session(
        client_id,
        secret,
        scope="openid profile email offline_access",
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
    )
    verifier = "v" * 48
    url, _ = session.create_authorization_url(
        METADATA["authorization_endpoint"], code_verifier=verifier
    )
    session.fetch_token(
        METADATA["token_endpoint"],
        authorization_response=pick_account(url),
        code_verifier=verifier,
    )
    return session


def device_code():
    endpoint = METADATA["device_authorization_endpoint"]
    form = {"client_id": PUBLIC_CLIENT, "scope": "openid profile"}
    device = requests.post(endpoint, data=form).json()
    session = OAuth2Session(PUBLIC_CLIENT, token_endpoint_auth_method="none")
    approve_device(device["verification_uri"], device["user_code"])
    token = session.fetch_token(
        METADATA["token_endpoint"],
        grant_type="urn:ietf:params:oauth:grant-type:device_code",
        device_code=device["device_code"],
    )
    return user_of(token, PUBLIC_CLIENT)


web = sign_in(WEB_CLIENT, WEB_SECRET)
native = sign_in(PUBLIC_CLIENT, None)
service = OAuth2Session(WEB_CLIENT, WEB_SECRET, scope=GRAPH_DEFAULT)
service.fetch_token(METADATA["token_endpoint"], grant_type="client_credentials")
results = {
    "code": user_of(web.token, WEB_CLIENT),
    "refresh": user_of(web.refresh_token(METADATA["token_endpoint"]), WEB_CLIENT),
    "userinfo": web.get(METADATA["userinfo_endpoint"]).json()["email"],
    "publicCode": user_of(native.token, PUBLIC_CLIENT),
    "publicRefresh": user_of(native.refresh_token(METADATA["token_endpoint"]), PUBLIC_CLIENT),
    "clientCredentials": graph("/users/alice@contoso.example", service.token["access_token"])[
        "displayName"
    ],
    "deviceCode": device_code(),
}
print(json.dumps(results))
